import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { roles } from '@karmanflow/policy';
import { controlEnvironmentOf } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { parseCommand } from '../../executor/parse-command.ts';
import { registry } from '../../registry.ts';
import {
  compareTablesWithEvents,
  createTestWorld,
  metadataFor,
  type TestTenant,
  type TestWorld,
} from '../../testing/index.ts';
import { receiptOf, wordOf } from '../../testing/stocked-world.ts';
import { claimedCommand } from './index.ts';

/** The way that these commands really take: asked for, approved, and then done. */
let world: TestWorld;
let tenant: TestTenant;
let user: Caller;
let cyd: Caller;

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  user = await tenant.signIn('user');
  cyd = await tenant.signIn('cyd');
});
afterAll(() => world.close());

function answerOf(outcome: Outcome): Record<string, string> {
  const { response } = receiptOf(outcome);
  if (!response) throw new Error(wordOf(outcome));
  return JSON.parse(Buffer.from(response).toString('utf8'));
}

/** Proposes, lets a second person approve, and gives what the command answered. */
async function approved(type: string, input: object, level: 'tenant' | 'environment'): Promise<Record<string, string>> {
  const proposed = await tenant.run(type, input, { caller: user });
  expect(wordOf(proposed)).toBe('PENDING_APPROVAL');
  const { approvalId } = answerOf(proposed);
  const vote = answerOf(await tenant.run('approval.approve', { approvalId, level }, { caller: cyd }));
  expect(vote['status']).toBe('EXECUTED');
  return vote['result'] as unknown as Record<string, string>;
}

const key = (text: string): string => text.repeat(64).slice(0, 64);

describe('a source and what it sends', () => {
  let ingestSourceId: string;
  let connector: Caller;

  beforeAll(async () => {
    const registered = await approved(
      'ingest.register_source',
      {
        code: 'web-shop',
        principalId: tenant.principals.get('connector'),
        environmentId: tenant.environments.sandbox,
        preset: 'shopify',
        secretRefs: ['secrets://one'],
      },
      'tenant',
    );
    ingestSourceId = registered['ingestSourceId'] ?? '';
    connector = {
      ...tenant.caller,
      actor: { type: 'CONNECTOR', id: tenant.principals.get('connector') ?? user.actor.id, onBehalfOf: null },
      credential: { type: 'ingest_source', id: ingestSourceId },
      scopes: new Set(roles.connector),
      riskCeiling: 'R2',
    };
  });

  const claim = (text: string) => ({
    ingestSourceId: ingestSourceId as `src_${string}`,
    messageKey: key(text),
    contentKey: key(`${text}0`),
    bodyKey: key('b'),
    messageId: `evt-${text}`,
    subject: null,
  });
  const quarantine = (text: string, reason = 'name_unknown') =>
    tenant.run(
      'ingest.quarantine_message',
      { ...claim(text), reason, storedBytes: 4, sealed: 'c2VhbGVk', outline: '{}' },
      { caller: connector, key: `quarantine-${text}-${reason}` },
    );

  test('changes its secrets and its mapping by approval, stops at once, and begins again by approval', async () => {
    const rotated = await approved('ingest.rotate_secret', { ingestSourceId, add: ['secrets://two'] }, 'tenant');
    expect(rotated['secretRefs'] as unknown).toEqual(['secrets://one', 'secrets://two']);
    const mapping = { template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } };
    expect(await approved('ingest.set_mapping', { ingestSourceId, mapping }, 'tenant')).toEqual({
      ingestSourceId,
      revision: 1 as never,
    });
    expect(wordOf(await tenant.run('ingest.pause_source', { ingestSourceId }, { caller: user }))).toBe('SUCCEEDED');
    expect(await approved('ingest.resume_source', { ingestSourceId }, 'tenant')).toMatchObject({ status: 'ACTIVE' });
  });

  test('is verified otherwise by approval, and taken less of at once; both by the version that whoever asks has seen', async () => {
    const wider = {
      ingestSourceId,
      toleranceSeconds: 600,
      settings: { registeredUrl: 'https://hooks.acme.example/in' },
    };
    const updated: unknown = await approved('ingest.update_source', wider, 'tenant');
    expect(updated).toEqual(wider);
    const slower = { ingestSourceId, limits: { messagesPerSecond: 5 } };
    const query = registry.queries.get('ingest.sources');
    if (!query) throw new Error('there is no ingest.sources');
    const scope = { tenantId: tenant.tenantId, environmentId: controlEnvironmentOf(tenant.tenantId) };
    const sourceNow = async (): Promise<Record<string, unknown>> => {
      const found = await query.run({ limit: 10 } as never, { database: world.database, registry, ...scope, scope });
      const [first] = (found as { sources: Record<string, unknown>[] }).sources;
      if (!first) throw new Error('there is no source');
      return first;
    };
    const version = Number((await sourceNow())['version']);
    const send = (expectedVersion: number) =>
      tenant.run('ingest.set_limits', slower, { caller: user, expectedVersion });
    expect(wordOf(await send(version - 1))).toBe('version_conflict');
    expect(wordOf(await send(version))).toBe('SUCCEEDED');
    expect(await sourceNow()).toMatchObject({
      toleranceSeconds: 600,
      settings: { registeredUrl: 'https://hooks.acme.example/in', limits: { messagesPerSecond: 5 } },
      version: version + 1,
    });
    expect(wordOf(await send(version + 1))).toBe('ingest_source_unchanged');
  });

  test('a message is claimed in the transaction of its command, and a second one with its id or its content is refused', async () => {
    const { variantId } = await tenant.succeed('inventory.register_variant', { sku: 'MUG-1', name: 'Mug' });
    const { locationId } = await tenant.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
    const adjust = registry.commands.get('inventory.adjust');
    if (!adjust) throw new Error('there is no inventory.adjust');
    const send = (over: object, idempotencyKey: string) => {
      const parsed = parseCommand(adjust, { variantId, locationId, delta: 5, reason: 'received' });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
      const command = claimedCommand(parsed.command, { ...claim('1'), ...over });
      return world.executor.execute(command, metadataFor(connector, { key: idempotencyKey }));
    };
    const outcomes = await Promise.all([
      send({}, 'a'),
      send({ messageKey: key('x') }, 'b'),
      send({ contentKey: key('y') }, 'c'),
      send({}, 'd'),
    ]);
    expect(outcomes.map(wordOf).toSorted()).toEqual([
      'SUCCEEDED',
      'message_claimed',
      'message_claimed',
      'message_claimed',
    ]);
    expect(wordOf(await quarantine('1'))).toBe('message_claimed');
  });

  test('is held until a second person lets it go, or one person discards it', async () => {
    const { quarantinedMessageId } = answerOf(await quarantine('2'));
    expect(wordOf(await quarantine('2', 'shape_mismatch'))).toBe('message_claimed');
    expect(wordOf(await quarantine('2', 'suspected_replay'))).toBe('SUCCEEDED');
    const released = await approved('ingest.release_message', { quarantinedMessageId }, 'environment');
    expect(released).toMatchObject({ status: 'RELEASE_REQUESTED' });
    const late = await tenant.run('ingest.discard_message', { quarantinedMessageId }, { caller: user });
    expect(wordOf(late)).toBe('quarantined_message_not_held');
    const { quarantinedMessageId: other } = answerOf(await quarantine('3'));
    const ask = (type: string, input: object = {}, caller = user) =>
      tenant.run(type, { quarantinedMessageId: other, ...input }, { caller });
    const mapping = { template: 'karmanflow' };
    // A draft that is asked for is part of what is discarded.
    expect(wordOf(await ask('ingest.try_mapping', { mapping }))).toBe('SUCCEEDED');
    expect(wordOf(await ask('ingest.try_mapping', { mapping }))).toBe('quarantined_message_not_held');
    expect(wordOf(await ask('ingest.discard_message'))).toBe('SUCCEEDED');
    expect(wordOf(await ask('ingest.try_mapping', { mapping }))).toBe('quarantined_message_not_held');
  });

  test('only a connector claims and holds, and only in its own environment', async () => {
    expect(
      wordOf(await tenant.run('ingest.claim_message', { ...claim('9'), outcome: 'UNCHANGED', commandReceiptId: null })),
    ).toBe('DENIED');
    expect(
      wordOf(
        await tenant.run(
          'ingest.claim_message',
          { ...claim('9'), outcome: 'UNCHANGED', commandReceiptId: null },
          { caller: { ...connector, environmentId: tenant.environments.production, scopes: new Set() } },
        ),
      ),
    ).toBe('DENIED');
  });

  test('the tables say what the events say', async () => {
    const { differences, rows } = await compareTablesWithEvents({ adminUrl: world.testDatabase.adminUrl });
    expect(differences).toEqual([]);
    expect(rows).toBeGreaterThan(20);
  });
});

describe('a mapping is tried', () => {
  test('on a payload that is given, by the mapping of the source or by another', async () => {
    const registered = await approved(
      'ingest.register_source',
      {
        code: 'second',
        principalId: tenant.principals.get('connector'),
        environmentId: tenant.environments.sandbox,
        preset: 'karmanflow',
        secretRefs: ['secrets://one'],
      },
      'tenant',
    );
    const query = registry.queries.get('ingest.mapping_preview');
    if (!query) throw new Error('there is no ingest.mapping_preview');
    const scope = { tenantId: tenant.tenantId, environmentId: tenant.environments.sandbox };
    const ask = (input: object, environmentId = scope.environmentId) =>
      query.run({ ingestSourceId: registered['ingestSourceId'], headers: '{}', ...input } as never, {
        database: world.database,
        registry,
        ...scope,
        environmentId,
        scope: { ...scope, environmentId },
      });
    expect(await ask({ payload: '{"type":"order.updated"}' })).toMatchObject({
      result: 'unprocessable',
      reason: 'type_unknown',
    });
    const rules = [{ when: [], command: 'reservation.commit', input: { object: { reservationId: { at: '/id' } } } }];
    const reservationId = 'rsv_00000000-0000-7000-8000-000000000001';
    expect(
      await ask({ payload: JSON.stringify({ id: reservationId }), mapping: JSON.stringify({ rules }) }),
    ).toMatchObject({
      result: 'command',
      commandType: 'reservation.commit',
      input: { reservationId },
    });
    expect(await ask({ payload: '{"id":"none"}', mapping: JSON.stringify({ rules }) })).toMatchObject({
      reason: 'input_invalid',
    });
    expect(await ask({ payload: '{}', mapping: '{"rules":[]}' })).toMatchObject({ reason: 'mapping_invalid' });
    expect(await ask({ payload: '{}' }, tenant.environments.production)).toBeNull();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { decodeEvent } from '@karmanflow/events';
import {
  formatKeySet,
  parseReceiptDocument,
  type ReceiptBody,
  receiptDocument,
  receiptHash,
  verifyReceipt,
} from '@karmanflow/receipts';
import { controlEnvironmentOf, limits, newId, type RefusalCode, toId } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type AnyCommand, defineCommand } from '../definition/command.ts';
import { execute, metadataFor, proveHistory } from '../testing/index.ts';
import {
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Caller } from './metadata.ts';
import { systemAuthority } from './system-authority.ts';
import type { Outcome } from './outcome.ts';
import { parseCommand } from './parse-command.ts';

let stocked: StockedWorld;
let level: Level;

beforeAll(async () => {
  stocked = await createStockedWorld();
  level = await stocked.stock(100);
});
afterAll(() => stocked.close());

const bodyOf = (outcome: Outcome): ReceiptBody => JSON.parse(Buffer.from(receiptOf(outcome).bytes).toString('utf8'));
const responseOf = (outcome: Outcome) => JSON.parse(Buffer.from(receiptOf(outcome).response ?? '').toString('utf8'));

describe('a receipt', () => {
  test('verifies with nothing but the published key, and is what the database keeps', async () => {
    const receipt = receiptOf(await stocked.reserve(level, 1));
    const document: unknown = JSON.parse(JSON.stringify(receiptDocument(receipt)));
    expect(parseReceiptDocument(document).ok).toBe(true);
    const { publicJwk } = stocked.world.signer;
    const keys = formatKeySet([{ publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null }]);
    expect(verifyReceipt({ document, keys })).toMatchObject({ ok: true, body: { receiptId: receipt.id } });
    const { rows } = await stocked.admin.query('select * from kf.command_receipts where id = $1', [
      receipt.id.slice(4),
    ]);
    expect(rows).toHaveLength(1);
    expect(Buffer.from(receipt.bytes).equals(rows[0].body)).toBe(true);
    expect(Buffer.from(receiptHash(receipt.bytes)).equals(rows[0].hash)).toBe(true);
    expect(rows[0]).toMatchObject({ status: 'SUCCEEDED', command_type: 'reservation.create', key_id: receipt.keyId });
  });

  test('says who did what, where, by which credential, under which policy, and when', async () => {
    const { tenant } = stocked;
    const metadata = {
      ...metadataFor(tenant.caller, { key: 'says-who' }),
      reason: 'for the test',
      causationId: 'cause-1',
    };
    const outcome = await execute(
      stocked.world.executor,
      'inventory.set_safety_stock',
      { ...level, safetyStock: 2 },
      metadata,
    );
    const body = bodyOf(outcome);
    expect(body).toMatchObject({
      tenantId: tenant.tenantId,
      environmentId: tenant.environments.sandbox,
      command: { type: 'inventory.set_safety_stock', version: 1 },
      status: 'SUCCEEDED',
      refusal: null,
      risk: 'R1',
      scope: 'inventory.level:set_safety_stock',
      actor: tenant.caller.actor,
      credential: tenant.caller.credential,
      policy: { decision: 'allow', rule: 'scope_granted', ruleSetVersion: '2' },
      approval: null,
      reason: 'for the test',
      causationId: 'cause-1',
      correlationId: metadata.correlationId,
      requestId: metadata.requestId,
      traceparent: metadata.traceparent,
      entities: [{ type: 'inventory_level', id: `${level.variantId}:${level.locationId}` }],
    });
    expect(body.requestedAt <= body.completedAt).toBe(true);
    expect(Date.parse(body.completedAt) - Date.parse(body.requestedAt)).toBeLessThan(
      limits.commandDeadlineMilliseconds,
    );
    const key = new TextEncoder().encode('says-who');
    expect(body.idempotencyKeyHash).toBe(`sha256:${Buffer.from(receiptHash(key)).toString('hex')}`);
  });

  test('names the events that its command caused, and they name it', async () => {
    const outcome = await stocked.reserve(level, 1);
    const body = bodyOf(outcome);
    const { rows } = await stocked.admin.query('select * from kf.domain_events where receipt_id = $1', [
      body.receiptId.slice(4),
    ]);
    expect(rows).toHaveLength(1);
    const event = decodeEvent(rows[0].body);
    expect(event).toMatchObject({
      eventType: 'inventory.reservation.created',
      receiptId: body.receiptId,
      occurredAt: body.completedAt,
      ordinal: 0,
      correlationId: body.correlationId,
      traceparent: body.traceparent,
    });
    expect(event.entities.map(({ type }) => type)).toEqual(['reservation', 'inventory_level']);
    expect(body.entities).toEqual(event.entities as never);
    expect(body.events.map(({ id, type }) => ({ id, type }))).toEqual([{ id: event.eventId, type: event.eventType }]);
  });

  test('of a refusal says which, has no response, and stands for no change', async () => {
    const before = await stocked.levelOf(level);
    const outcome = await stocked.reserve(level, 1_000);
    expect(bodyOf(outcome)).toMatchObject({
      status: 'REFUSED',
      refusal: { code: 'stock_insufficient', detail: { quantity: 1_000 } },
      entities: [],
      events: [],
      responseHash: null,
    });
    expect(receiptOf(outcome).response).toBeNull();
    expect(await stocked.levelOf(level)).toEqual(before);
  });

  test('of a denial names the rule and consumes no key', async () => {
    const caller: Caller = { ...stocked.tenant.caller, scopes: new Set(['inventory.level:read']) };
    const outcome = await stocked.reserve(level, 1, { caller });
    expect(bodyOf(outcome)).toMatchObject({
      status: 'DENIED',
      idempotencyKeyHash: null,
      policy: { decision: 'deny', rule: 'scope_missing' },
      entities: [],
      events: [],
    });
    const archived: Caller = { ...stocked.tenant.caller, environment: { kind: 'SANDBOX', status: 'ARCHIVED' } };
    expect(bodyOf(await stocked.reserve(level, 1, { caller: archived })).policy.rule).toBe('environment_archived');
    const low: Caller = { ...stocked.tenant.caller, riskCeiling: 'R0' };
    expect(bodyOf(await stocked.reserve(level, 1, { caller: low })).policy.rule).toBe('risk_above_ceiling');
  });

  test('of a command for the whole tenant stands in its control environment', async () => {
    const { tenant } = stocked;
    const outcome = await tenant.run('access.revoke_api_key', { apiKeyId: newId('apiKey', () => Bun.randomUUIDv7()) });
    expect(bodyOf(outcome)).toMatchObject({
      environmentId: controlEnvironmentOf(tenant.tenantId),
      refusal: { code: 'api_key_not_found' },
    });
  });
});

describe('commands of class R2', () => {
  test('leave the exact command to be approved, a receipt that says so, and no other trace', async () => {
    const { reservationId } = responseOf(await stocked.reserve(level, 2));
    const before = await stocked.levelOf(level);
    const outcome = await stocked.tenant.run('reservation.cancel', { reservationId });
    const body = bodyOf(outcome);
    expect(body).toMatchObject({ status: 'PENDING_APPROVAL', risk: 'R2', policy: { decision: 'needs_approval' } });
    expect(body.entities.map(({ type }) => type)).toEqual(['approval']);
    const { approvalId, status, expiresAt } = responseOf(outcome);
    expect(status).toBe('REQUESTED');
    expect(Date.parse(expiresAt) - Date.parse(body.completedAt)).toBe(limits.approvalTtlSeconds * 1000);
    const { rows } = await stocked.admin.query('select * from kf.approvals where id = $1', [approvalId.slice(4)]);
    expect(rows).toMatchObject([{ command_type: 'reservation.cancel', risk: 'R2', status: 'REQUESTED', version: '1' }]);
    expect(toId('principal', rows[0].requested_by)).toBe(stocked.tenant.caller.actor.id);
    expect(JSON.parse(rows[0].command_body.toString('utf8'))).toEqual({
      expectedVersion: null,
      input: { reservationId },
    });
    expect(`sha256:${rows[0].command_hash.toString('hex')}`).toBe(body.command.payloadHash);
    expect(rows[0].policy_hash).toBe(
      createHash('sha256')
        .update(`${body.policy.ruleSetHash.replace('sha256:', '')} ${body.policy.facts['tenantPolicyHash']}`)
        .digest('hex'),
    );
    expect(await stocked.levelOf(level)).toEqual(before);
    const reservation = await stocked.admin.query('select status from kf.reservations where id = $1', [
      reservationId.slice(4),
    ]);
    expect(reservation.rows).toEqual([{ status: 'ACTIVE' }]);
  });

  test('wait also when what they name does not exist: only an approved command is decided', async () => {
    const reservationId = newId('reservation', () => Bun.randomUUIDv7());
    expect(wordOf(await stocked.tenant.run('reservation.cancel', { reservationId }))).toBe('PENDING_APPROVAL');
  });

  test.each(['SERVICE', 'CONNECTOR', 'AGENT'] as const)(
    'wait for a human when a %s asks, like anyone else',
    async (type) => {
      const caller: Caller = { ...stocked.tenant.caller, actor: { ...stocked.tenant.caller.actor, type } };
      const { reservationId } = responseOf(await stocked.reserve(level, 1));
      expect(wordOf(await stocked.tenant.run('reservation.cancel', { reservationId }, { caller }))).toBe(
        'PENDING_APPROVAL',
      );
    },
  );
});

describe('the expected version', () => {
  const adjust = (expectedVersion: number, delta = 1) =>
    stocked.tenant.run('inventory.adjust', { ...level, delta, reason: 'r' }, { expectedVersion });

  test('lets the command through when it stands, and refuses it when it does not', async () => {
    const { version } = await stocked.levelOf(level);
    expect(wordOf(await adjust(version))).toBe('SUCCEEDED');
    const stale = bodyOf(await adjust(version));
    expect(stale).toMatchObject({
      status: 'REFUSED',
      refusal: { code: 'version_conflict', detail: { expectedVersion: version, version: version + 1 } },
    });
    expect(wordOf(await adjust(version + 2))).toBe('version_conflict');
  });

  test('of ten that saw the same version lets one through', async () => {
    const { version } = await stocked.levelOf(level);
    const words = (await Promise.all(Array.from({ length: 10 }, () => adjust(version)))).map(wordOf);
    expect(words.filter((word) => word === 'SUCCEEDED')).toHaveLength(1);
    expect(words.filter((word) => word === 'version_conflict')).toHaveLength(9);
  });

  test('of what does not exist is for the command to refuse', async () => {
    const reservationId = newId('reservation', () => Bun.randomUUIDv7());
    const outcome = await stocked.tenant.run('reservation.commit', { reservationId }, { expectedVersion: 3 });
    expect(wordOf(outcome)).toBe('reservation_not_found');
  });

  test('is not met by a level that was never opened', async () => {
    const unopened = await stocked.stock(0);
    const input = { ...unopened, delta: 5, reason: 'r' };
    expect(wordOf(await stocked.tenant.run('inventory.adjust', input, { expectedVersion: 3 }))).toBe(
      'version_conflict',
    );
    expect(wordOf(await stocked.tenant.run('inventory.adjust', input))).toBe('SUCCEEDED');
  });

  test('of a command without one is not passed over in silence', async () => {
    const outcome = await stocked.reserve(level, 1, { expectedVersion: 77 });
    expect(wordOf(outcome)).not.toBe('SUCCEEDED');
  });

  test('is part of the payload: another one under the same key is another command', async () => {
    const { version } = await stocked.levelOf(level);
    const input = { ...level, delta: 1, reason: 'r' };
    const first = await stocked.tenant.run('inventory.adjust', input, { key: 'versioned', expectedVersion: version });
    expect(wordOf(first)).toBe('SUCCEEDED');
    const other = await stocked.tenant.run('inventory.adjust', input, {
      key: 'versioned',
      expectedVersion: version + 1,
    });
    expect(wordOf(other)).toBe('idempotency_key_reused');
  });
});

describe('values that identify a person', () => {
  test('are in the one table that can be erased, and nowhere else in the database', async () => {
    const personName = 'Zebulon Quixote-Nachtigall';
    const tenantId = toId('tenant', Bun.randomUUIDv7());
    const platform: Caller = {
      tenantId,
      environmentId: controlEnvironmentOf(tenantId),
      environment: { kind: 'CONTROL', status: 'ACTIVE' },
      actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
      credential: null,
      ...systemAuthority('platform_bootstrap'),
    };
    const input = {
      name: 'Person & Co',
      environments: [{ name: 'sandbox', kind: 'SANDBOX' }],
      principals: [{ handle: 'person', type: 'USER', roles: ['operator'] }],
      apiKeys: [],
      ingestSources: [],
      personName,
    };
    const made = responseOf(
      await execute(stocked.world.executor, 'access.bootstrap_tenant', input, metadataFor(platform)),
    );
    // A repeat that is refused leaves none of its values either.
    expect(wordOf(await execute(stocked.world.executor, 'access.bootstrap_tenant', input, metadataFor(platform)))).toBe(
      'tenant_exists',
    );
    const { rows: columns } = await stocked.admin.query(`select table_name as t, column_name as c, data_type as d
      from information_schema.columns where table_schema = 'kf' and data_type in ('bytea', 'text', 'ARRAY', 'jsonb')`);
    expect(columns.length).toBeGreaterThan(25);
    const found: string[] = [];
    for (const { t, c, d } of columns) {
      const text = d === 'bytea' ? `encode(${c}, 'escape')` : `${c}::text`;
      for (const form of [personName, 'Quixote', Buffer.from(personName).toString('base64').slice(0, -4)]) {
        const { rowCount } = await stocked.admin.query(`select from kf.${t} where position($1 in ${text}) > 0`, [form]);
        if ((rowCount ?? 0) > 0) found.push(`${t}.${c}`);
      }
    }
    expect([...new Set(found)]).toEqual(['personal_data.value']);
    const { rows } = await stocked.admin.query(
      `select p.field, p.value, p.version, q.id from kf.personal_data p
        join kf.principals q on (q.tenant_id, q.personal_data_id) = (p.tenant_id, p.id) where p.tenant_id = $1`,
      [tenantId.slice(4)],
    );
    const all = await stocked.admin.query('select from kf.personal_data where tenant_id = $1', [tenantId.slice(4)]);
    expect(all.rowCount).toBe(1);
    expect(rows).toEqual([
      { field: 'personName', value: personName, version: '1', id: made.principals[0].id.slice(4) },
    ]);
  });

  test('are written once, also by a command that makes nothing with a name of its own', async () => {
    const note = defineCommand<{ personName?: string | undefined }, object, RefusalCode>({
      type: 'probe.note',
      version: 1,
      summary: 'For tests.',
      risk: 'R1',
      scope: 'inventory.level:adjust',
      environment: 'caller',
      input: v.strictObject({ personName: v.optional(v.string()) }),
      output: v.strictObject({}),
      refusals: [],
      personal: ['personName'],
      load: () => [],
      decide: () => accept({ events: [], response: {} }),
    });
    const executor = stocked.neighbour();
    const outcomes = await Promise.all(
      Array.from({ length: limits.decideAheadCommands * 3 }, (_, index) => {
        const parsed = parseCommand(note as unknown as AnyCommand, { personName: `Ada ${index}` });
        if (!parsed.ok) throw new Error('the probe does not parse');
        return executor.execute(parsed.command, metadataFor(stocked.tenant.caller));
      }),
    );
    expect(tally(outcomes)).toEqual({ SUCCEEDED: outcomes.length });
    const { rows } = await stocked.admin.query("select value from kf.personal_data where value like 'Ada %'");
    expect(rows.map((row) => row.value).toSorted()).toEqual(outcomes.map((_, index) => `Ada ${index}`).toSorted());
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(15);
});

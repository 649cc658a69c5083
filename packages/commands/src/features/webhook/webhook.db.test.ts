import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Database, openDatabase, scopeStatements, type Scope, toUuid } from '@karmanflow/schema';
import { Client } from 'pg';
import * as v from 'valibot';
import type { Caller } from '../../executor/metadata.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import { registry } from '../../registry.ts';
import { compareTablesWithEvents, createTestWorld, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { receiptOf, wordOf } from '../../testing/stocked-world.ts';

setDefaultTimeout(90_000);

let world: TestWorld;
let tenant: TestTenant;
let other: TestTenant;
let reading: Database;
let admin: Client;
let scope: Scope;
/** Whoever delivers: one connection of its role. */
let delivery: Client;
let dispatcher: Caller;
let subscriptionId: string;

/** What these tests look at of an answer. */
type Answer = Record<string, never> | null;

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  other = await world.createTenant('Other');
  scope = { tenantId: tenant.tenantId, environmentId: tenant.environments.sandbox };
  reading = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-webhooks' });
  admin = await world.testDatabase.admin();
  delivery = new Client({ connectionString: world.testDatabase.urlFor('kf_delivery') });
  await delivery.connect();
  dispatcher = {
    ...tenant.caller,
    actor: { type: 'SYSTEM', id: tenant.caller.actor.id, onBehalfOf: null },
    credential: null,
    ...systemAuthority('webhook_dispatcher'),
  };
  const made = await tenant.succeed('webhook.create_subscription', {
    url: 'https://hooks.acme.example/in',
    eventTypes: ['inventory.*'],
    headers: { 'x-b': '2', 'x-a': '1' },
    asymmetric: true,
  });
  subscriptionId = String(made['subscriptionId']);
  await tenant.succeed('inventory.register_variant', { sku: 'MUG', name: 'Mug' });
  await tenant.succeed('inventory.register_location', { code: 'BER', name: 'Berlin' });
  await sequence();
});
afterAll(async () => {
  await delivery.end();
  await reading.close();
  await world.close();
});

/** Gives every event its place, in the order of the transactions, as the sequencer would. */
async function sequence(): Promise<void> {
  await admin.query(`
    insert into kf.stream_events (tenant_id, environment_id, seq, event_id, event_written_in, command_receipt_id)
    select tenant_id, environment_id, row_number() over (partition by tenant_id, environment_id order by written_in, id),
      id, written_in, receipt_id from kf.domain_events e
    on conflict do nothing`);
}

async function ask(type: string, input: Record<string, string>, place: Scope = scope): Promise<Answer> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  const ctx = { ...place, scope: place, database: reading, registry };
  const answer = await query.run(v.parse(query.input, input) as never, ctx);
  if (answer !== null) v.parse(query.output, answer);
  return answer as Answer;
}

/** One transaction of the deliverer in the scope of the tenant. */
async function deliver(work: () => Promise<unknown>): Promise<void> {
  await delivery.query('BEGIN');
  try {
    for (const statement of scopeStatements(scope)) await delivery.query(statement);
    await work();
    await delivery.query('COMMIT');
  } catch (error) {
    await delivery.query('ROLLBACK');
    throw error;
  }
}

const ids = () => [toUuid(tenant.tenantId), toUuid(scope.environmentId)];

describe('a subscription in the database', () => {
  test('is what was asked for, and nothing of it is a secret', async () => {
    expect(await ask('webhook.subscription', { subscriptionId })).toMatchObject({
      url: 'https://hooks.acme.example/in',
      headers: { 'x-a': '1', 'x-b': '2' },
      asymmetric: true,
      state: 'ENABLED',
      secretVersion: 1,
      startMode: 'FROM_NOW',
      health: 'HEALTHY',
      progress: null,
    } as never);
    const { rows } = await admin.query('select * from kf.webhook_subscriptions');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('whsec');
    const [event] = (
      await admin.query('select id from kf.domain_events where type = $1', ['webhook.subscription.created'])
    ).rows;
    expect(rows[0]).toMatchObject({ headers: '{"x-a":"1","x-b":"2"}', start_event_id: event.id });
  });

  test('goes through its life, each step once and on its version', async () => {
    const made = await tenant.succeed('webhook.create_subscription', {
      url: 'https://a.example.com/',
      eventTypes: ['*'],
    });
    const about = { subscriptionId: made['subscriptionId'] };
    const stale = await tenant.run(
      'webhook.update_subscription',
      { ...about, description: 'x' },
      { expectedVersion: 7 },
    );
    expect(wordOf(stale)).toBe('version_conflict');
    await tenant.succeed(
      'webhook.update_subscription',
      { ...about, eventTypes: ['a.*', 'b.c.d'] },
      { expectedVersion: 1 },
    );
    await tenant.succeed('webhook.pause_subscription', about);
    await tenant.succeed('webhook.resume_subscription', { ...about, from: 'LATEST_PER_ENTITY' });
    await tenant.succeed('webhook.rotate_secret', about);
    await tenant.succeed('webhook.send_test', about);
    const [one, two] = await Promise.all([1, 2].map(() => tenant.run('webhook.pause_subscription', about)));
    expect([one, two].map((outcome) => wordOf(outcome as never)).toSorted()).toEqual([
      'SUCCEEDED',
      'webhook_subscription_paused',
    ]);
    expect(wordOf(await tenant.run('webhook.delete_subscription', about))).toBe('PENDING_APPROVAL');
    expect(await ask('webhook.subscription', { subscriptionId: String(about.subscriptionId) })).toMatchObject({
      state: 'PAUSED',
      eventTypes: ['a.*', 'b.c.d'],
      generation: 2,
      secretVersion: 2,
      retiringVersion: 1,
      healthReason: 'resumed_by_operator',
      version: 6,
    } as never);
  });

  test('is not there for another tenant, nor in another environment', async () => {
    const production = { ...scope, environmentId: tenant.environments.production };
    const stranger = { tenantId: other.tenantId, environmentId: other.environments.sandbox };
    for (const place of [production, stranger]) {
      expect(await ask('webhook.subscription', { subscriptionId }, place)).toBeNull();
      expect(await ask('webhook.delivery_counts', { subscriptionId }, place)).toBeNull();
      expect(await ask('webhook.recovery_preview', { subscriptionId }, place)).toBeNull();
      expect(await ask('webhook.subscriptions', {}, place)).toEqual({ subscriptions: [], next: null } as never);
    }
    expect(wordOf(await other.run('webhook.pause_subscription', { subscriptionId }))).toBe(
      'webhook_subscription_not_found',
    );
  });

  test('where events go is not for agents and connectors to say', async () => {
    for (const type of ['AGENT', 'CONNECTOR'] as const) {
      const caller: Caller = { ...tenant.caller, actor: { ...tenant.caller.actor, type } };
      const asked = { url: 'https://a.example.com/', eventTypes: ['*'] };
      expect(wordOf(await tenant.run('webhook.create_subscription', asked, { caller }))).toBe('DENIED');
      expect(wordOf(await tenant.run('webhook.rotate_secret', { subscriptionId }, { caller }))).toBe('DENIED');
    }
  });
});

describe('whoever delivers', () => {
  const deliveryId = Bun.randomUUIDv7();

  test('sees across tenants that there is something to do, and nothing else', async () => {
    await other.succeed('webhook.create_subscription', { url: 'https://b.example.com/', eventTypes: ['*'] });
    const roster = await delivery.query('select tenant_id, version from kf.webhook_roster');
    expect(new Set(roster.rows.map(({ tenant_id }) => tenant_id))).toEqual(
      new Set([tenant, other].map(({ tenantId }) => toUuid(tenantId))),
    );
    const heads = await delivery.query('select tenant_id, max(seq) from kf.stream_events group by tenant_id');
    expect(heads.rowCount).toBeGreaterThanOrEqual(1);
    for (const table of [
      'webhook_subscriptions',
      'webhook_health',
      'webhook_deliveries',
      'webhook_recoveries',
      'domain_events',
    ]) {
      expect([table, (await delivery.query(`select from kf.${table}`)).rowCount]).toEqual([table, 0]);
    }
    for (const table of ['variants', 'tenants', 'command_receipts', 'personal_data', 'api_keys']) {
      await expect(delivery.query(`select from kf.${table}`)).rejects.toThrow('permission denied');
    }
  });

  test('keeps its place, its deliveries and their attempts, and decides nothing', async () => {
    const subscription = subscriptionId.slice(4);
    await deliver(async () => {
      const { rows } = await delivery.query('select id, written_in::text, type from kf.domain_events where type = $1', [
        'inventory.variant.registered',
      ]);
      const [event] = rows;
      await delivery.query(
        `insert into kf.webhook_cursors (tenant_id, environment_id, subscription_id, roster_version, generation, health_epoch,
           admitted_seq, next_ordinal, follows, health, health_since)
         values ($1, $2, $3, 1, 1, 1, 2, 2, true, 'DEGRADED', now())`,
        [...ids(), subscription],
      );
      await delivery.query(
        `insert into kf.webhook_health (tenant_id, environment_id, subscription_id, reason, consecutive_failures, evidence)
         values ($1, $2, $3, 'consecutive_failures', 3, $4)`,
        [...ids(), subscription, JSON.stringify({ status: 'degraded' })],
      );
      const row = [...ids(), deliveryId, subscription, event?.id, event?.written_in];
      const insert = `insert into kf.webhook_deliveries (tenant_id, environment_id, id, subscription_id, origin_id, generation,
          seq, event_id, event_written_in, event_type, entity_type, entity_id, ordinal, order_keys, predecessors, is_probe,
          lane, state, attempts, charged_attempts, admitted_at)
        values ($1, $2, $3, $4, $4, 1, 2, $5, $6, 'inventory.variant.registered', 'variant', 'var_1', 1, '{}', '{}', false,
          'FIRST', 'WAITING', 0, 0, now())`;
      await delivery.query(insert, row);
      await delivery.query('SAVEPOINT twice');
      await expect(delivery.query(insert, row.with(2, Bun.randomUUIDv7()))).rejects.toThrow('duplicate key');
      await delivery.query('ROLLBACK TO twice');
      await delivery.query("update kf.webhook_deliveries set state = 'EXHAUSTED', attempts = 1, ended_at = now()");
      await delivery.query(
        `insert into kf.webhook_attempts (tenant_id, environment_id, delivery_id, attempt, started_at, total_milliseconds,
           is_probe, outcome, failure_code, phases, response_truncated, request_digest, traceparent, health_after)
         values ($1, $2, $3, 1, now(), 12, false, 'FAILED', 'timed_out', '{"connect": 3}', false, $4, '00-a-b-01', 'DEGRADED')`,
        [...ids(), deliveryId, Buffer.alloc(32, 7)],
      );
    });
    for (const forbidden of [
      'update kf.webhook_attempts set attempt = 2',
      "update kf.webhook_deliveries set event_type = 'x'",
      "update kf.webhook_subscriptions set url = 'https://evil.example/'",
      'update kf.webhook_roster set version = 9',
    ]) {
      await expect(deliver(() => delivery.query(forbidden))).rejects.toThrow('permission denied');
    }
    // History that is young is out of its reach as well.
    await deliver(async () => {
      for (const table of ['webhook_attempts', 'webhook_deliveries']) {
        expect([table, (await delivery.query(`delete from kf.${table}`)).rowCount]).toEqual([table, 0]);
      }
    });
  });

  test('has one sent again that is there, of the subscription that it belongs to', async () => {
    const replay = (input: object) => tenant.run('webhook.replay_delivery', { subscriptionId, ...input });
    expect(wordOf(await replay({ deliveryId: `whd_${Bun.randomUUIDv7()}` }))).toBe('webhook_delivery_not_found');
    const another = await tenant.succeed('webhook.create_subscription', {
      url: 'https://c.example.com/',
      eventTypes: ['*'],
    });
    const elsewhere = { subscriptionId: another['subscriptionId'], deliveryId: `whd_${deliveryId}` };
    expect(wordOf(await replay(elsewhere))).toBe('webhook_delivery_not_found');
    const started = await tenant.succeed('webhook.replay_delivery', {
      subscriptionId,
      deliveryId: `whd_${deliveryId}`,
    });
    const { recoveries } =
      (await ask('webhook.recoveries', { subscriptionId, recoveryId: String(started['recoveryId']) })) ?? {};
    expect(recoveries).toMatchObject([
      { kind: 'REPLAY', deliveryId: `whd_${deliveryId}`, fromSeq: null, expectedCount: 1, status: 'RUNNING' },
    ] as never);
  });

  test('is asked what became of it', async () => {
    const deliveries = await ask('webhook.deliveries', { subscriptionId, state: 'EXHAUSTED' });
    expect(deliveries).toMatchObject({
      deliveries: [
        { deliveryId: `whd_${deliveryId}`, ordinal: 1, recoveryId: null, eventType: 'inventory.variant.registered' },
      ],
      next: null,
    } as never);
    expect(await ask('webhook.deliveries', { subscriptionId, state: 'DELIVERED' })).toMatchObject({
      deliveries: [],
    } as never);
    const [{ event_id: eventId }] = (await admin.query('select event_id from kf.webhook_deliveries')).rows;
    const byEvent = await ask('webhook.deliveries', { subscriptionId, eventId: `evt_${eventId}` });
    expect(byEvent?.['deliveries']).toHaveLength(1);
    const elsewhere = await ask('webhook.deliveries', { subscriptionId, eventId: `evt_${Bun.randomUUIDv7()}` });
    expect(elsewhere?.['deliveries']).toHaveLength(0);
    expect(await ask('webhook.delivery', { deliveryId: `whd_${deliveryId}` })).toMatchObject({
      state: 'EXHAUSTED',
      attemptsMade: [{ attempt: 1, failureCode: 'timed_out', phases: { connect: 3 }, requestDigest: '07'.repeat(32) }],
    } as never);
    expect(await ask('webhook.delivery', { deliveryId: `whd_${Bun.randomUUIDv7()}` })).toBeNull();
    const counts = await ask('webhook.delivery_counts', { subscriptionId });
    expect(counts?.['counts']).toContainEqual({ state: 'EXHAUSTED', count: 1, more: false } as never);
    expect(counts?.['counts']).toContainEqual({ state: 'DELIVERED', count: 0, more: false } as never);
    expect((await ask('webhook.subscription', { subscriptionId }))?.['progress']).toMatchObject({
      admittedSeq: 2,
      lastOrdinal: 1,
      health: 'DEGRADED',
      healthReason: 'consecutive_failures',
      consecutiveFailures: 3,
      evidence: { status: 'degraded' },
    } as never);
  });

  test('has its findings put on record by a command', async () => {
    const since = new Date().toISOString();
    const evidence = {
      consecutiveFailures: 3,
      failingSince: since,
      lastFailureCode: 'timed_out',
      lastFailureAt: since,
    };
    const input = {
      subscriptionId,
      healthEpoch: 1,
      health: 'DEGRADED',
      reason: 'consecutive_failures',
      evidence: { ...evidence, lastSuccessAt: null, nextProbeAt: null },
      since,
    };
    expect(wordOf(await tenant.run('webhook.record_health', input))).toBe('DENIED');
    expect(wordOf(await tenant.run('webhook.record_health', input, { caller: dispatcher }))).toBe('SUCCEEDED');
    expect(wordOf(await tenant.run('webhook.record_health', input, { caller: dispatcher }))).toBe(
      'webhook_health_unchanged',
    );
    const { rows } = await admin.query('select health_evidence from kf.webhook_subscriptions where id = $1', [
      subscriptionId.slice(4),
    ]);
    expect(JSON.parse(rows[0]?.health_evidence)).toEqual(input.evidence);
  });
});

describe('a recovery', () => {
  const preview = (input: Record<string, string> = {}) => ask('webhook.recovery_preview', { subscriptionId, ...input });

  test('is looked at first: what it would send, and what of it failed', async () => {
    expect(await preview()).toMatchObject({
      fromSeq: 1,
      count: 2,
      more: false,
      sample: [{ seq: 2, eventType: 'inventory.variant.registered' }, { seq: 3 }],
    } as never);
    expect(await preview({ eventTypes: '*' })).toMatchObject({ count: 3 } as never);
    expect(await preview({ eventTypes: 'inventory.location.*,inventory.level.adjusted' })).toMatchObject({
      count: 1,
    } as never);
    expect(await preview({ fromSeq: '3', toSeq: '3' })).toMatchObject({ fromSeq: 3, toSeq: 3, count: 1 } as never);
    expect(await preview({ onlyFailed: 'true' })).toMatchObject({ count: 1, sample: [{ seq: 2 }] } as never);
    expect(await preview({ since: '2026-01-01T00:00:00.000Z' })).toMatchObject({ fromSeq: 1, count: 2 } as never);
    expect(await preview({ since: '2999-01-01T00:00:00.000Z' })).toMatchObject({ count: 0, more: false } as never);
  });

  test('shows its progress, and ends by the worker', async () => {
    const started = await tenant.succeed('webhook.recover', { subscriptionId, fromSeq: 1, toSeq: 3, expectedCount: 2 });
    const recoveryId = String(started['recoveryId']);
    await deliver(() =>
      delivery.query(
        `insert into kf.webhook_recovery_progress (tenant_id, environment_id, recovery_id, through_seq, admitted_count)
         values ($1, $2, $3, 2, 1)`,
        [...ids(), recoveryId.slice(4)],
      ),
    );
    await tenant.succeed('webhook.cancel_recovery', { recoveryId });
    await tenant.succeed('webhook.resume_recovery', { recoveryId });
    const read = async () => (await ask('webhook.recoveries', { subscriptionId, recoveryId }))?.['recoveries'];
    expect(await read()).toMatchObject([{ status: 'RUNNING', throughSeq: 2, admittedCount: 1 }] as never);
    const end = { recoveryId, doneCount: 2, failedCount: 0, moreMatch: false };
    expect(wordOf(await tenant.run('webhook.finish_recovery', end))).toBe('DENIED');
    expect(receiptOf(await tenant.run('webhook.finish_recovery', end, { caller: dispatcher })).status).toBe(
      'SUCCEEDED',
    );
    expect(await read()).toMatchObject([{ status: 'DONE', doneCount: 2, version: 4 }] as never);
  });
});

test('the tables of decisions say what the events say', async () => {
  const { differences, rows } = await compareTablesWithEvents({ adminUrl: world.testDatabase.adminUrl });
  expect(differences).toEqual([]);
  expect(rows).toBeGreaterThan(20);
});

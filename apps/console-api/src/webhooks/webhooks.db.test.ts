import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { isId, toUuid } from '@karmanflow/schema';
import { deriveSubscriptionSecret, verifyWebhook, verifyWebhookByKey } from '@karmanflow/webhooks';
import * as v from 'valibot';
import type { ApiClient } from '../testing/api-client.ts';
import { startTestApi, type TestApi, testWebhookMaster } from '../testing/start-test-api.ts';
import type { PollPage } from './poll-deliveries.ts';
import { pollPageShape, verificationKeysShape } from './webhook-shapes.ts';

setDefaultTimeout(90_000);

let api: TestApi;
let operator: ApiClient;
let admin: Awaited<ReturnType<TestApi['world']['testDatabase']['admin']>>;
beforeAll(async () => {
  api = await startTestApi();
  operator = api.as('operator');
  admin = await api.world.testDatabase.admin();
});
afterAll(() => api.stop());

const asked = { url: 'https://hooks.acme.example/in', eventTypes: ['inventory.*'], asymmetric: true };

interface Created {
  readonly subscriptionId: string;
  readonly secret: string;
}

async function create(input: object = {}): Promise<Created> {
  const { json } = await operator.send('webhook.create_subscription', { ...asked, ...input });
  const { subscriptionId } = json['data'] as { subscriptionId: string };
  return { subscriptionId, secret: String(json['secret']) };
}

function secretOf(subscriptionId: string, secretVersion: number): string {
  if (!isId('webhookSubscription', subscriptionId)) throw new Error('no subscription');
  const { tenantId, environments } = api.tenant;
  const scope = { tenantId, environmentId: environments.sandbox };
  return deriveSubscriptionSecret({ ...scope, master: testWebhookMaster, subscriptionId, secretVersion });
}

describe('the secret of a subscription', () => {
  test('is shown in the first answer, and nowhere else ever', async () => {
    const key = Bun.randomUUIDv7();
    const first = await operator.send('webhook.create_subscription', asked, { key });
    const { subscriptionId } = first.json['data'] as { subscriptionId: string };
    expect(first.json['secret']).toBe(secretOf(subscriptionId, 1));
    expect(first.headers.get('cache-control')).toBe('no-store');
    const again = await operator.send('webhook.create_subscription', asked, { key });
    expect(again.json).toMatchObject({ replayed: true, data: { subscriptionId } });
    expect([again.text, (await operator.get(`/v1/webhook/subscriptions`)).text].join()).not.toMatch(/whsec|"secret"/);
    const secret = String(first.json['secret']);
    const { rows } = await admin.query(
      'select body, response from kf.command_receipts union all select body, null from kf.domain_events',
    );
    expect(rows.length).toBeGreaterThan(2);
    for (const { body, response } of rows) expect(`${body}${response}`).not.toContain(secret);
    expect(api.log.text()).toContain('webhook.create_subscription');
    expect(api.log.text()).not.toContain(secret);
  });

  test('is another one after each rotation, so that a lost answer is no loss', async () => {
    const { subscriptionId } = await create();
    const rotate = () => operator.send('webhook.rotate_secret', { subscriptionId });
    const [lost, seen] = [await rotate(), await rotate()];
    expect(lost.json['secret']).toBe(secretOf(subscriptionId, 2));
    expect(seen.json).toMatchObject({ secret: secretOf(subscriptionId, 3), data: { retiringVersion: 1 } });
  });

  test('is not in the answer of what was refused, or is about something else', async () => {
    const { subscriptionId } = await create();
    const paused = await operator.send('webhook.pause_subscription', { subscriptionId });
    expect([paused.status, 'secret' in paused.json]).toEqual([200, false]);
    const unknown = await operator.send('webhook.rotate_secret', { subscriptionId: `whs_${Bun.randomUUIDv7()}` });
    expect([unknown.status, 'secret' in unknown.json]).toEqual([404, false]);
    const agent = await api.as('agent').send('webhook.rotate_secret', { subscriptionId });
    expect([agent.status, 'secret' in agent.json]).toEqual([403, false]);
  });
});

/** Gives the events of the sandbox their places and admits them, as whoever delivers does. */
async function admit(subscriptionId: string, generation = 1): Promise<void> {
  await api.testLog.sequence();
  const scope = [api.tenant.tenantId, api.tenant.environments.sandbox, subscriptionId].map(toUuid);
  await admin.query(
    `insert into kf.webhook_deliveries (tenant_id, environment_id, id, subscription_id, origin_id, generation, seq, event_id,
       event_written_in, event_type, entity_type, entity_id, ordinal, previous_ordinal, order_keys, predecessors, is_probe, lane,
       state, attempts, charged_attempts, admitted_at)
     select s.tenant_id, s.environment_id, gen_random_uuid(), $3, $3, $4, s.seq, s.event_id, s.event_written_in, e.type,
       'variant', 'var', row_number() over (order by s.seq), null, '{}', '{}', false, 'FIRST',
       case row_number() over (order by s.seq) when 2 then 'EXHAUSTED' else 'DELIVERED' end, 1, 1, now()
     from kf.stream_events s join kf.domain_events e on e.id = s.event_id
     where s.tenant_id = $1 and s.environment_id = $2 and e.type like 'inventory.%'`,
    [...scope, generation],
  );
}

async function moveCursor(
  subscriptionId: string,
  place: { generation: number; nextOrdinal: number; admitted: number },
) {
  const scope = [api.tenant.tenantId, api.tenant.environments.sandbox, subscriptionId].map(toUuid);
  await admin.query(
    `insert into kf.webhook_cursors (tenant_id, environment_id, subscription_id, roster_version, generation, health_epoch,
       admitted_seq, next_ordinal, follows, health, health_since) values ($1, $2, $3, 1, $4, 1, $5, $6, true, 'HEALTHY', now())
     on conflict (tenant_id, environment_id, subscription_id)
     do update set generation = excluded.generation, next_ordinal = excluded.next_ordinal`,
    [...scope, place.generation, place.admitted, place.nextOrdinal],
  );
}

describe('polling', () => {
  let subscription: Created;
  const poll = async (query = '', client = operator) =>
    client.get(`/v1/webhook/subscriptions/${subscription.subscriptionId}/poll${query}`);
  const pageOf = async (query = ''): Promise<PollPage> => v.parse(pollPageShape, (await poll(query)).json) as PollPage;

  beforeAll(async () => {
    subscription = await create();
  });

  test('gives nothing and no cursor of its own before anything was admitted', async () => {
    expect(await pageOf()).toMatchObject({ messages: [], cursor: '1.0', hasMore: false, behind: 0, state: 'ENABLED' });
  });

  test('gives the messages that push would send: ids, bodies and signatures that the secret and the keys verify', async () => {
    for (const sku of ['A', 'B', 'C', 'D']) await operator.succeed('inventory.register_variant', { sku, name: 'x' });
    await moveCursor(subscription.subscriptionId, { generation: 1, nextOrdinal: 5, admitted: 1 });
    await admit(subscription.subscriptionId);
    const page = await pageOf();
    expect(page).toMatchObject({ cursor: '1.4', hasMore: false, health: 'HEALTHY' });
    expect(page.behind).toBeGreaterThan(0);
    const keys = v.parse(verificationKeysShape, (await keysOf(subscription.subscriptionId)).json);
    for (const [at, { headers, body }] of page.messages.entries()) {
      const bytes = new TextEncoder().encode(body);
      const nowSeconds = Math.floor(Date.now() / 1000);
      const list = Object.entries(headers);
      const verified = verifyWebhook({ headers: list, body: bytes, secrets: [subscription.secret], nowSeconds });
      expect(verified.ok).toBe(true);
      const publicKeys = keys.keys.map(({ publicKey }) => publicKey);
      expect(verifyWebhookByKey({ headers: list, body: bytes, publicKeys, nowSeconds }).ok).toBe(true);
      const other = secretOf(subscription.subscriptionId, 2);
      expect(verifyWebhook({ headers: list, body: bytes, secrets: [other], nowSeconds }).ok).toBe(false);
      expect(JSON.parse(body)).toMatchObject({
        type: 'inventory.variant.registered',
        sequence: { subscriptionId: subscription.subscriptionId, ordinal: at + 1, generation: 1 },
      });
      expect(headers['karmanflow-sequence']).toBe(`1.${at + 1}`);
    }
    const ids = page.messages.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(4);
    expect((await pageOf()).messages.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
  });

  test('goes on behind the last one, page by page, and tells what push has not delivered', async () => {
    const first = await pageOf('?limit=3');
    expect([first.messages.length, first.cursor, first.hasMore]).toEqual([3, '1.3', true]);
    expect(first.gaps).toEqual({ endedGeneration: null, missing: [], undelivered: [], undeliveredMore: false });
    const second = await pageOf(`?limit=3&after=${first.cursor}`);
    expect([second.messages.length, second.cursor, second.hasMore]).toEqual([1, '1.4', false]);
    expect(second.gaps.undelivered).toEqual([{ from: 2, to: 2 }]);
    expect((await pageOf('?after=1.1')).gaps.undelivered).toEqual([]);
    expect(await poll('?after=1.5')).toMatchObject({ status: 409, code: 'cursor_ahead' });
    expect(await poll('?after=2.0')).toMatchObject({ status: 409, code: 'cursor_ahead' });
  });

  test('tells of a generation that has ended, and begins with the new one', async () => {
    await moveCursor(subscription.subscriptionId, { generation: 2, nextOrdinal: 5, admitted: 1 });
    await admit(subscription.subscriptionId, 2);
    const page = await pageOf('?after=1.3');
    expect(page.gaps.endedGeneration).toBe(1);
    expect([page.messages.length, page.cursor]).toEqual([4, '2.4']);
  });

  test('tells of what is not kept any more, and goes on behind it', async () => {
    await admin.query('delete from kf.webhook_deliveries where generation = 2 and ordinal in (1, 3)');
    const holed = await pageOf('?after=2.0');
    expect(holed.gaps.missing).toEqual([
      { from: 1, to: 1 },
      { from: 3, to: 3 },
    ]);
    expect((await pageOf('?after=2.0&limit=1')).gaps.missing).toEqual([{ from: 1, to: 1 }]);
    await admin.query('delete from kf.webhook_deliveries where generation = 2 and ordinal > 2');
    const ended = await pageOf('?after=2.2');
    expect([ended.messages, ended.cursor, ended.hasMore]).toEqual([[], '2.4', false]);
    expect(ended.gaps.missing).toEqual([{ from: 3, to: 4 }]);
    const after = await pageOf(`?after=${ended.cursor}`);
    expect([after.cursor, after.gaps.missing]).toEqual(['2.4', []]);
  });

  test('is for who may, in its own environment', async () => {
    expect((await poll('', api.as('viewer'))).status).toBe(403);
    expect(await poll('', api.as('production'))).toMatchObject({ status: 404 });
    const stranger = await api.createTenant();
    const elsewhere = `/v1/webhook/subscriptions/${subscription.subscriptionId}/poll`;
    const headers = { authorization: `Bearer ${stranger.keys['operator']}` };
    expect((await fetch(`${api.url}${elsewhere}`, { headers })).status).toBe(404);
    expect((await fetch(`${api.url}${elsewhere}`)).status).toBe(401);
    for (const wrong of ['?after=1', '?after=0.1', '?after=1.01', '?limit=0', '?more=1', '?after=1.1&after=1.2']) {
      expect([wrong, (await poll(wrong)).status]).toEqual([wrong, 400]);
    }
  });
});

function keysOf(subscriptionId: string, over: Record<string, string> = {}) {
  const { tenantId, environments } = api.tenant;
  const query = new URLSearchParams({ tenantId, environmentId: environments.sandbox, subscriptionId, ...over });
  return operator.request(`/.well-known/karmanflow/webhook-keys.json?${query.toString()}`, {
    headers: { authorization: '' },
  });
}

describe('the public keys', () => {
  test('are those that sign, the newest first, for whoever asks', async () => {
    const { subscriptionId } = await create();
    await operator.succeed('webhook.rotate_secret', { subscriptionId });
    const answer = await keysOf(subscriptionId);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys } = v.parse(verificationKeysShape, answer.json);
    expect(keys.map(({ secretVersion, validUntil }) => [secretVersion, validUntil === null])).toEqual([
      [2, true],
      [1, false],
    ]);
    for (const { publicKey } of keys) expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(answer.text).not.toContain('whsec');
  });

  test('of a subscription without them, of another place, or of none, are not there, all alike', async () => {
    const symmetric = await create({ asymmetric: false });
    const { subscriptionId } = await create();
    const answers = await Promise.all([
      keysOf(symmetric.subscriptionId),
      keysOf(`whs_${Bun.randomUUIDv7()}`),
      keysOf(subscriptionId, { environmentId: api.tenant.environments.production }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await keysOf('nonsense')).status).toBe(400);
  });
});

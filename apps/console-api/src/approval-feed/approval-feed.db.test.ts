import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Caller } from '@karmanflow/commands';
import type { TestTenant } from '@karmanflow/commands/testing';
import { renderMetrics } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { type Database, openDatabase } from '@karmanflow/schema';
import * as v from 'valibot';
import { ApiClient } from '../testing/api-client.ts';
import { type FeedClient, listenTo, type ReceivedMessage } from '../testing/feed-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { type Stock, stockUp } from '../testing/stock.ts';
import { changeShape, endShape, snapshotShape } from './feed-shapes.ts';

// Events are shown when no transaction of the whole cluster runs any more that is older; other tests have some.
setDefaultTimeout(90_000);
const deadlineMilliseconds = 20_000;
const pollMilliseconds = 40;

let api: TestApi;
let tenant: TestTenant;
let operator: ApiClient;
let stock: Stock;
let ada: Caller;
let cyd: Caller;
/** How often each environment was looked at. */
const looks = new Map<string, number>();
const clients: FeedClient[] = [];

beforeAll(async () => {
  api = await startTestApi({
    feedLimits: { pollMilliseconds, heartbeatMilliseconds: 200, listenersPerTenant: 12, replayedChanges: 20 },
    readDatabase: (world) =>
      counting(openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-read' })),
  });
  tenant = await api.world.createTenant('Acme');
  operator = new ApiClient(api.url, tenant.apiKey);
  stock = await stockUp(operator, 10_000);
  ada = await tenant.signIn('ada');
  cyd = await tenant.signIn('cyd');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await waitUntil({ what: 'everybody to be gone', condition: async () => (await listeners()) === 0 });
});
afterAll(() => api.stop());

function counting(database: Database): Database {
  return {
    ...database,
    read: (scope, work) => {
      looks.set(scope.environmentId, (looks.get(scope.environmentId) ?? 0) + 1);
      return database.read(scope, work);
    },
  };
}

async function listeners(): Promise<number> {
  const { body } = await renderMetrics(api.metrics, null);
  return Number(/^kf_approval_feed_listeners(?:\{[^}]*\})? (\d+)$/m.exec(body)?.[1]);
}

interface Listening {
  readonly key?: string;
  readonly level?: 'environment' | 'tenant';
  readonly lastEventId?: string;
  readonly from?: TestApi;
}

async function listen(listening: Listening = {}): Promise<FeedClient> {
  const { key = tenant.apiKey, level, lastEventId, from = api } = listening;
  const client = await listenTo(`${from.url}/v1/approval/feed${level === undefined ? '' : `?level=${level}`}`, {
    authorization: `Bearer ${key}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  });
  clients.push(client);
  return client;
}

async function started(listening: Listening = {}): Promise<FeedClient> {
  const client = await listen(listening);
  await arrives(client, 'snapshot');
  return client;
}

const until = (what: string, condition: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil({ what, condition, deadlineMilliseconds });

async function arrives(client: FeedClient, event: string, approvalId?: string): Promise<ReceivedMessage> {
  const find = (): ReceivedMessage | undefined =>
    client.messages.find((one) => one.event === event && (approvalId === undefined || idOf(one) === approvalId));
  await until(`${event} of ${approvalId}`, () => find() !== undefined);
  return find() as ReceivedMessage;
}

const idOf = ({ data }: ReceivedMessage): string => String((data['approval'] as { approvalId?: string })?.approvalId);
const changesOf = ({ messages }: FeedClient): string[] =>
  messages.filter(({ event }) => event !== 'snapshot' && event !== 'end').map(({ data }) => String(data['eventId']));

/** Asks for a cancellation, which waits. */
async function pause(client: ApiClient = operator, on: Stock = stock): Promise<string> {
  const { reservationId } = await client.succeed('reservation.create', { lines: [{ ...on, quantity: 1 }] });
  const answer = await client.send('reservation.cancel', { reservationId });
  expect(answer.status).toBe(202);
  return String((answer.json['data'] as { approvalId: string }).approvalId);
}

const approve = (approvalId: string, level: 'environment' | 'tenant' = 'environment') =>
  tenant.succeed('approval.approve', { approvalId, level }, { caller: ada });
const cancel = (approvalId: string) => operator.succeed('approval.cancel', { approvalId });

/** The ids of all events of approvals in the sandbox, in the order of the stream. */
async function storedEvents(): Promise<string[]> {
  const admin = await api.world.testDatabase.admin();
  const { rows } = await admin.query<{ id: string }>(
    `select id from kf.domain_events where environment_id = $1 and type like 'governance.approval.%' order by written_in, id`,
    [tenant.environments.sandbox.slice(4)],
  );
  await admin.end();
  return rows.map(({ id }) => `evt_${id}`);
}

describe('the feed', () => {
  test('begins with what waits, and tells each change of it as it is committed', async () => {
    const waiting = await pause();
    const client = await started();
    expect(client.status).toBe(200);
    expect(client.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(client.headers.get('cache-control')).toBe('no-store');
    expect(client.headers.get('x-karmanflow-request-id')).toMatch(/^kfreq_/);
    const snapshot = v.parse(snapshotShape, client.messages[0]?.data);
    expect(snapshot.hasMore).toBe(false);
    expect(snapshot.approvals.map(({ approvalId }) => approvalId)).toContain(waiting as 'apr_');

    const approvalId = await pause();
    const requested = v.parse(changeShape, (await arrives(client, 'requested', approvalId)).data);
    expect(requested).toMatchObject({
      vote: null,
      approval: { status: 'REQUESTED', commandType: 'reservation.cancel', requestedBy: tenant.caller.actor.id },
    });
    await approve(approvalId);
    const voted = v.parse(changeShape, (await arrives(client, 'voted', approvalId)).data);
    expect(voted.vote).toEqual({ voterId: ada.actor.id, vote: 'APPROVE', reason: null });
    const ended = v.parse(changeShape, (await arrives(client, 'ended', approvalId)).data);
    expect(ended).toMatchObject({ approval: { status: 'EXECUTED', approvals: 1 } });
    await cancel(waiting);
    expect((await arrives(client, 'ended', waiting)).data).toMatchObject({ approval: { status: 'CANCELLED' } });
    expect(client.messages.filter((one) => idOf(one) === waiting)).toHaveLength(1);
  });

  test('what is approved and what is cancelled is in no later snapshot', async () => {
    const approvalId = await pause();
    const shows = async (): Promise<boolean> => {
      const client = await started();
      const { approvals } = v.parse(snapshotShape, client.messages[0]?.data);
      client.close();
      return approvals.some((one) => one.approvalId === approvalId);
    };
    expect(await shows()).toBe(true);
    await cancel(approvalId);
    expect(await shows()).toBe(false);
  });

  test('goes on after the last id, here or in another process, and loses and repeats nothing', async () => {
    const first = await started();
    const before = (await storedEvents()).length;
    const early = [await pause(), await pause()];
    await arrives(first, 'requested', early[1]);
    first.close();
    const lastEventId = first.lastEventId();
    for (const approvalId of early) await cancel(approvalId);
    const late = await pause();
    const neighbour = await startNeighbour();
    for (const from of [api, neighbour]) {
      const second = await listen({ lastEventId, from });
      await arrives(second, 'requested', late);
      expect(second.messages.filter(({ event }) => event === 'snapshot')).toEqual([]);
      expect([...changesOf(first), ...changesOf(second)]).toEqual((await storedEvents()).slice(before));
      second.close();
    }
    await neighbour.stop();
    await cancel(late);
  });

  test('tells each change once to everybody while many are made at once', async () => {
    const before = (await storedEvents()).length;
    const all = await Promise.all(Array.from({ length: 3 }, () => started()));
    const made = await Promise.all(Array.from({ length: 30 }, () => pause()));
    // Somebody who comes in the middle: the snapshot has what was, the changes have the rest, and nothing is in both.
    const late = await started();
    await Promise.all(made.map(cancel));
    await until('all changes', () => all.every((client) => changesOf(client).length >= 60));
    const stored = (await storedEvents()).slice(before);
    for (const client of all) expect(changesOf(client)).toEqual(stored);
    await until('the end of all', () =>
      made.every((id) => late.messages.some((one) => one.event === 'ended' && idOf(one) === id)),
    );
    const { approvals } = v.parse(snapshotShape, late.messages[0]?.data);
    const requested = late.messages.filter(({ event }) => event === 'requested').map(idOf);
    const shown = approvals.map(({ approvalId }) => approvalId as string);
    expect(requested.filter((id) => shown.includes(id))).toEqual([]);
    expect([...shown, ...requested].toSorted()).toEqual(made.toSorted());
  });

  test('does not tell again what its snapshot has, also while something older still runs', async () => {
    const admin = await api.world.testDatabase.admin();
    await admin.query('begin');
    await admin.query('select pg_current_xact_id()');
    const [over, waiting] = [await pause(), await pause()];
    await cancel(over);
    const client = await started();
    const { approvals } = v.parse(snapshotShape, client.messages[0]?.data);
    expect(approvals.map(({ approvalId }) => approvalId as string)).toEqual([waiting]);
    const later = await pause();
    await admin.query('rollback');
    await admin.end();
    await arrives(client, 'requested', later);
    await cancel(waiting);
    await arrives(client, 'ended', waiting);
    const told = client.messages.slice(1).map((one) => `${one.event} ${idOf(one)}`);
    expect(told).toEqual([`requested ${later}`, `ended ${waiting}`]);
    await cancel(later);
  });

  test('looks once for everybody', async () => {
    const sandbox = tenant.environments.sandbox;
    const all = await Promise.all(Array.from({ length: 10 }, () => started()));
    const startedAt = performance.now();
    looks.set(sandbox, 0);
    await until('some time to pass', () => all.every((client) => client.quietBlocks() > 2));
    const rounds = (performance.now() - startedAt) / pollMilliseconds;
    expect(looks.get(sandbox)).toBeGreaterThan(2);
    expect(looks.get(sandbox)).toBeLessThanOrEqual(rounds + 1);
    for (const client of all) client.close();
    await waitUntil({ what: 'everybody to be gone', condition: async () => (await listeners()) === 0 });
    looks.set(sandbox, 0);
    await started({ key: (await api.world.createTenant('Other')).apiKey });
    await until('another environment to be looked at', () => [...looks.values()].some((count) => count > 5));
    expect(looks.get(sandbox)).toBe(0);
  });

  test('shows nothing of another environment or tenant', async () => {
    const other = await api.world.createTenant('Stranger');
    const client = await started({ key: other.apiKey });
    const own = await stockUp(new ApiClient(api.url, other.apiKey), 5);
    const approvalId = await pause();
    const theirs = await pause(new ApiClient(api.url, other.apiKey), own);
    await arrives(client, 'requested', theirs);
    expect(client.messages.map(idOf)).not.toContain(approvalId);
    // Also with a cursor that was given out elsewhere.
    const again = await listen({ key: other.apiKey, lastEventId: `0.${noUuid}` });
    await arrives(again, 'requested', theirs);
    expect(again.messages.map(idOf)).not.toContain(approvalId);
    await cancel(approvalId);
  });

  test('of the tenant has what concerns it as a whole, and only that', async () => {
    const here = await started();
    const above = await started({ level: 'tenant' });
    const outcome = await tenant.run(
      'access.configure_tenant',
      { settings: { approvalTtlSeconds: 600 } },
      { caller: cyd },
    );
    if (outcome.kind === 'rejected') throw new Error(outcome.detail);
    const { approvalId } = JSON.parse(Buffer.from(outcome.receipt.response ?? []).toString()) as { approvalId: string };
    const below = await pause();
    await arrives(above, 'requested', approvalId);
    await arrives(here, 'requested', below);
    expect(above.messages.map(idOf)).not.toContain(below);
    expect(here.messages.map(idOf)).not.toContain(approvalId);
    await tenant.succeed('approval.cancel', { approvalId, level: 'tenant' }, { caller: cyd });
    await arrives(above, 'ended', approvalId);
    await cancel(below);
  });
});

const noUuid = '00000000-0000-0000-0000-000000000000';

/** Another process over the same database. */
async function startNeighbour(): Promise<TestApi> {
  return startTestApi({
    feedLimits: { pollMilliseconds },
    readDatabase: () =>
      openDatabase({ url: api.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-neighbour' }),
  });
}

describe('who comes back', () => {
  test.each([
    ['after more than can be told again', `0.${noUuid}`],
    ['with an id from the future', `18446744073709551615.${noUuid}`],
  ])('%s gets a new snapshot', async (_what, lastEventId) => {
    const witness = await started();
    const made = await Promise.all(Array.from({ length: 11 }, () => pause()));
    await Promise.all(made.map(cancel));
    for (const approvalId of made) await arrives(witness, 'ended', approvalId);
    const client = await listen({ lastEventId });
    await arrives(client, 'snapshot');
    expect(client.messages).toHaveLength(1);
  });

  test('goes on from where a quiet feed has come to', async () => {
    const client = await started();
    const { id } = client.messages[0] as ReceivedMessage;
    // Something else happens, of which the feed says nothing.
    await stockUp(operator, 1);
    await until('the id to move on', () => client.lastEventId() !== id && client.quietBlocks() > 0);
    const again = await listen({ lastEventId: client.lastEventId() });
    const approvalId = await pause();
    await arrives(again, 'requested', approvalId);
    expect(again.messages).toHaveLength(1);
    await arrives(client, 'requested', approvalId);
    expect(client.messages.map(({ event }) => event)).toEqual(['snapshot', 'requested']);
    await cancel(approvalId);
  });
});

describe('who may not listen', () => {
  const feed = (key: string, query = '', headers = {}) =>
    new ApiClient(api.url, key).get(`/v1/approval/feed${query}`, headers);

  test('is told the rule, at either level', async () => {
    expect(await feed('nothing')).toMatchObject({ status: 401, code: 'unauthenticated' });
    for (const query of ['', '?level=tenant', '?level=nonsense']) {
      const denied = await feed(api.tenant.keys['nobody'] ?? '', query);
      expect(denied).toMatchObject({ status: 403, code: 'policy_denied', json: { rule: 'scope_missing' } });
    }
  });

  test.each(['?level=nonsense', '?surplus=1', '?level=tenant&level=tenant'])('%s is refused', async (query) => {
    expect(await feed(tenant.apiKey, query)).toMatchObject({ status: 400, code: 'input_invalid' });
  });

  test.each(['nonsense', '1', `-1.${noUuid}`, `1.${noUuid}'--`])('the last id %s is refused', async (id) => {
    const answer = await feed(tenant.apiKey, '', { 'last-event-id': id });
    expect(answer).toMatchObject({ status: 400, code: 'header_invalid' });
    expect(answer.text).not.toContain('--');
  });

  test('HEAD has the headers and no end to wait for', async () => {
    const answer = await operator.request('/v1/approval/feed', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers.get('content-type')).toStartWith('text/event-stream');
    expect(await listeners()).toBe(0);
  });

  test('is the thirteenth of a tenant, until somebody leaves; other tenants have places of their own', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => started()));
    const refused = await feed(tenant.apiKey);
    expect(refused).toMatchObject({ status: 503, code: 'overloaded' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await started({ key: api.tenant.keys['operator'] ?? '' })).status).toBe(200);
    all[0]?.close();
    await waitUntil({ what: 'one to be gone', condition: async () => (await listeners()) === 12 });
    expect((await started()).status).toBe(200);
  });

  test('any more is sent away, and hears nothing of what comes after', async () => {
    const temporary = await api.world.createTenant('Temporary');
    const key = temporary.apiKey;
    const client = await started({ key });
    const bystander = await started();
    await temporary.succeed('access.revoke_api_key', { apiKeyId: temporary.caller.credential?.id }, {});
    const end = await arrives(client, 'end');
    expect(v.parse(endShape, end.data)).toEqual({ reason: 'no_longer_allowed' });
    await until('the connection to end', () => client.isOver());
    expect(await feed(key)).toMatchObject({ status: 401 });
    expect(bystander.isOver()).toBe(false);
  });
});

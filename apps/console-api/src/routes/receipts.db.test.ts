import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import * as v from 'valibot';
import { receiptPageShape } from '../document-shapes.ts';
import { readReceipts } from '../receipt-search/read-receipts.ts';
import type { ApiAnswer } from '../testing/api-answer.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { type Stock, stockUp } from '../testing/stock.ts';
import { openDatabase, type Scope } from '@karmanflow/schema';

setDefaultTimeout(90_000);

interface Sent {
  readonly receiptId: string;
  readonly actorId: string;
  readonly correlationId: string;
  readonly traceId: string;
  readonly completedAt: string;
}

let api: TestApi;
let operator: ApiClient;
let stock: Stock;
let reservationId = '';
/** Of everything that was sent after the stock was there, in order. */
const sent: Sent[] = [];
let denied: Sent;
let refused: Sent;
let agents: Sent;

function sentOf(answer: ApiAnswer): Sent {
  const { receipt } = answer.json['receipt'] as { receipt: Record<string, string> & { actor: { id: string } } };
  const one = {
    receiptId: receipt['receiptId'] ?? '',
    actorId: receipt.actor.id,
    correlationId: receipt['correlationId'] ?? '',
    traceId: receipt['traceparent']?.split('-')[1] ?? '',
    completedAt: receipt['completedAt'] ?? '',
  };
  sent.push(one);
  return one;
}

beforeAll(async () => {
  api = await startTestApi();
  operator = api.as('operator');
  stock = await stockUp(operator, 100);
  const reserve = (client: ApiClient, quantity: number) =>
    client.send('reservation.create', { lines: [{ ...stock, quantity }] });
  const first = await reserve(operator, 1);
  reservationId = (first.json['data'] as { reservationId: string }).reservationId;
  sentOf(first);
  refused = sentOf(await reserve(operator, 1_000));
  denied = sentOf(await reserve(api.as('viewer'), 1));
  agents = sentOf(await reserve(api.as('agent'), 2));
  sentOf(await operator.send('reservation.cancel', { reservationId }));
  sentOf(await api.as('production').send('inventory.register_variant', { sku: 'P', name: 'P' }));
});
afterAll(() => api.stop());

const search = async (query: string, client = operator) => {
  const answer = await client.get(`/v1/receipts${query}`);
  expect({ status: answer.status, text: answer.status === 200 ? '' : answer.text }).toEqual({ status: 200, text: '' });
  return v.parse(receiptPageShape, answer.json);
};
const idsOf = async (query: string, client = operator): Promise<string[]> =>
  (await search(`?limit=200&${query}`, client)).receipts.map(({ receipt }) => receipt.receiptId);

describe('a search for receipts', () => {
  test('without filters shows those of the environment, the newest first, as they are stored', async () => {
    const found = await idsOf('');
    const own = sent.slice(0, -1).map(({ receiptId }) => receiptId);
    expect(found.slice(0, own.length)).toEqual(own.toReversed());
    expect(found).toHaveLength(own.length + 3);
    const { text } = await operator.get(`/v1/receipts/${found[0]}`);
    expect((await operator.get('/v1/receipts?limit=1')).text).toStartWith(`{"receipts":[${text}]`);
    expect(await idsOf('', api.as('production'))).toEqual([sent.at(-1)?.receiptId ?? '']);
  });

  test('goes on behind its cursor until there is none', async () => {
    const all = await idsOf('');
    for (const limit of [1, 2, 3, all.length]) {
      const seen: string[] = [];
      let after = '';
      for (let more = true; more;) {
        const page = await search(`?limit=${limit}${after}`);
        seen.push(...page.receipts.map(({ receipt }) => receipt.receiptId));
        expect(page.hasMore).toBe(page.cursor !== null);
        more = page.hasMore;
        after = `&after=${page.cursor}`;
      }
      expect(seen).toEqual(all);
    }
  });

  test('finds by each of its filters, and by several at once', async () => {
    const [first] = sent;
    expect(await idsOf(`actorId=${agents.actorId}`)).toEqual([agents.receiptId]);
    expect(await idsOf('status=REFUSED')).toEqual([refused.receiptId]);
    expect(await idsOf('status=DENIED')).toEqual([denied.receiptId]);
    expect(await idsOf('status=PENDING_APPROVAL&command=reservation.cancel')).toHaveLength(1);
    expect(await idsOf('status=SUCCEEDED&command=reservation.create')).toEqual([
      agents.receiptId,
      first?.receiptId ?? '',
    ]);
    expect(await idsOf('command=inventory.adjust')).toHaveLength(1);
    expect(await idsOf('command=inventory.forget')).toEqual([]);
    for (const one of [first, refused, denied, agents]) {
      expect(await idsOf(`correlationId=${one?.correlationId}`)).toEqual([one?.receiptId ?? '']);
      expect(await idsOf(`traceId=${one?.traceId}`)).toEqual([one?.receiptId ?? '']);
      expect(
        await idsOf(`traceId=${one?.traceId}&actorId=${one?.actorId}&correlationId=${one?.correlationId}`),
      ).toHaveLength(1);
    }
    expect(await idsOf(`traceId=${first?.traceId}&actorId=${agents.actorId}`)).toEqual([]);
  });

  test('finds what changed an entity', async () => {
    expect(await idsOf(`entityId=${stock.variantId}`)).toHaveLength(1);
    expect(await idsOf(`entityType=variant&entityId=${stock.variantId}`)).toHaveLength(1);
    expect(await idsOf(`entityType=location&entityId=${stock.variantId}`)).toEqual([]);
    expect(await idsOf(`entityType=reservation&entityId=${reservationId}`)).toEqual([sent[0]?.receiptId ?? '']);
    expect(await idsOf(`entityId=${reservationId.slice(0, -1)}`)).toEqual([]);
  });

  test('finds by the time of completion, its beginning included and its end not', async () => {
    const at = refused.completedAt;
    const before = (await idsOf(`to=${at}`)).length;
    const since = await idsOf(`from=${at}`);
    expect(since).toContain(refused.receiptId);
    expect(before + since.length).toBe((await idsOf('')).length);
    expect(await idsOf(`from=${at}&to=${at}`)).toEqual([]);
    expect(await idsOf('from=2100-01-01T00:00:00.000Z')).toEqual([]);
    expect(await idsOf('to=2000-01-01T00:00:00.000Z')).toEqual([]);
  });

  test('shows what concerns the tenant as a whole to whoever may read that', async () => {
    const whole = await search('?level=tenant&limit=200');
    expect(whole.receipts.map(({ receipt }) => receipt.command.type)).toEqual(['access.bootstrap_tenant']);
    const receiptId = whole.receipts[0]?.receipt.receiptId;
    expect(await operator.get(`/v1/receipts/${receiptId}?level=tenant`)).toMatchObject({ status: 200 });
    expect(await operator.get(`/v1/receipts/${receiptId}`)).toMatchObject({ status: 404 });
    for (const path of ['', `/${receiptId}`, `/${receiptId}/proof`]) {
      const answer = await api.as('nobody').get(`/v1/receipts${path}?level=tenant`);
      expect(answer).toMatchObject({ status: 403, code: 'policy_denied' });
    }
  });

  test.each([
    'limit=0',
    'after=nonsense',
    'actorId=nonsense',
    'command=nonsense',
    'status=OPEN',
    'entityType=variant',
    'entityType=Variant&entityId=x',
    'entityId=x%22%7D,%7B%22id%22:%22',
    'from=yesterday',
    'traceId=ABCDEFABCDEFABCDEFABCDEFABCDEFAB',
    'correlationId=x',
    'level=platform',
    'unknown=1',
  ])('refuses %s', async (query) => {
    expect(await operator.get(`/v1/receipts?${query}`)).toMatchObject({ status: 400, code: 'input_invalid' });
  });
});

describe('a page of receipts', () => {
  test('looks at a bounded number, says where it stopped, and loses nothing', async () => {
    const database = openDatabase({ url: api.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-search' });
    const scope: Scope = { tenantId: api.tenant.tenantId, environmentId: api.tenant.environments.sandbox };
    const found: string[] = [];
    let pages = 0;
    let after = null;
    do {
      const page: Awaited<ReturnType<typeof readReceipts>> = await readReceipts(database, {
        scope,
        after,
        limit: 5,
        scannedMax: 2,
        filters: { command: 'inventory.adjust' },
      });
      found.push(...page.receipts.map(({ keyId }) => keyId));
      after = page.cursor;
      pages += 1;
    } while (after !== null);
    await database.close();
    expect(found).toHaveLength(1);
    expect(pages).toBe(Math.floor((sent.length - 1 + 3) / 2) + 1);
  });

  test('is found by an index where there is one', async () => {
    const admin = await api.world.testDatabase.admin();
    await admin.query('set role kf_read');
    await admin.query(`begin; set local kf.tenant_id = '${api.tenant.tenantId.slice(4)}'`);
    await admin.query(`set local kf.environment_id = '${api.tenant.environments.sandbox.slice(4)}'`);
    await admin.query('set local enable_seqscan = off; set local enable_sort = off; set local enable_bitmapscan = off');
    const planOf = async (condition: string): Promise<string> => {
      const { rows } = await admin.query(
        `explain select id from kf.command_receipts where tenant_id = $1 and environment_id = $2 and ${condition} order by id desc limit 10`
          .replace('$1', `'${api.tenant.tenantId.slice(4)}'`)
          .replace('$2', `'${api.tenant.environments.sandbox.slice(4)}'`),
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const uuid = agents.actorId.slice(4);
    expect(await planOf(`actor_id = '${uuid}'`)).toContain('command_receipts_actor_id_id_idx');
    expect(await planOf(`correlation_id = '${uuid}'`)).toContain('command_receipts_correlation_id_id_idx');
    expect(await planOf(`status = 'DENIED'`)).toContain('command_receipts_status_id_idx');
    expect(await planOf(`id < '${uuid}'`)).toMatch(/command_receipts_(?:pkey|id_written_in_key)/);
    await admin.end();
  });
});

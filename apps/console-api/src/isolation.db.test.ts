import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ApiAnswer } from './testing/api-answer.ts';
import { ApiClient } from './testing/api-client.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';
import { type Stock, stockUp } from './testing/stock.ts';

let api: TestApi;
/** What tenant A has in its sandbox. */
let stock: Stock;
let salesChannelId: string;
let reservationId: string;
let receiptId: string;
/** Who must not see it: another tenant, and another environment of the same tenant. */
const strangers: Record<string, ApiClient> = {};

beforeAll(async () => {
  api = await startTestApi();
  const operator = api.as('operator');
  stock = await stockUp(operator, 100);
  const channel = { code: 'WEB', name: 'Web', locations: [{ locationId: stock.locationId }] };
  salesChannelId = (await operator.succeed('inventory.register_channel', channel))['salesChannelId'] ?? '';
  const created = await operator.send('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
  reservationId = (created.json['data'] as Record<string, string>)['reservationId'] ?? '';
  receiptId = (created.json['receipt'] as { receipt: { receiptId: string } }).receipt.receiptId;
  const other = await api.createTenant();
  strangers['another tenant'] = new ApiClient(api.url, other.keys['operator'] ?? '');
  strangers['another environment'] = api.as('production');
});
afterAll(() => api.stop());

const fresh = (id: string): string => `${id.slice(0, id.indexOf('_'))}_${Bun.randomUUIDv7()}`;

/** An answer without what belongs to its own request and without the ids that were asked for. */
function shape({ status, text, headers }: ApiAnswer): unknown {
  const own = new Set([
    'date',
    'content-length',
    'traceparent',
    'x-karmanflow-request-id',
    'x-karmanflow-correlation-id',
  ]);
  const anonymous = text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(
      /sha256:[0-9a-f]{64}|"value":"[^"]+"|\d{4}-\d{2}-\d{2}T[\d:.]+Z|00-[0-9a-f]{32}-[0-9a-f]{16}/g,
      '<own>',
    );
  return { status, text: anonymous, headers: [...headers].filter(([name]) => !own.has(name)) };
}

/** Every way to name something by its id, with an id in place of each of ours. */
const ways: Record<string, (client: ApiClient, real: boolean) => Promise<ApiAnswer>> = {
  'reservation.get': (client, real) =>
    client.get(`/v1/reservation/get?reservationId=${real ? reservationId : fresh(reservationId)}`),
  'reservation.list': (client, real) =>
    client.get(
      `/v1/reservation/list?after=${real ? `rsv_${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` : fresh(reservationId)}`,
    ),
  'receipt.get': (client, real) => client.get(`/v1/receipts/${real ? receiptId : fresh(receiptId)}`),
  'inventory.levels': (client, real) =>
    client.get(`/v1/inventory/levels?variantId=${real ? stock.variantId : fresh(stock.variantId)}`),
  'inventory.availability': (client, real) =>
    client.get(`/v1/inventory/availability?variantId=${real ? stock.variantId : fresh(stock.variantId)}`),
  'inventory.movements': (client, real) => {
    const { variantId, locationId } = stock;
    return client.get(
      `/v1/inventory/movements?variantId=${real ? variantId : fresh(variantId)}&locationId=${real ? locationId : fresh(locationId)}`,
    );
  },
  'inventory.catalogue': (client, real) =>
    client.get(`/v1/inventory/catalogue?salesChannelCode=${real ? 'WEB' : 'NOT-WEB'}`),
  'inventory.adjust': (client, real) =>
    client.send('inventory.adjust', { ...(real ? stock : freshStock()), delta: 1, reason: 'theft' }),
  'inventory.set_safety_stock': (client, real) =>
    client.send('inventory.set_safety_stock', { ...(real ? stock : freshStock()), safetyStock: 1 }),
  'inventory.register_channel': (client, real) => {
    const locationId = real ? stock.locationId : fresh(stock.locationId);
    return client.send('inventory.register_channel', { code: `C-${real}`, name: 'Other', locations: [{ locationId }] });
  },
  'reservation.create': (client, real) =>
    client.send('reservation.create', { lines: [{ ...(real ? stock : freshStock()), quantity: 1 }] }),
  'reservation.create, channel': (client, real) =>
    client.send('reservation.create', {
      salesChannelId: real ? salesChannelId : fresh(salesChannelId),
      lines: [{ ...freshStock(), quantity: 1 }],
    }),
  'reservation.extend': (client, real) =>
    client.send('reservation.extend', { reservationId: real ? reservationId : fresh(reservationId), holdSeconds: 60 }),
  'reservation.commit': (client, real) =>
    client.send('reservation.commit', { reservationId: real ? reservationId : fresh(reservationId) }),
  'reservation.expire': (client, real) =>
    client.send('reservation.expire', { reservationId: real ? reservationId : fresh(reservationId) }),
  'reservation.cancel': (client, real) =>
    client.send('reservation.cancel', { reservationId: real ? reservationId : fresh(reservationId) }),
};

function freshStock(): Stock {
  return { variantId: fresh(stock.variantId), locationId: fresh(stock.locationId) };
}

describe.each(['another tenant', 'another environment'])('to %s', (who) => {
  test.each(Object.keys(ways))('%s: what exists elsewhere looks like what does not exist', async (way) => {
    const ask = ways[way];
    const client = strangers[who];
    if (ask === undefined || client === undefined) throw new Error(way);
    expect(shape(await ask(client, true))).toEqual(shape(await ask(client, false)));
  });

  test('no event is visible', async () => {
    await api.testLog.sequence();
    expect((await api.as('operator').get('/v1/events?limit=200')).text).toContain(reservationId);
    const page = await strangers[who]?.get('/v1/events?limit=200');
    expect(page?.status).toBe(200);
    expect(page?.text).not.toContain(reservationId);
    expect(page?.text).not.toContain(stock.variantId);
  });
});

test('the owner sees all of it, so that the comparison means something', async () => {
  const operator = api.as('operator');
  expect((await ways['reservation.get']?.(operator, true))?.status).toBe(200);
  expect((await ways['receipt.get']?.(operator, true))?.status).toBe(200);
  expect((await ways['reservation.get']?.(operator, false))?.status).toBe(404);
  expect((await ways['receipt.get']?.(operator, false))?.status).toBe(404);
  expect((await ways['inventory.movements']?.(operator, true))?.text).toContain('received');
});

test('a key of another tenant cannot be revoked, and looks like one that does not exist', async () => {
  const other = await api.createTenant();
  const foreign = await api.as('operator').send('access.revoke_api_key', { apiKeyId: other.keyIds['viewer'] });
  const missing = await api.as('operator').send('access.revoke_api_key', { apiKeyId: fresh('key_x') });
  expect(foreign.status).toBe(404);
  expect(shape(foreign)).toEqual(shape(missing));
});

test('an idempotency key is of its tenant, and of one environment in it', async () => {
  const input = { sku: 'SAME', name: 'Same' };
  const send = (client: ApiClient | undefined) => client?.send('inventory.register_variant', input, { key: 'the-key' });
  const first = await send(api.as('operator'));
  expect(first?.status).toBe(200);
  expect(await send(strangers['another tenant'])).toMatchObject({ status: 200, json: { replayed: false } });
  const elsewhere = await send(strangers['another environment']);
  expect(elsewhere).toMatchObject({ status: 409, code: 'idempotency_key_elsewhere' });
  expect(elsewhere?.text).not.toContain('rcp_');
});

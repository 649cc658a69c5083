import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TestDatabase } from '@karmanflow/schema/testing';
import {
  createIngestWorld,
  type IngestWorld,
  type RunningIngest,
  type Shop,
  type TestSource,
} from './testing/ingest-world.ts';
import { partnerSigners } from './testing/partner-signers.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let source: TestSource;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;
const secret = 'a-secret-of-a-shop';
const mapping = {
  template: 'shopify',
  settings: {
    salesChannel: 'WEB',
    location: 'BER-1',
    holdSeconds: 600,
    skus: { '808950810': 'MUG-1' },
    locations: { '655441491': 'BER-1' },
  },
};

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
  source = await ingestWorld.createSource(shop, { preset: 'shopify', secret, mapping });
});

let sent = 0;

async function send(
  topic: string,
  message: unknown,
  options: { to?: RunningIngest; messageId?: string; of?: TestSource } = {},
) {
  sent += 1;
  const body = new TextEncoder().encode(JSON.stringify(message));
  const { to = ingest, messageId = `evt-${sent}`, of = source } = options;
  const headers = partnerSigners.shopify({ secret, messageId, atSeconds: 0, body, topic });
  const response = await fetch(`${to.url}${of.path}`, { method: 'POST', headers, body });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const orderOf = (name: string, items: readonly unknown[]) => ({
  id: 820_982_911,
  admin_graphql_api_id: `gid://shopify/Order/${name}`,
  line_items: items,
});
const mug = (quantity: number) => ({ sku: 'MUG-1', quantity, requires_shipping: true });
const levelOf = (available: number | null) => ({
  inventory_item_id: 808_950_810,
  location_id: 655_441_491,
  available,
  updated_at: '2026-01-01T00:00:00-05:00',
});

async function level(): Promise<{ on_hand: number; reserved: number }> {
  const { rows } = await admin.query('select on_hand, reserved from kf.inventory_levels where tenant_id = $1', [
    shop.tenantId.slice(4),
  ]);
  return { on_hand: Number(rows[0].on_hand), reserved: Number(rows[0].reserved) };
}

describe('orders/create', () => {
  test('holds the stock of what is shipped, under the order as reference', async () => {
    const gift = { sku: null, quantity: 1, requires_shipping: false };
    const { status, json } = await send('orders/create', orderOf('1', [mug(2), gift, mug(1)]));
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'SUCCEEDED', data: { status: 'ACTIVE' } });
    expect(await level()).toEqual({ on_hand: 10, reserved: 3 });
    const { rows } = await admin.query('select reference from kf.reservations where tenant_id = $1', [
      shop.tenantId.slice(4),
    ]);
    expect(rows).toEqual([{ reference: 'gid://shopify/Order/1' }]);
  });

  test('is kept where it cannot be told what is meant', async () => {
    const cases: [unknown, string][] = [
      [orderOf('1', [{ ...mug(1), sku: 'CUP-9' }]), 'name_unknown'],
      [orderOf('2', [{ ...mug(1), sku: null }]), 'shape_mismatch'],
      [orderOf('3', [mug(0)]), 'input_invalid'],
      [orderOf('4', []), 'input_invalid'],
      [{ line_items: [mug(1)] }, 'shape_mismatch'],
      [{ id: 1 }, 'type_unknown'],
    ];
    for (const [message, reason] of cases) {
      expect((await send('orders/create', message)).json).toMatchObject({ status: 'QUARANTINED', reason });
    }
    expect((await send('products/update', { id: 2 })).json).toMatchObject({ reason: 'type_unknown' });
    expect(await level()).toEqual({ on_hand: 10, reserved: 0 });
  });

  test('a source that nobody has told what its messages become keeps them all', async () => {
    const silent = await ingestWorld.createSource(shop, { preset: 'shopify', secret });
    const answer = await send('orders/create', orderOf('1', [mug(1)]), { of: silent });
    expect(answer).toMatchObject({ status: 202, json: { reason: 'mapping_missing' } });
  });
});

describe('orders/cancelled', () => {
  const cancel = (name: string) => ({ ...orderOf(name, []), cancelled_at: '2026-01-01T00:00:00-05:00' });

  test('pauses as anybody’s cancellation does: 202, and a request of the connector', async () => {
    await send('orders/create', orderOf('1', [mug(2)]));
    const { status, json } = await send('orders/cancelled', cancel('1'));
    expect(status).toBe(202);
    expect(json).toMatchObject({ status: 'PENDING_APPROVAL', refusal: null, data: { status: 'REQUESTED' } });
    const { rows } = await admin.query(
      'select command_type, requested_by, requester_type, status from kf.approvals where tenant_id = $1',
      [shop.tenantId.slice(4)],
    );
    expect(rows).toEqual([
      {
        command_type: 'reservation.cancel',
        requested_by: shop.connectorId.slice(4),
        requester_type: 'CONNECTOR',
        status: 'REQUESTED',
      },
    ]);
    expect(await level()).toEqual({ on_hand: 10, reserved: 2 });
  });

  test('names no order but those that came through the same source', async () => {
    const other = await ingestWorld.createSource(shop, { preset: 'shopify', secret, mapping });
    await send('orders/create', orderOf('1', [mug(2)]), { of: other });
    const { json } = await send('orders/cancelled', cancel('1'));
    expect(json).toMatchObject({ reason: 'name_unknown', unknown: { subjects: ['gid://shopify/Order/1'] } });
  });
});

describe('inventory_levels/update', () => {
  test('brings what may be sold to the number of the shop, whatever is reserved', async () => {
    await send('orders/create', orderOf('1', [mug(3)]));
    expect((await send('inventory_levels/update', levelOf(20))).json).toMatchObject({
      status: 'SUCCEEDED',
      data: { onHand: 23, availableToPromise: 20 },
    });
    expect(await level()).toEqual({ on_hand: 23, reserved: 3 });
  });

  test('delivered again it changes nothing, also when the level has changed since', async () => {
    const first = await send('inventory_levels/update', levelOf(4), { messageId: 'evt-level' });
    await ingestWorld.run(shop, 'inventory.adjust', {
      variantId: shop.variantId,
      locationId: shop.locationId,
      delta: 5,
      reason: 'received',
    });
    const again = await send('inventory_levels/update', levelOf(4), { messageId: 'evt-level' });
    expect(again.json).toEqual({ ...first.json, replayed: true });
    expect((await level()).on_hand).toBe(9);
  });

  test('of the number that it is, is taken and has no effect', async () => {
    const first = await send('inventory_levels/update', levelOf(10), { messageId: 'evt-same' });
    expect(first).toMatchObject({ status: 200, json: { status: 'WITHOUT_EFFECT', replayed: false } });
    const again = await send('inventory_levels/update', levelOf(10), { messageId: 'evt-same' });
    expect(again).toMatchObject({ status: 200, json: { status: 'WITHOUT_EFFECT', replayed: true } });
  });

  test('many at once, to two processes: each has its effect once, or says that it had none and works later', async () => {
    const second = await ingestWorld.start();
    const messages = Array.from({ length: 12 }, (_, index) => ({
      messageId: `evt-many-${index}`,
      available: 20 + index,
    }));
    let open = messages;
    for (let round = 0; open.length > 0 && round < messages.length; round += 1) {
      const answers = await Promise.all(
        open.map(({ messageId, available }, index) =>
          send('inventory_levels/update', levelOf(available), { messageId, to: index % 2 ? second : ingest }),
        ),
      );
      expect(answers.every(({ status, json }) => status === 503 || json['status'] === 'SUCCEEDED')).toBe(true);
      open = open.filter((_, index) => answers[index]?.status === 503);
    }
    expect(open).toEqual([]);
    expect(messages.map(({ available }) => available)).toContain((await level()).on_hand);
    const { rows } = await admin.query(
      "select count(*) as n, count(distinct message_key) as ids from kf.ingest_claims where outcome = 'PROCESSED' and tenant_id = $1",
      [shop.tenantId.slice(4)],
    );
    expect(rows).toEqual([{ n: '12', ids: '12' }]);
    await second.stop();
  });

  test('of nothing, or of what is not tracked, is kept', async () => {
    expect((await send('inventory_levels/update', levelOf(null))).json).toMatchObject({ reason: 'shape_mismatch' });
    const unknown = { ...levelOf(5), inventory_item_id: 1 };
    expect((await send('inventory_levels/update', unknown)).json).toMatchObject({
      reason: 'name_unknown',
      unknown: { skus: ['1'] },
    });
    const rounded = '{"inventory_item_id":12345678901234567890,"location_id":655441491,"available":5}';
    const body = new TextEncoder().encode(rounded);
    const headers = partnerSigners.shopify({
      secret,
      messageId: 'evt-r',
      atSeconds: 0,
      body,
      topic: 'inventory_levels/update',
    });
    const answer = await fetch(`${ingest.url}${source.path}`, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ reason: 'shape_mismatch' });
  });
});

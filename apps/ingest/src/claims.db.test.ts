import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { effectsOn } from './testing/deliver.ts';
import {
  createIngestWorld,
  type IngestWorld,
  type RunningIngest,
  type Shop,
  type TestSource,
} from './testing/ingest-world.ts';
import { type PartnerMessage, type PartnerPreset, partnerSigners } from './testing/partner-signers.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let second: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  second = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

const secret = 'a-secret-of-a-partner';
const shopifyMapping = { template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } };
const shopifySource = (of: Shop = shop): Promise<TestSource> =>
  ingestWorld.createSource(of, { preset: 'shopify', secret, mapping: shopifyMapping });

/** An order of a shop, as much of it as the mapping reads. */
function order(name: string, quantity = 1): Uint8Array<ArrayBuffer> {
  const gid = `gid://shopify/Order/${name}`;
  const item = { sku: 'MUG-1', quantity, requires_shipping: true };
  const body = { id: 820_982_911, admin_graphql_api_id: gid, cancelled_at: null, line_items: [item] };
  return new TextEncoder().encode(JSON.stringify(body));
}

function cancelled(name: string): Uint8Array<ArrayBuffer> {
  const body = { admin_graphql_api_id: `gid://shopify/Order/${name}`, cancelled_at: '2026-01-01T00:00:00Z' };
  return new TextEncoder().encode(JSON.stringify(body));
}

async function send(
  source: TestSource,
  message: Partial<PartnerMessage> & { readonly body: Uint8Array<ArrayBuffer> },
  { to = ingest, preset = 'shopify' }: { readonly to?: RunningIngest; readonly preset?: PartnerPreset } = {},
) {
  const atSeconds = Math.floor(Date.now() / 1000);
  const headers: Record<string, string> = partnerSigners[preset]({ secret, messageId: 'evt-1', atSeconds, ...message });
  const response = await fetch(`${to.url}${source.path}`, { method: 'POST', headers, body: message.body });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const held = async (): Promise<Record<string, unknown>[]> =>
  (
    await admin.query(
      'select reason, status, message_id from kf.quarantined_messages where tenant_id = $1 order by id',
      [shop.tenantId.slice(4)],
    )
  ).rows;
const claims = async (): Promise<Record<string, unknown>[]> =>
  (
    await admin.query('select outcome, message_id from kf.ingest_claims where tenant_id = $1 order by claimed_at', [
      shop.tenantId.slice(4),
    ])
  ).rows;

describe('a sender that signs no id', () => {
  test('the same bytes under a new id are a suspected replay: kept once for each content, and without effect', async () => {
    const source = await shopifySource();
    expect((await send(source, { body: order('1') })).json).toMatchObject({ status: 'SUCCEEDED' });
    const replay = await send(source, { body: order('1'), messageId: 'evt-2' });
    expect(replay).toMatchObject({ status: 202, json: { status: 'QUARANTINED', reason: 'suspected_replay' } });
    const ids = new Set([replay.json['quarantinedMessageId']]);
    for (const messageId of ['evt-3', 'evt-4', 'evt-5']) {
      const more = await send(source, { body: order('1'), messageId }, { to: second });
      expect(more.status).toBe(202);
      ids.add(more.json['quarantinedMessageId']);
    }
    expect(ids.size).toBe(1);
    expect(await held()).toEqual([{ reason: 'suspected_replay', status: 'HELD', message_id: 'evt-2' }]);
    expect(await claims()).toEqual([{ outcome: 'PROCESSED', message_id: 'evt-1' }]);
    expect(await effectsOn(shop, admin)).toEqual({ reserved: 1, reservations: 1, receipts: 1 });
  });

  test('under a new id and another topic too: an order is not turned into its cancellation', async () => {
    const source = await shopifySource();
    await send(source, { body: order('1') });
    const turned = await send(source, { body: order('1'), messageId: 'evt-2', topic: 'orders/cancelled' });
    expect(turned.json).toMatchObject({ status: 'QUARANTINED', reason: 'suspected_replay' });
    const { rows } = await admin.query('select id from kf.approvals where tenant_id = $1', [shop.tenantId.slice(4)]);
    expect(rows).toEqual([]);
  });

  test('what was refused, and what waits for a human, cannot be replayed either', async () => {
    const source = await shopifySource();
    const refused = await send(source, { body: order('1', 11) });
    expect(refused.json).toMatchObject({ status: 'REFUSED', refusal: { code: 'stock_insufficient' } });
    await send(source, { body: order('2'), messageId: 'evt-2' });
    const waits = await send(source, { body: cancelled('2'), messageId: 'evt-3', topic: 'orders/cancelled' });
    expect(waits).toMatchObject({ status: 202, json: { status: 'PENDING_APPROVAL' } });
    expect((await claims()).map(({ outcome }) => outcome)).toEqual(['REFUSED', 'PROCESSED', 'PAUSED']);
    await ingestWorld.run(shop, 'inventory.adjust', {
      variantId: shop.variantId,
      locationId: shop.locationId,
      delta: 50,
      reason: 'received',
    });
    const replays = [
      await send(source, { body: order('1', 11), messageId: 'evt-11' }),
      await send(source, { body: cancelled('2'), messageId: 'evt-13', topic: 'orders/cancelled' }),
    ];
    expect(replays.map(({ json }) => json['reason'])).toEqual(['suspected_replay', 'suspected_replay']);
    const { rows } = await admin.query('select id from kf.approvals where tenant_id = $1', [shop.tenantId.slice(4)]);
    expect(rows).toHaveLength(1);
    // Its own sender gets the first answer again.
    expect((await send(source, { body: order('1', 11) })).json).toEqual({ ...refused.json, replayed: true });
    const again = await send(source, { body: cancelled('2'), messageId: 'evt-3', topic: 'orders/cancelled' });
    expect(again).toEqual({ status: 202, json: { ...waits.json, replayed: true } });
    expect((await effectsOn(shop, admin)).reserved).toBe(1);
  });

  test('one id for two messages of different topics is no repetition; for two of one topic it is refused', async () => {
    const source = await shopifySource();
    expect((await send(source, { body: order('1') })).status).toBe(200);
    expect((await send(source, { body: cancelled('1'), topic: 'orders/cancelled' })).json).toMatchObject({
      status: 'PENDING_APPROVAL',
    });
    const other = await send(source, { body: order('2') });
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency_key_reused']);
    expect((await effectsOn(shop, admin)).reservations).toBe(1);
  });

  test('the same content under many ids, to two processes at once, has one effect', async () => {
    const source = await shopifySource();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send(source, { body: order('1', 2), messageId: `evt-${index}` }, { to: index % 2 ? second : ingest }),
      ),
    );
    const accepted = answers.filter(({ json }) => json['status'] === 'SUCCEEDED');
    expect(accepted).toHaveLength(1);
    expect(answers.filter(({ json }) => json['status'] === 'QUARANTINED')).toHaveLength(19);
    expect(await effectsOn(shop, admin)).toEqual({ reserved: 2, reservations: 1, receipts: 1 });
    expect(await held()).toHaveLength(1);
  });
});

describe('what a source says about repeated content', () => {
  const generic = (repeatedContent: 'accept' | 'refuse' | 'quarantine') =>
    ingestWorld.createSource(shop, {
      preset: 'generic-hmac',
      secret,
      mapping: shopifyMapping,
      settings: {
        genericHmac: {
          signature: { form: 'single', header: 'x-shopify-hmac-sha256', encoding: 'base64', prefix: '' },
          messageId: { source: 'header', header: 'x-shopify-event-id' },
          claims: { retentionSeconds: 2_592_000, repeatedContent },
        },
      },
    });

  test.each([
    ['accept', 200, 2],
    ['refuse', 422, 1],
    ['quarantine', 202, 1],
  ] as const)('%s', async (policy, status, reservations) => {
    const source = await generic(policy);
    expect((await send(source, { body: order('1') })).status).toBe(200);
    expect((await send(source, { body: order('1'), messageId: 'evt-2' })).status).toBe(status);
    expect((await send(source, { body: order('1') })).json).toMatchObject({ status: 'SUCCEEDED', replayed: true });
    expect((await effectsOn(shop, admin)).reservations).toBe(reservations);
    expect(await held()).toHaveLength(policy === 'quarantine' ? 1 : 0);
  });
});

describe('claims', () => {
  test('are of one source: the same message at another source, tenant or environment is another message', async () => {
    const other = await ingestWorld.createShop('Other');
    const sources = [await shopifySource(), await shopifySource(), await shopifySource(other)];
    for (const source of sources)
      expect((await send(source, { body: order('1') })).json).toMatchObject({ replayed: false });
    expect((await effectsOn(shop, admin)).reservations).toBe(2);
    expect((await effectsOn(other, admin)).reservations).toBe(1);
  });

  test('stand on the receipt of the command, in its transaction, with the trace of the message', async () => {
    const source = await shopifySource();
    const { json } = await send(source, { body: order('1') });
    const { rows } = await admin.query(
      'select c.receipt_id, c.written_in = r.written_in as together, r.body from kf.ingest_claims c join kf.command_receipts r' +
        ' on r.tenant_id = c.tenant_id and r.id = c.receipt_id where c.tenant_id = $1',
      [shop.tenantId.slice(4)],
    );
    expect(rows).toHaveLength(1);
    expect([rows[0].receipt_id, rows[0].together]).toEqual([String(json['receiptId']).slice(4), true]);
    const receipt = JSON.parse(rows[0].body.toString());
    expect(receipt.causationId).toBe('webhook:evt-1');
    expect(receipt.command.type).toBe('reservation.create');
    expect(receipt.events.map((event: { type: string }) => event.type)).toContain('ingest.message.claimed');
  });

  test('no second row with the same id, nor with the same content, can be', async () => {
    const source = await shopifySource();
    await send(source, { body: order('1') });
    const insert = (change: string) =>
      admin.query(
        `insert into kf.ingest_claims select (jsonb_populate_record(c, '${change}'::jsonb)).* from kf.ingest_claims c where tenant_id = $1`,
        [shop.tenantId.slice(4)],
      );
    const key = 'f'.repeat(64);
    await expect(insert(JSON.stringify({ content_key: key }))).rejects.toThrow('ingest_claims_pkey');
    await expect(insert(JSON.stringify({ message_key: key }))).rejects.toThrow('content_key');
  });

  test('answer a message again that became something under another mapping', async () => {
    const source = await shopifySource();
    const first = await send(source, { body: order('1') });
    await ingestWorld.run(shop, 'ingest.set_mapping', {
      ingestSourceId: source.ingestSourceId,
      mapping: { rules: [{ when: [{ is: { header: 'x-shopify-topic' }, equals: 'orders/create' }], ignore: true }] },
    });
    const fresh = await ingestWorld.start();
    expect((await send(source, { body: order('1') }, { to: fresh })).json).toEqual({ ...first.json, replayed: true });
    const next = await send(source, { body: order('2'), messageId: 'evt-2' }, { to: fresh });
    expect(next).toMatchObject({ status: 200, json: { status: 'WITHOUT_EFFECT', replayed: false } });
    const again = await send(source, { body: order('2'), messageId: 'evt-2' }, { to: fresh });
    expect(again).toMatchObject({ status: 200, json: { status: 'WITHOUT_EFFECT', replayed: true } });
    await fresh.stop();
  });
});

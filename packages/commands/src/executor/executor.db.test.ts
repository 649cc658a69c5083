import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { decodeEvent } from '@karmanflow/events';
import { formatKeySet, parseReceiptDocument, receiptDocument, verifyReceipt } from '@karmanflow/receipts';
import { createTestWorld, type TestTenant, type TestWorld } from '../testing/index.ts';
import type { Outcome } from './outcome.ts';

let world: TestWorld;
let tenant: TestTenant;
let level: { variantId: string; locationId: string };

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  const { variantId } = await tenant.succeed('inventory.register_variant', { sku: 'MUG-1', name: 'Mug' });
  const { locationId } = await tenant.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
  level = { variantId: String(variantId), locationId: String(locationId) };
  await tenant.succeed('inventory.adjust', { ...level, delta: 100, reason: 'received' });
});
afterAll(() => world.close());

function receiptOf(outcome: Outcome) {
  if (outcome.kind !== 'receipt') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome;
}

const reserve = (quantity: number, options = {}) =>
  tenant.run('reservation.create', { lines: [{ ...level, quantity }] }, options);

describe('a command', () => {
  test('leaves a receipt that verifies with nothing but the published key', async () => {
    const { receipt, replayed } = receiptOf(await reserve(1));
    expect(replayed).toBe(false);
    expect(receipt.status).toBe('SUCCEEDED');
    const document: unknown = JSON.parse(JSON.stringify(receiptDocument(receipt)));
    expect(parseReceiptDocument(document).ok).toBe(true);
    const keys = formatKeySet([
      { publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null } as never,
    ]);
    console.log(JSON.stringify(keys), JSON.stringify(document));
    expect(verifyReceipt({ document, keys })).toMatchObject({ ok: true });
  });

  test('the same key and payload give the same bytes; another payload is refused; nothing runs twice', async () => {
    const first = receiptOf(await reserve(2, { key: 'order-1' }));
    const again = receiptOf(await reserve(2, { key: 'order-1' }));
    expect(again.replayed).toBe(true);
    expect(Buffer.from(again.receipt.bytes)).toEqual(Buffer.from(first.receipt.bytes));
    expect(await reserve(3, { key: 'order-1' })).toMatchObject({ kind: 'rejected', code: 'idempotency_key_reused' });
  });

  test('fifty at once with one key have one effect', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => reserve(1, { key: 'storm' })));
    const ids = new Set(outcomes.map((outcome) => receiptOf(outcome).receipt.id));
    expect(ids.size).toBe(1);
    expect(outcomes.filter((outcome) => !receiptOf(outcome).replayed)).toHaveLength(1);
  });

  test('is answered by the events that its receipt names', async () => {
    const { receipt } = receiptOf(await reserve(1));
    const admin = await world.testDatabase.admin();
    const { rows } = await admin.query('select body from kf.domain_events where receipt_id = $1', [
      receipt.id.slice(4),
    ]);
    expect(rows).toHaveLength(1);
    const event = decodeEvent(rows[0].body);
    expect(event.eventType).toBe('inventory.reservation.created');
    expect(event.entities.map(({ type }) => type)).toEqual(['reservation', 'inventory_level']);
  });
});

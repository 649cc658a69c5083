import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createTestWorld, responseOf, type TestTenant, type TestWorld } from '@karmanflow/commands/testing';
import { formatKeySet, receiptDocument } from '@karmanflow/receipts';
import type { ClientBase } from 'pg';
import { benchSkuPrefix } from './bench-stock.ts';
import { wrongReceipts } from './wrong-receipts.ts';
import { wrongRows } from './wrong-rows.ts';

// A check that cannot fail proves nothing: the bench's own checks against a small load, whole and then damaged.
let world: TestWorld;
let tenant: TestTenant;
let admin: ClientBase;
const bodies: string[] = [];
const told = { succeeded: 5, refused: 2 };

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Bench');
  admin = await world.testDatabase.admin();
  const { variantId } = await tenant.succeed('inventory.register_variant', { sku: `${benchSkuPrefix}1`, name: 'Mug' });
  const { locationId } = await tenant.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
  await tenant.succeed('inventory.adjust', { variantId, locationId, delta: told.succeeded, reason: 'received' });
  const lines = [{ variantId, locationId, quantity: 1 }];
  for (let count = 0; count < told.succeeded + told.refused; count += 1) {
    const outcome = await tenant.run('reservation.create', { lines });
    if (outcome.kind === 'rejected') throw new Error(outcome.detail);
    if (count < told.succeeded) responseOf(outcome);
    bodies.push(JSON.stringify({ receipt: receiptDocument(outcome.receipt) }));
  }
});
afterAll(() => world.close());

const keySet = () =>
  formatKeySet([{ publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null }]);

/** What is wrong while the damage is done; it is undone afterwards. */
async function wrongWith(damage: string): Promise<string[]> {
  await admin.query('BEGIN');
  try {
    // Triggers and foreign keys would refuse most of it.
    await admin.query("SET LOCAL session_replication_role = 'replica'");
    for (const table of ['stock_movements', 'command_receipts', 'domain_events']) {
      await admin.query(`ALTER TABLE kf.${table} DISABLE TRIGGER refuse_change`);
    }
    expect((await admin.query(damage)).rowCount).toBeGreaterThan(0);
    return await wrongRows(admin, told);
  } finally {
    await admin.query('ROLLBACK');
  }
}

describe('the rows of a load', () => {
  test('are right when nothing is damaged', async () => {
    expect(await wrongRows(admin, told)).toEqual([]);
  });

  test('are wrong when an answer is without its rows, or rows are without an answer', async () => {
    expect(await wrongRows(admin, { ...told, succeeded: 6 })).toContain(
      'succeeded: the database has 5, the answers say 6',
    );
    expect(await wrongRows(admin, { ...told, refused: 1 })).toContain('refused: the database has 2, the answers say 1');
  });

  const level = 'a level is not what its reservations make it';
  const unbound = 'a reservation is without its receipt or its event';
  test.each([
    ['a counter that lost an update', 'UPDATE kf.inventory_levels SET reserved = reserved - 1', level],
    ['a version that lost an update', 'UPDATE kf.inventory_levels SET version = version - 1', level],
    ['more held than is on hand', 'UPDATE kf.inventory_levels SET on_hand = on_hand - 1, shortfall = 1', level],
    ['a movement that is gone', `DELETE FROM kf.stock_movements WHERE ctid IN (${oneOf('stock_movements')})`, level],
    ['a receipt that is gone', `DELETE FROM kf.command_receipts WHERE ctid IN (${oneOf('command_receipts')})`, unbound],
    ['an event that is gone', `DELETE FROM kf.domain_events WHERE ctid IN (${oneOf('domain_events')})`, unbound],
    ['a receipt that the log will never see', 'UPDATE kf.log_pending SET receipt_ids = receipt_ids[2:]', 'pending'],
  ])('are wrong with %s', async (_damage, statement, problem) => {
    expect((await wrongWith(statement)).join('\n')).toContain(problem);
  });
});

/** The row of one reservation. */
function oneOf(table: 'stock_movements' | 'command_receipts' | 'domain_events'): string {
  const column = { stock_movements: 't.event_id', command_receipts: 't.id', domain_events: 't.id' }[table];
  const own = table === 'command_receipts' ? 'r.receipt_id' : 'r.created_by_event';
  return `SELECT t.ctid FROM kf.${table} AS t JOIN kf.reservations AS r ON ${own} = ${column} LIMIT 1`;
}

describe('the receipts of a load', () => {
  test('verify with the published keys', () => {
    expect(wrongReceipts({ keys: keySet(), bodies })).toEqual([]);
  });

  test('are wrong when one was changed, when no key fits, and when there is none', () => {
    const [first = '', ...others] = bodies;
    const changed = [first.replace('"risk":"R1"', '"risk":"R0"'), ...others];
    expect(wrongReceipts({ keys: keySet(), bodies: changed })).toHaveLength(1);
    expect(wrongReceipts({ keys: { keys: [] }, bodies })).toHaveLength(bodies.length);
    expect(wrongReceipts({ keys: keySet(), bodies: [] })).toEqual(['no answer with a receipt was seen']);
  });
});

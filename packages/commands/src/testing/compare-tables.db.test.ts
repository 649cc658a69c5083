import { afterAll, beforeAll, expect, test } from 'bun:test';
import { controlEnvironmentOf, openDatabase } from '@karmanflow/schema';
import { compareScope } from '../integrity/index.ts';
import { registry } from '../registry.ts';
import { compareTablesWithEvents } from './compare-tables.ts';
import { proveHistory } from './prove-history.ts';
import { responseOf } from './test-tenant.ts';
import { createStockedWorld, type Level, receiptOf, type StockedWorld } from './stocked-world.ts';

let stocked: StockedWorld;
let level: Level;

beforeAll(async () => {
  stocked = await createStockedWorld();
  level = await stocked.stock(10);
  receiptOf(await stocked.reserve(level, 3));
  receiptOf(await stocked.reserve(level, 30));
  const { reservationId } = responseOf(await stocked.reserve(level, 2));
  await stocked.tenant.succeed('reservation.commit', { reservationId });
  await stocked.tenant.succeed('allocation.create', { reservationId });
  await stocked.world.createTenant('Another');
});
afterAll(() => stocked.close());

const compare = () => compareTablesWithEvents({ adminUrl: stocked.world.testDatabase.adminUrl });
const prove = () => proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });

/** Does what no role may do, and takes it back afterwards. */
async function sabotaged<T>(sql: string, look: () => Promise<T>): Promise<T> {
  await stocked.admin.query(
    'ALTER TABLE kf.domain_events DISABLE TRIGGER ALL; ALTER TABLE kf.stock_movements DISABLE TRIGGER ALL',
  );
  await stocked.admin.query('ALTER TABLE kf.command_receipts DISABLE TRIGGER ALL');
  const copies = [
    'inventory_levels',
    'stock_movements',
    'domain_events',
    'command_receipts',
    'reservations',
    'allocations',
    'log_pending',
  ];
  for (const table of copies) await stocked.admin.query(`CREATE TABLE public.${table} AS SELECT * FROM kf.${table}`);
  try {
    await stocked.admin.query("SET session_replication_role = 'replica'");
    const { rowCount } = await stocked.admin.query(sql);
    expect(rowCount).toBeGreaterThan(0);
    return await look();
  } finally {
    for (const table of copies) {
      await stocked.admin.query(`ALTER TABLE kf.${table} DISABLE TRIGGER ALL`);
      await stocked.admin.query(`DELETE FROM kf.${table}`);
      await stocked.admin.query(`INSERT INTO kf.${table} OVERRIDING SYSTEM VALUE SELECT * FROM public.${table}`);
      await stocked.admin.query(`DROP TABLE public.${table}`);
    }
    await stocked.admin.query('RESET session_replication_role');
  }
}

test('tables and events of a healthy database agree, and something was compared', async () => {
  const { differences, events, rows } = await compare();
  expect(differences).toEqual([]);
  expect(events).toBeGreaterThan(20);
  expect(rows).toBeGreaterThan(25);
  expect(await prove()).toMatchObject({ complaints: [], events, rows });
});

test('a history that is folded in several passes gives the same, and each row is looked at once', async () => {
  const { adminUrl } = stocked.world.testDatabase;
  const whole = await compare();
  expect(await compareTablesWithEvents({ adminUrl, eventsPerPass: 7 })).toEqual(whole);
  const { differences } = await sabotaged('UPDATE kf.inventory_levels SET on_hand = 11', () =>
    compareTablesWithEvents({ adminUrl, eventsPerPass: 3 }),
  );
  expect(differences).toMatchObject([{ table: 'inventory_levels', column: 'on_hand' }]);
});

test('one environment is compared by the role that reads, which sees no other', async () => {
  const readDatabase = openDatabase({ url: stocked.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test' });
  try {
    const { tenantId, environments } = stocked.tenant;
    const scopes = [environments.sandbox, environments.production, controlEnvironmentOf(tenantId)];
    const compared = await Promise.all(
      scopes.map((environmentId) => compareScope(readDatabase, { scope: { tenantId, environmentId }, registry })),
    );
    expect(compared.flatMap(({ differences }) => differences)).toEqual([]);
    const [sandbox, production, control] = compared;
    expect(sandbox?.rows).toBeGreaterThan(5);
    expect(production?.rows).toBe(0);
    expect(control?.rows).toBeGreaterThan(5);
    const sql = 'UPDATE kf.inventory_levels SET on_hand = 11';
    const scope = { tenantId, environmentId: environments.sandbox };
    const { differences } = await sabotaged(sql, () => compareScope(readDatabase, { scope, registry }));
    expect(differences).toMatchObject([{ table: 'inventory_levels', column: 'on_hand', fromEvents: '10' }]);
  } finally {
    await readDatabase.close();
  }
});

test('a changed quantity is seen, with both values', async () => {
  const { differences } = await sabotaged('UPDATE kf.inventory_levels SET on_hand = 11', compare);
  expect(differences).toMatchObject([
    { table: 'inventory_levels', column: 'on_hand', fromEvents: '10', inTable: '11' },
  ]);
  expect(differences[0]?.key).toContain(level.variantId.slice(4));
});

test('a row that no event made is seen', async () => {
  const sql = `INSERT INTO kf.stock_movements SELECT tenant_id, environment_id, gen_random_uuid(), movement_number, variant_id,
    location_id, from_state, to_state, quantity, reason, occurred_at, receipt_id, written_in FROM kf.stock_movements LIMIT 1`;
  const { differences } = await sabotaged(sql, compare);
  expect(differences).toMatchObject([{ table: 'stock_movements', column: null, fromEvents: null, inTable: 'a row' }]);
});

test('a row that is gone is seen', async () => {
  const { differences } = await sabotaged("DELETE FROM kf.reservations WHERE status = 'ACTIVE'", compare);
  expect(differences).toMatchObject([{ table: 'reservations', column: null, fromEvents: 'a row', inTable: null }]);
});

test('a changed time is seen to the millisecond', async () => {
  const sql = "UPDATE kf.inventory_levels SET updated_at = updated_at + interval '1 millisecond'";
  expect((await sabotaged(sql, compare)).differences).toMatchObject([{ column: 'updated_at' }]);
});

test('an event that is gone is seen', async () => {
  const gone = "DELETE FROM kf.domain_events WHERE type = 'inventory.level.adjusted'";
  await expect(sabotaged(gone, compare)).rejects.toThrow('missing or repeated');
});

test.each([
  ['a receipt with another body', "UPDATE kf.command_receipts SET body = body || ' '", 'does not have its hash'],
  [
    'a receipt with another response',
    "UPDATE kf.command_receipts SET response = '{}' WHERE response IS NOT NULL",
    'does not vouch',
  ],
  [
    'a receipt with another status',
    "UPDATE kf.command_receipts SET status = 'SUCCEEDED' WHERE status = 'REFUSED'",
    'its row SUCCEEDED',
  ],
  ['a receipt that the log does not know', 'DELETE FROM kf.log_pending', 'not in the log exactly once'],
  [
    'movements that do not add up',
    'UPDATE kf.stock_movements SET quantity = quantity + 1',
    'quantities are not the sums',
  ],
  [
    'units that are allocated to nothing',
    'UPDATE kf.inventory_levels SET allocated = allocated + 1',
    'allocated is not the sum of the allocations',
  ],
  [
    'units that are reserved for nothing',
    'UPDATE kf.inventory_levels SET reserved = reserved + 1',
    'reserved is not the sum of open reservations',
  ],
  [
    'an allocation of more than its line',
    'UPDATE kf.allocations SET quantity = quantity + 1',
    'does not stand for all units of its line',
  ],
  [
    'a level with another limit than its policies give it',
    'UPDATE kf.inventory_levels SET oversell_limit = 5',
    'has not the oversell limit of its policies',
  ],
  [
    'a hold that no sweeper looks for',
    "UPDATE kf.reservations SET expires_at = expires_at + interval '1 day'",
    'no sweeper',
  ],
])('%s is seen', async (_what, sql, complaint) => {
  const { complaints } = await sabotaged(sql, prove);
  expect(complaints.length).toBeGreaterThan(0);
  expect(complaints.some((one) => one.includes(complaint))).toBe(true);
});

test('afterwards everything is as it was', async () => {
  expect((await prove()).complaints).toEqual([]);
});

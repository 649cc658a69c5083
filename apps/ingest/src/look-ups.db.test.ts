import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { deliverTo } from './testing/deliver.ts';
import { createIngestWorld, type IngestWorld, order, type RunningIngest, type Shop } from './testing/ingest-world.ts';
import { partnerSigners } from './testing/partner-signers.ts';

setDefaultTimeout(90_000);

/** What one message costs to look up must not grow with what came before it. */
const past = 4_000;

/** Where every message looks. */
const tables = ['ingest_sources', 'ingest_mappings', 'ingest_claims', 'ingest_quarantines', 'quarantined_messages'];

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;
const send = deliverTo(() => ({ ingest, shop }));

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  admin = await ingestWorld.world.testDatabase.admin();
  // Statistics are there when a test makes them, and not before.
  for (const table of tables) await admin.query(`alter table kf.${table} set (autovacuum_enabled = false)`);
});
afterAll(() => ingestWorld.close());

/** Rows that statements of all connections read of these tables so far, whichever way they went. */
async function rowsRead(): Promise<Readonly<Record<string, number>>> {
  const { rows } = await admin.query<{ relname: string; n: string }>(
    'select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as n from pg_stat_user_tables' +
      " where schemaname = 'kf' and relname = any($1)",
    [tables],
  );
  return Object.fromEntries(rows.map(({ relname, n }) => [relname, Number(n)]));
}

/** Copies of the one row that is there, with other keys: a history that a busy source has after a minute, or after a week. */
async function fillPast(): Promise<void> {
  const copy = async (table: string, replaced: Readonly<Record<string, string>>): Promise<void> => {
    const { rows } = await admin.query<{ column_name: string }>(
      "select column_name from information_schema.columns where table_schema = 'kf' and table_name = $1",
      [table],
    );
    const names = rows.map(({ column_name }) => column_name);
    const values = names.map((name) => replaced[name] ?? `t.${name}`);
    await admin.query(
      `insert into kf.${table} (${names.join(', ')}) select ${values.join(', ')}` +
        ` from (select * from kf.${table} where tenant_id = $1 limit 1) t, generate_series(1, ${past}) n`,
      [shop.tenantId.slice(4)],
    );
  };
  const hash = (column: string): string => `encode(sha256(('${column}' || n)::bytea), 'hex')`;
  await copy('ingest_claims', {
    message_key: hash('message'),
    content_key: hash('content'),
    body_key: hash('body'),
    subject: "'subject-' || n",
  });
  const ended = { id: 'gen_random_uuid()', content_key: hash('content'), ended_at: 'now()', status: "'DISCARDED'" };
  await copy('quarantined_messages', { ...ended, payload_id: 'null', outline_id: 'null' });
}

test.each([
  { statistics: 'no', shopName: 'Acme' },
  { statistics: 'its', shopName: 'Bolt' },
])('a message is found by its keys with $statistics statistics, however many came before', async (given) => {
  shop = await ingestWorld.createShop(given.shopName);
  const secret = 'a-secret-of-a-shop';
  const mapping = { template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } };
  const source = await ingestWorld.createSource(shop, { preset: 'shopify', secret, mapping });
  ingest = await ingestWorld.start();
  const shopify = async (topic: string, body: object, messageId: string) => {
    const text = new TextEncoder().encode(JSON.stringify(body));
    const headers = partnerSigners.shopify({ secret, messageId, atSeconds: 0, body: text, topic });
    return (await fetch(`${ingest.url}${source.path}`, { method: 'POST', headers, body: text })).json();
  };
  const created = (name: string, sku = 'MUG-1') => ({
    admin_graphql_api_id: `gid://shopify/Order/${name}`,
    line_items: [{ sku, quantity: 1, requires_shipping: true }],
  });
  expect(await shopify('orders/create', created('held', 'CUP-7'), 'evt-0')).toMatchObject({ status: 'QUARANTINED' });
  await fillPast();
  if (given.statistics === 'its') await admin.query(`analyze ${tables.map((table) => `kf.${table}`).join(', ')}`);
  await ingest.stop();
  const connections = async (): Promise<number> =>
    Number(
      (
        await admin.query(
          "select count(*) as n from pg_stat_activity where usename = 'kf_ingest' and datname = current_database()",
        )
      ).rows[0].n,
    );
  // Statistics of a connection are complete when it has ended.
  await waitUntil({ what: 'the end of its connections', condition: async () => (await connections()) === 0 });
  await admin.query('select pg_stat_force_next_flush(), pg_stat_clear_snapshot()');
  const before = await rowsRead();

  ingest = await ingestWorld.start();
  expect(await shopify('orders/create', created('1'), 'evt-1')).toMatchObject({ status: 'SUCCEEDED' });
  expect(await shopify('orders/create', created('1'), 'evt-1')).toMatchObject({ status: 'SUCCEEDED', replayed: true });
  expect(await shopify('orders/create', created('1'), 'evt-2')).toMatchObject({ status: 'QUARANTINED' });
  expect(await shopify('orders/create', created('1'), 'evt-3')).toMatchObject({
    status: 'QUARANTINED',
    replayed: true,
  });
  expect(
    await shopify('orders/cancelled', { ...created('1'), cancelled_at: '2026-01-01T00:00:00Z' }, 'evt-4'),
  ).toMatchObject({
    status: 'PENDING_APPROVAL',
  });
  expect((await send(order())).status).toBe(200);
  await fetch(`${ingest.url}${source.path}/requests`, { method: 'POST' });
  await ingest.stop();
  await waitUntil({ what: 'the end of its connections', condition: async () => (await connections()) === 0 });
  await admin.query('select pg_stat_clear_snapshot()');
  const after = await rowsRead();
  const read = Object.fromEntries(tables.map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)]));
  expect(Object.values(read).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  for (const table of tables) expect([table, (read[table] ?? 0) < past / 10]).toEqual([table, true]);
});

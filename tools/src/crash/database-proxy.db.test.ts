import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import { createEmptyDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import pg from 'pg';
import { type DatabaseProxy, openDatabaseProxy } from './database-proxy.ts';

let testDatabase: TestDatabase;
let admin: pg.Client;
let proxy: DatabaseProxy;

beforeAll(async () => {
  testDatabase = await createEmptyDatabase();
  admin = await testDatabase.admin();
  await admin.query('CREATE SCHEMA kf');
  await admin.query('CREATE TABLE kf.command_receipts (id integer PRIMARY KEY)');
});

afterAll(async () => {
  await admin.end();
  await testDatabase.drop();
});

beforeEach(async () => {
  await admin.query('TRUNCATE kf.command_receipts');
  proxy = await openDatabaseProxy({ postgresPort: Number(new URL(testDatabase.adminUrl).port || 5432) });
});

afterEach(async () => {
  await proxy.close();
});

async function connectThroughProxy(): Promise<pg.Client> {
  const url = new URL(testDatabase.adminUrl);
  url.port = String(proxy.port);
  // The types of pg do not know `pipeline` yet.
  const client = new pg.Client({ connectionString: url.href, pipeline: true } as pg.ClientConfig);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Writes as the executor does: everything up to COMMIT at once. The error, or null when it was acknowledged. */
async function write(client: pg.Client, id: number): Promise<unknown> {
  const insert = {
    name: 'insert_command_receipts_1',
    text: 'INSERT INTO kf.command_receipts VALUES ($1)',
    values: [id],
  };
  const sent = [client.query('BEGIN'), client.query(insert), client.query('COMMIT')];
  const results = await Promise.allSettled(sent);
  return results.find((result) => result.status === 'rejected')?.reason ?? null;
}

async function storedIds(): Promise<number[]> {
  const { rows } = await admin.query<{ id: number }>('SELECT id FROM kf.command_receipts ORDER BY id');
  return rows.map(({ id }) => id);
}

/** Waits until no other session is inside a transaction: a server takes its time to notice a reset. */
async function quiet(): Promise<void> {
  for (;;) {
    const { rowCount } = await admin.query(
      'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    if (rowCount === 0) return;
    await Bun.sleep(10);
  }
}

test('it lets everything through, and a commit is seen as it goes by', async () => {
  const client = await connectThroughProxy();
  const seen = proxy.spring('watch', 2_000);
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect(await write(client, 1)).toBeNull();
  expect(await seen).toBe(true);
  expect(await write(client, 2)).toBeNull();
  expect(await storedIds()).toEqual([1, 2]);
  expect(proxy.writing()).toBe(0);
  await client.end();
});

test('lose_answer: the commit takes effect and its client learns nothing', async () => {
  const client = await connectThroughProxy();
  const sprung = proxy.spring('lose_answer', 2_000);
  expect(await write(client, 1)).toBeInstanceOf(Error);
  expect(await sprung).toBe(true);
  expect(await storedIds()).toEqual([1]);
});

test('withhold: the commit takes effect, and its client waits', async () => {
  const client = await connectThroughProxy();
  const sprung = proxy.spring('withhold', 2_000);
  const written = write(client, 1);
  expect(await sprung).toBe(true);
  expect(await storedIds()).toEqual([1]);
  await proxy.close();
  expect(await written).toBeInstanceOf(Error);
});

test('reset: everything was written and nothing is committed', async () => {
  const client = await connectThroughProxy();
  const sprung = proxy.spring('reset', 2_000);
  expect(await write(client, 1)).toBeInstanceOf(Error);
  expect(await sprung).toBe(true);
  await quiet();
  expect(await storedIds()).toEqual([]);
});

test('cut: its client learns nothing, whether or not the commit took effect', async () => {
  const client = await connectThroughProxy();
  const sprung = proxy.spring('cut', 2_000);
  expect(await write(client, 1)).toBeInstanceOf(Error);
  expect(await sprung).toBe(true);
  await quiet();
  expect([[], [1]]).toContainEqual(await storedIds());
});

test('a trap is for one transaction that writes: reads pass by it, and it ends with its deadline', async () => {
  const client = await connectThroughProxy();
  const sprung = proxy.spring('reset', 300);
  await Promise.all([client.query('BEGIN READ ONLY'), client.query('SELECT 1'), client.query('COMMIT')]);
  expect(await sprung).toBe(false);
  expect(await write(client, 1)).toBeNull();
  expect(await storedIds()).toEqual([1]);
  await client.end();
});

test('a client that does not speak the protocol is cut off, and the proxy goes on', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await Bun.connect({
    hostname: '127.0.0.1',
    port: proxy.port,
    socket: {
      open: (socket) => void socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
      data: () => undefined,
      close: () => resolve(),
    },
  });
  await promise;
  const client = await connectThroughProxy();
  expect(await write(client, 1)).toBeNull();
  await client.end();
});

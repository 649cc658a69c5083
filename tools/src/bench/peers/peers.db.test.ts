import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createTestWorld, type TestTenant, type TestWorld } from '@karmanflow/commands/testing';
import { tableNames, toUuid } from '@karmanflow/schema';
import type { ClientBase, Pool } from 'pg';
import { functionStore } from './function-store.ts';
import { installPeerFunction } from './install-peer-function.ts';
import { kyselyStore } from './kysely-store.ts';
import { limitStore } from './limit-store.ts';
import { openPeerPool } from './open-peer-pool.ts';
import type { PeerIdentity, ReservationStore } from './reservation-store.ts';
import { rowsOfRequest } from './rows-of-request.ts';

// Peers are only worth a comparison while they write what we write.
const onHand = 1000;
const tooMany = 100_000;
let world: TestWorld;
let tenant: TestTenant;
let admin: ClientBase;
let pool: Pool;
let line: { variantId: string; locationId: string; quantity: number };
let identity: PeerIdentity;

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Bench');
  admin = await world.testDatabase.admin();
  await installPeerFunction(admin);
  const { variantId = '' } = await tenant.succeed('inventory.register_variant', { sku: 'MUG-1', name: 'Mug' });
  const { locationId = '' } = await tenant.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
  await tenant.succeed('inventory.adjust', { variantId, locationId, delta: onHand, reason: 'received' });
  line = { variantId, locationId, quantity: 2 };
  const databaseUrl = world.testDatabase.urlFor('kf_command');
  pool = openPeerPool({ databaseUrl, connections: 4, applicationName: 'kf-bench-test' });
  identity = {
    tenantId: toUuid(tenant.tenantId),
    environmentId: toUuid(tenant.environments.sandbox),
    principalId: toUuid(tenant.caller.actor.id),
  };
});
afterAll(async () => {
  await pool.end();
  await world.close();
});

function rowsFor(options: { key?: string; quantity?: number } = {}) {
  const input = { holdSeconds: 900, lines: [{ ...line, quantity: options.quantity ?? line.quantity }] };
  return rowsOfRequest({
    input,
    rawBody: JSON.stringify(input),
    idempotencyKey: options.key ?? Bun.randomUUIDv7(),
    sizes: { receiptBytes: 1700, eventBytes: 1000 },
  });
}

/** How many rows each table has, and what the level says. */
async function state(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tableNames) {
    // A minute of the schedule may or may not be new.
    if (table === 'expiry_schedule') continue;
    const { rows } = await admin.query<{ count: string }>(`SELECT count(*) FROM kf.${table}`);
    counts[table] = Number(rows[0]?.count);
  }
  const { rows } = await admin.query<{ reserved: string; version: string }>('SELECT * FROM kf.inventory_levels');
  return { ...counts, reserved: Number(rows[0]?.reserved), version: Number(rows[0]?.version) };
}

async function changeBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await state();
  await work();
  const after = await state();
  const changed = Object.entries(after).filter(([name, count]) => count !== before[name]);
  return Object.fromEntries(changed.map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

const stores = { function: functionStore, kysely: kyselyStore, limit: limitStore };

describe.each(['function', 'kysely', 'limit'] as const)('the contender %s', (name) => {
  let opened: ReservationStore | undefined;
  const store = (): ReservationStore => (opened ??= stores[name](pool, identity));

  test('writes the rows that our command writes', async () => {
    const { quantity } = line;
    const ours = await changeBy(() => tenant.succeed('reservation.create', { lines: [line] }));
    expect(ours).toMatchObject({
      reservations: 1,
      command_receipts: 1,
      domain_events: 1,
      reserved: quantity,
      version: 1,
    });
    expect(await changeBy(() => store().reserve(rowsFor()))).toEqual(ours);
  });

  test('refuses what is not there, with a receipt', async () => {
    const rows = rowsFor({ quantity: tooMany });
    const ours = await changeBy(() => tenant.run('reservation.create', { lines: [{ ...line, quantity: tooMany }] }));
    const theirs = await changeBy(async () => {
      expect(await store().reserve(rows)).toBe('insufficient');
      await store().refuse(rows);
    });
    expect(theirs).toEqual(ours);
  });

  test('has one effect for one key', async () => {
    const first = rowsFor({ key: `${name}-1` });
    expect(await store().reserve(first)).toBe('reserved');
    const again = rowsFor({ key: `${name}-1` });
    expect(await changeBy(async () => expect(await store().reserve(again)).toBe('repeated'))).toEqual({});
    const found = await store().find(again.keyHash);
    expect(found?.status).toBe('SUCCEEDED');
    expect(Buffer.from(found?.response ?? []).toString()).toBe(first.response.toString());
    expect(await store().find(rowsFor().keyHash)).toBeNull();
  });

  test('never sells more than there is, also to many at once', async () => {
    const { rows } = await admin.query<{ left: string }>('SELECT on_hand - reserved AS left FROM kf.inventory_levels');
    const quantity = Math.floor(Number(rows[0]?.left) / 10);
    const ends = await Promise.all(Array.from({ length: 16 }, () => store().reserve(rowsFor({ quantity }))));
    expect(ends.filter((end) => end === 'reserved')).toHaveLength(10);
    expect(ends.filter((end) => end === 'insufficient')).toHaveLength(6);
    // Room for the tests of the other peer.
    await tenant.succeed('inventory.adjust', { ...placeOf(line), delta: onHand, reason: 'received' });
  });
});

function placeOf({ variantId, locationId }: { variantId: string; locationId: string }) {
  return { variantId, locationId };
}

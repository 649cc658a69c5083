import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { drainQueue, lead } from '@karmanflow/events';
import { type Database, openDatabase } from '@karmanflow/schema';
import { describeReplay, replayByScope, replayEverything } from './replay-check.ts';

setDefaultTimeout(90_000);

let world: TestWorld;
let sequencer: Database;
let read: Database;
beforeAll(async () => {
  world = await createTestWorld();
  const open = (role: 'kf_sequencer' | 'kf_read') =>
    openDatabase({ url: world.testDatabase.urlFor(role), applicationName: 'kf-test-replay', connectionsMax: 2 });
  [sequencer, read] = [open('kf_sequencer'), open('kf_read')];
  for (const name of ['Acme', 'Globex']) {
    const tenant = await world.createTenant(name);
    await tenant.succeed('inventory.register_variant', { sku: 'MUG', name: 'Mug' });
  }
  // Leaves are how the sequencer's role knows of a tenant; what their hashes are is nothing to a replay.
  const readReceipt = () => ({ leafHash: new Uint8Array(32), eventIds: [] });
  const work: Parameters<typeof lead>[1]['work'] = async ({ connection, epoch }) =>
    void (await drainQueue(connection, { epoch, readReceipt, distrust: false }));
  while (!(await lead(sequencer, { leaderId: Bun.randomUUIDv7(), work }))) await Bun.sleep(5);
});
afterAll(async () => {
  await Promise.all([sequencer.close(), read.close()]);
  await world.close();
});

const asAdministrator = () => replayEverything(world.testDatabase.adminUrl);
const asReader = () => replayByScope({ sequencer, read });

test('a sound database is said to be so, by the administrator and by who only reads, with the same rows', async () => {
  const [all, scoped] = await Promise.all([asAdministrator(), asReader()]);
  expect(describeReplay(all)).toMatchObject({ isSound: true });
  expect(describeReplay(scoped).text).toContain('of 6 environments folded from nothing');
  expect(scoped).toMatchObject({ events: all.events, rows: all.rows, environments: 6, differences: [] });
  expect(all.rows).toBeGreaterThan(20);
});

test('a row that was changed, and an event that is gone, are named', async () => {
  const admin = await world.testDatabase.admin();
  await admin.query("SET session_replication_role = 'replica'");
  await admin.query("UPDATE kf.variants SET name = 'Cup' WHERE ctid = (SELECT min(ctid) FROM kf.variants)");
  for (const check of [await asAdministrator(), await asReader()]) {
    const { isSound, text } = describeReplay(check);
    expect(isSound).toBe(false);
    expect(text).toMatch(/✗ variants .*: name is "Cup", the events give "Mug"/);
  }
  await admin.query('ALTER TABLE kf.domain_events DISABLE TRIGGER ALL');
  await admin.query(
    "DELETE FROM kf.domain_events WHERE ctid = (SELECT min(ctid) FROM kf.domain_events WHERE type = 'inventory.variant.registered')",
  );
  expect(describeReplay(await asReader()).text).toContain('no event made this row');
});

test('a database without rows is not taken for a sound one', () => {
  const nothing = { differences: [], events: 0, rows: 0, unreadable: [], environments: 0 };
  expect(describeReplay(nothing)).toMatchObject({ isSound: false });
  expect(describeReplay({ ...nothing, unreadable: ['env: version 2 is missing'] }).text).toContain('not whole');
});

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { createWorkerWorld, type WorkerWorld } from './testing/worker-world.ts';

setDefaultTimeout(90_000);

/** The process itself, with its signals. */
let workerWorld: WorkerWorld;
let directory: string;

beforeAll(async () => {
  workerWorld = await createWorkerWorld();
  directory = await mkdtemp(join(tmpdir(), 'kf-worker-'));
  const store = createFileSecretStore({ directory });
  await store.write(
    'secrets://database-url-kf_worker',
    Buffer.from(workerWorld.world.testDatabase.urlFor('kf_worker')),
  );
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await store.write('secrets://receipt-keyring', Buffer.from(keyring));
});
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await workerWorld.close();
  await rm(directory, { recursive: true });
});

function start() {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, 'main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      KF_PROFILE: 'local',
      KF_PORT: '0',
      KF_METRICS_PORT: '0',
      KF_SECRETS: `file:${directory}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_worker',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_LOG_LEVEL: 'warn',
    },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  children.push(child);
  return child;
}

test('killed in the middle of a sweep it loses nothing and does nothing twice; on SIGTERM it ends cleanly', async () => {
  const { sandbox: store } = await workerWorld.createTenant('Acme');
  const holds: Awaited<ReturnType<typeof store.hold>>[] = [];
  // Not all at once: the last of a thousand would pass their deadline on a slow machine.
  while (holds.length < 1_000) holds.push(...(await Promise.all(Array.from({ length: 100 }, () => store.hold()))));
  const last = holds.toSorted((one, other) => (one.expiresAt < other.expiresAt ? -1 : 1)).at(-1);
  await workerWorld.waitForClock(last?.expiresAt ?? '');
  // While somebody else holds the last one the sweep cannot end, so the kill comes in the middle of it.
  const blocker = await workerWorld.world.testDatabase.admin();
  await blocker.query('begin');
  await blocker.query('select from kf.reservations where id = $1 for update', [last?.reservationId.slice(4)]);
  const expired = async (): Promise<number> => {
    const text =
      "select count(*) as n from kf.domain_events where tenant_id = $1 and type = 'inventory.reservation.expired'";
    return Number((await workerWorld.admin.query(text, [store.tenantId.slice(4)])).rows[0].n);
  };
  const killed = start();
  await waitUntil({
    what: 'the first expiries',
    condition: async () => (await expired()) > 0,
    deadlineMilliseconds: 60_000,
  });
  killed.kill('SIGKILL');
  await killed.exited;
  await blocker.query('rollback');
  expect(await expired()).toBeLessThan(holds.length);
  const next = start();
  await waitUntil({
    what: 'all expire',
    condition: async () => (await store.reserved()) === 0,
    deadlineMilliseconds: 60_000,
  });
  expect(await expired()).toBe(holds.length);
  next.kill('SIGTERM');
  expect(await next.exited).toBe(0);
  expect(await new Response(next.stdout).text()).not.toContain('"level":"error"');
});

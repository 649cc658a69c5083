import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { type PubsubServer, startPubsubServer } from './testing/pubsub-server.ts';

setDefaultTimeout(120_000);

const topic = 'projects/sample-project/topics/events';
let world: TestWorld;
let server: PubsubServer;
let directory: string;
const children: Bun.Subprocess[] = [];
beforeAll(async () => {
  world = await createTestWorld();
  server = await startPubsubServer({ topic });
  directory = await mkdtemp(join(tmpdir(), 'kf-connectors-main-'));
  const store = createFileSecretStore({ directory: join(directory, 'secrets') });
  for (const role of ['kf_worker', 'kf_sequencer'] as const) {
    await store.write(`secrets://database-url-${role}`, Buffer.from(world.testDatabase.urlFor(role)));
  }
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await store.write('secrets://receipt-keyring', Buffer.from(keyring));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
  await world.close();
  await rm(directory, { recursive: true });
});

const variables = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  KF_PROFILE: 'local',
  KF_PORT: '0',
  KF_METRICS_PORT: '0',
  KF_SECRETS: `file:${join(directory, 'secrets')}`,
  KF_DATABASE_URL_REF: 'secrets://database-url-kf_worker',
  KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
  KF_LOG_LEVEL: 'warn',
});

test('the worker follows the streams for others when it is told to, and lets go when it ends', async () => {
  const tenant = await world.createTenant('Acme');
  const worker = Bun.spawn([process.execPath, resolve(import.meta.dir, '../main.ts')], {
    env: {
      ...variables(),
      KF_SEQUENCER_DATABASE_URL_REF: 'secrets://database-url-kf_sequencer',
      KF_PUBSUB_TOPIC: topic,
      KF_PUBSUB_ENDPOINT: server.origin,
      KF_LAKE: `file:${join(directory, 'lake')}`,
      KF_LAKE_INTERVAL_SECONDS: '1',
      GOOGLE_APPLICATION_CREDENTIALS: server.credentialsPath,
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'inherit',
  });
  children.push(worker);
  const admin = await world.testDatabase.admin();
  const events = async (): Promise<number> =>
    Number((await admin.query('select count(*) as n from kf.domain_events')).rows[0].n);
  expect(await events()).toBeGreaterThan(5);
  const until = (what: string, condition: () => Promise<boolean>) =>
    waitUntil({ what, condition, deadlineMilliseconds: 90_000 });
  await until('the topic has every event', async () => {
    const ids = new Set(server.messages.map(({ attributes }) => attributes['eventId']));
    return ids.size === (await events());
  });
  const exported = async (): Promise<number> => {
    const { rows } = await admin.query(
      "select coalesce(sum(seq), 0) as n from kf.consumer_tracks where consumer = 'data_lake'",
    );
    return Number(rows[0].n);
  };
  await until('the lake has every event', async () => (await exported()) === (await events()));
  expect(await readdir(join(directory, 'lake/events'))).toEqual([tenant.tenantId.slice(4)]);
  worker.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
  const { rows } = await admin.query('select count(*) as n from kf.consumer_tracks where owner_id is not null');
  expect(Number(rows[0].n)).toBe(0);
});

test('somebody operates a connector with the variables of the worker', async () => {
  const run = (...argv: string[]) =>
    Bun.spawnSync([process.execPath, resolve(import.meta.dir, 'operate.ts'), ...argv], { env: variables() });
  const wrong = run('nothing');
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stderr.toString()).toContain('operate.ts <tenant id>');
});

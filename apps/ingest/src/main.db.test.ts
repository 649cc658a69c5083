import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { createIngestWorld, delivery, type IngestWorld, order, type Shop } from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

/** The process itself. No other process of ours runs beside it: it needs its database and its secrets, and nothing else. */
let ingestWorld: IngestWorld;
let shop: Shop;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  shop = await ingestWorld.createShop('Acme');
  const { secretStore, world } = ingestWorld;
  await secretStore.write('secrets://database-url-kf_ingest', Buffer.from(world.testDatabase.urlFor('kf_ingest')));
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await secretStore.write('secrets://receipt-keyring', Buffer.from(keyring));
});
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await ingestWorld.close();
});

function start(environment: Readonly<Record<string, string>>) {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, 'main.ts')], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  children.push(child);
  const written = { text: '' };
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) written.text += decoder.decode(chunk, { stream: true });
  })();
  return { child, written, ended };
}

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port ?? 0;
}

test('starts, takes an order, and stops cleanly on SIGTERM', async () => {
  const port = freePort();
  const { child, written, ended } = start({
    KF_PROFILE: 'local',
    KF_PORT: String(port),
    KF_METRICS_PORT: '0',
    KF_SECRETS: `file:${ingestWorld.secretsDirectory}`,
    KF_DATABASE_URL_REF: 'secrets://database-url-kf_ingest',
    KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil({ what: 'readiness', condition: isReady, deadlineMilliseconds: 60_000 });
  const answer = await fetch(`${url}${shop.path}`, delivery(shop, order()));
  expect(await answer.json()).toMatchObject({ status: 'SUCCEEDED', replayed: false });
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
  await ended;
  expect(written.text).toContain('"message":"stopped"');
  expect(written.text).not.toContain('postgresql://');
});

test('says what is missing from its configuration, and does not start with the role of another process', async () => {
  const unset = start({});
  expect(await unset.child.exited).toBe(1);
  await unset.ended;
  expect(unset.written.text).toContain('KF_RECEIPT_KEYRING_REF');
  expect(unset.written.text).toContain('KF_SECRETS');

  await ingestWorld.secretStore.write(
    'secrets://wrong-role',
    Buffer.from(ingestWorld.world.testDatabase.urlFor('kf_command')),
  );
  const wrongRole = start({
    KF_PROFILE: 'local',
    KF_PORT: '0',
    KF_METRICS_PORT: '0',
    KF_SECRETS: `file:${ingestWorld.secretsDirectory}`,
    KF_DATABASE_URL_REF: 'secrets://wrong-role',
    KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
  });
  expect(await wrongRole.child.exited).toBe(1);
  await wrongRole.ended;
  expect(wrongRole.written.text).toContain('role_unexpected');
});

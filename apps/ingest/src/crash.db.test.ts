import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { effectsOn } from './testing/deliver.ts';
import { createIngestWorld, type IngestWorld, type Shop, type TestSource } from './testing/ingest-world.ts';
import { partnerSigners } from './testing/partner-signers.ts';

setDefaultTimeout(120_000);

/** Real processes that are killed while a sender delivers and redelivers, as providers do. */
let ingestWorld: IngestWorld;
let shop: Shop;
let source: TestSource;
const secret = 'a-secret-of-a-shop';
const running = new Set<Bun.Subprocess>();

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  shop = await ingestWorld.createShop('Acme');
  const mapping = { template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } };
  source = await ingestWorld.createSource(shop, { preset: 'shopify', secret, mapping });
  const { secretStore, world } = ingestWorld;
  await secretStore.write('secrets://database-url-kf_ingest', Buffer.from(world.testDatabase.urlFor('kf_ingest')));
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await secretStore.write('secrets://receipt-keyring', Buffer.from(keyring));
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await ingestWorld.close();
});

interface Place {
  readonly port: number;
  readonly url: string;
  child: Bun.Subprocess;
}

function spawn(port: number): Bun.Subprocess {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, 'main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      KF_PROFILE: 'local',
      KF_PORT: String(port),
      KF_METRICS_PORT: '0',
      KF_SECRETS: `file:${ingestWorld.secretsDirectory}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_ingest',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_LOG_LEVEL: 'error',
    },
    stdout: 'ignore',
    stderr: 'ignore',
  });
  running.add(child);
  return child;
}

async function place(): Promise<Place> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  return { port, url: `http://127.0.0.1:${port}`, child: spawn(port) };
}

const isReady = ({ url }: Place): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

test('killed again and again under a sender that redelivers, two processes give each message one effect', async () => {
  const messages = 80;
  await ingestWorld.run(shop, 'inventory.adjust', {
    variantId: shop.variantId,
    locationId: shop.locationId,
    delta: 1_000,
    reason: 'received',
  });
  const places = [await place(), await place()] as const;
  for (const one of places) {
    await waitUntil({ what: 'readiness', condition: () => isReady(one), deadlineMilliseconds: 30_000 });
  }
  let acknowledged = 0;
  let failures = 0;

  /** Until it is acknowledged, to either process in turn; a third of them once more after that. */
  async function deliver(index: number): Promise<void> {
    const item = { sku: 'MUG-1', quantity: 1, requires_shipping: true };
    const order = { admin_graphql_api_id: `gid://shopify/Order/${index}`, line_items: [item] };
    const body = new TextEncoder().encode(JSON.stringify(order));
    const headers = partnerSigners.shopify({ secret, messageId: `evt-${index}`, atSeconds: 0, body });
    for (let attempt = index; ; attempt += 1) {
      const { url } = places[attempt % 2] ?? places[0];
      const status = await fetch(`${url}${source.path}`, { method: 'POST', headers, body }).then(
        async (response) => (await response.text(), response.status),
        () => 0,
      );
      if (status === 200) break;
      failures += 1;
      expect([0, 500, 503, 504]).toContain(status);
      await isReady(places[(attempt + 1) % 2] ?? places[0]);
    }
    acknowledged += 1;
    if (index % 3 === 0) {
      await fetch(`${places[index % 2]?.url}${source.path}`, { method: 'POST', headers, body }).catch(() => undefined);
    }
  }

  async function kill(victim: Place): Promise<void> {
    victim.child.kill('SIGKILL');
    await victim.child.exited;
    running.delete(victim.child);
    victim.child = spawn(victim.port);
    await waitUntil({ what: 'readiness', condition: () => isReady(victim), deadlineMilliseconds: 30_000 });
  }

  const queue = Array.from({ length: messages }, (_, index) => index);
  const senders = Array.from({ length: 4 }, async () => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) await deliver(index);
  });
  let kills = 0;
  const killer = (async () => {
    for (const share of [0.1, 0.3, 0.5, 0.7]) {
      await waitUntil({
        what: `${share} acknowledged`,
        condition: () => acknowledged >= share * messages,
        deadlineMilliseconds: 90_000,
      });
      await kill(places[kills % 2] ?? places[0]);
      kills += 1;
    }
  })();
  await Promise.all([...senders, killer]);
  expect([acknowledged, kills]).toEqual([messages, 4]);
  expect(failures).toBeGreaterThan(0);
  const admin = await ingestWorld.world.testDatabase.admin();
  expect(await effectsOn(shop, admin)).toMatchObject({ reserved: messages, reservations: messages });
  const { rows } = await admin.query(
    'select count(*) as claims, count(distinct message_key) as ids, count(distinct content_key) as contents' +
      " from kf.ingest_claims where tenant_id = $1 and outcome = 'PROCESSED'",
    [shop.tenantId.slice(4)],
  );
  const all = String(messages);
  expect(rows).toEqual([{ claims: all, ids: all, contents: all }]);
});

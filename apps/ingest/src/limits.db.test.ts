import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { SecretStore } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { ingestLimits } from './ingest-limits.ts';
import { effectsOn } from './testing/deliver.ts';
import {
  createIngestWorld,
  delivery,
  type DeliveryOptions,
  type IngestWorld,
  order,
  type RunningIngest,
  type Shop,
  type TestSource,
} from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
  shop = await ingestWorld.createShop('Acme');
});
afterAll(() => ingestWorld.close());

const createSource = (limits: object): Promise<TestSource> =>
  ingestWorld.createSource(shop, { preset: 'standard-webhooks', secret: shop.secret, settings: { limits } });

async function send(path: string, message: unknown, options: DeliveryOptions & { of?: Shop; to?: RunningIngest } = {}) {
  const { of = shop, to = ingest, ...rest } = options;
  const response = await fetch(`${to.url}${path}`, delivery(of, message, rest));
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), json };
}

describe('a source that sends more than was agreed upon', () => {
  test('is told when to come back; what it sent too much has no effect, and works later', async () => {
    const source = await createSource({ messagesPerSecond: 1, burstMessages: 3 });
    const before = await effectsOn(shop, admin);
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        send(source.path, order({ quantity: 1 }), { messageId: `rate-${index}` }),
      ),
    );
    const taken = many.filter(({ status }) => status === 200);
    const told = many.filter(({ status }) => status === 429);
    expect(taken.length).toBeGreaterThanOrEqual(3);
    expect(told.length).toBeGreaterThan(0);
    expect(taken.length + told.length).toBe(60);
    expect(told[0]).toMatchObject({ retryAfter: '1', json: { code: 'rate_limited', retryable: true } });
    const { rows } = await admin.query('select count(*) as n from kf.ingest_claims where ingest_source_id = $1', [
      source.ingestSourceId.slice(4),
    ]);
    expect(Number(rows[0].n)).toBe(taken.length);
    expect((await effectsOn(shop, admin)).receipts - before.receipts).toBe(taken.length);
    const waits = many.findIndex(({ status }) => status === 429);
    const works = async (): Promise<boolean> =>
      (await send(source.path, order(), { messageId: `rate-${waits}` })).status === 200;
    await waitUntil({ what: 'a token', condition: works, deadlineMilliseconds: 30_000 });
    const metrics = await (await fetch(`http://127.0.0.1:${ingest.metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/kf_ingest_messages_total\{[^}]*outcome="limited"[^}]*\} [1-9]/);
  });

  test('takes nothing from another source, and nothing is taken from it by who cannot sign', async () => {
    const source = await createSource({ messagesPerSecond: 1, burstMessages: 1 });
    const stranger = await ingestWorld.createShop('Stranger');
    for (let sent = 0; sent < 20; sent += 1) {
      expect((await send(source.path, order(), { secret: stranger.secret })).status).toBe(401);
    }
    expect((await send(source.path, order())).status).toBe(200);
    expect((await send(shop.path, order())).status).toBe(200);
  });

  test('has as many under way as there is room for, and keeps nobody else waiting', async () => {
    // What cannot be processed is kept under a key; while that key does not come, such messages are under way.
    const key = Promise.withResolvers<void>();
    const store: SecretStore = {
      async read(reference) {
        if (reference === 'secrets://ingest-quarantine-key') await key.promise;
        return ingestWorld.secretStore.read(reference);
      },
    };
    const slow = await ingestWorld.start({ secretStore: store });
    const other = await ingestWorld.createShop('Other');
    const source = await createSource({ messagesPerSecond: 10_000, burstMessages: 100_000 });
    const inside = ingestLimits.messagesAtOncePerSource;
    let told = 0;
    const stuck = Array.from({ length: inside + 20 }, async (_, index) => {
      const message = order({ sku: 'CUP-7', orderId: `stuck-${index}` });
      const { status } = await send(source.path, message, { messageId: `stuck-${index}`, to: slow });
      told += status === 429 ? 1 : 0;
      return status;
    });
    await waitUntil({ what: 'the source is full', condition: () => told >= 20, deadlineMilliseconds: 45_000 });
    // Not one of those inside has been answered, and this one is.
    const served = await send(other.path, order(), { of: other, to: slow });
    expect(served).toMatchObject({ status: 200, json: { status: 'SUCCEEDED' } });
    expect(told).toBe(20);
    key.resolve();
    const statuses = await Promise.all(stuck);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    expect(statuses.filter((status) => status === 202)).toHaveLength(inside);
    await slow.stop();
  });
});

test('a body that is larger than its source takes is told so to its sender, and to nobody else', async () => {
  const source = await createSource({ bodyBytes: 1_024 });
  const large = { ...order(), note: 'x'.repeat(2_000) };
  expect(await send(source.path, large)).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
  const stranger = await ingestWorld.createShop('Stranger');
  expect((await send(source.path, large, { secret: stranger.secret })).status).toBe(401);
  expect((await send(source.path, order())).status).toBe(200);
});

describe('a source that is changed after it was registered', () => {
  const preview = async (source: TestSource, message: unknown, options: DeliveryOptions = {}): Promise<number> =>
    (await fetch(`${ingest.url}${source.path}/preview`, delivery(shop, message, options))).status;

  test('has other limits without a restart', async () => {
    const source = await createSource({ bodyBytes: 1_024 });
    const large = { ...order(), note: 'x'.repeat(2_000) };
    expect(await preview(source, large)).toBe(413);
    const { ingestSourceId } = source;
    const limits = { bodyBytes: null, messagesPerSecond: 1, burstMessages: 1 };
    await ingestWorld.run(shop, 'ingest.set_limits', { ingestSourceId, limits });
    // What is too large takes no tokens: one is there for the first that is not.
    const isLarger = async (): Promise<boolean> => (await preview(source, large)) === 200;
    await waitUntil({ what: 'the larger bodies', condition: isLarger });
    const isLimited = async (): Promise<boolean> => (await preview(source, order())) === 429;
    await waitUntil({ what: 'the fewer messages', condition: isLimited });
  });

  test('is verified otherwise without a restart', async () => {
    const source = await createSource({});
    const late = { shiftSeconds: -900 };
    expect(await preview(source, order(), late)).toBe(401);
    const { ingestSourceId } = source;
    await ingestWorld.run(shop, 'ingest.update_source', { ingestSourceId, toleranceSeconds: 3_600 });
    const isVerified = async (): Promise<boolean> => (await preview(source, order(), late)) === 200;
    await waitUntil({ what: 'the wider window', condition: isVerified });
    await ingestWorld.run(shop, 'ingest.update_source', { ingestSourceId, toleranceSeconds: 60 });
    const isRefused = async (): Promise<boolean> => {
      // Each of these is taken until then, and no source has more than a hundred a second.
      await Bun.sleep(25);
      return (await preview(source, order(), late)) === 401;
    };
    await waitUntil({ what: 'the narrower window', condition: isRefused });
  });
});

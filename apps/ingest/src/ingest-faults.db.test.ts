import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { type SecretReference, SecretUnavailable, type SecretStore } from '@karmanflow/runtime';
import { startOtlpReceiver, waitUntil } from '@karmanflow/runtime/testing';
import { type TestDatabase, testClusterUrl, withClient } from '@karmanflow/schema/testing';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import {
  createIngestWorld,
  delivery,
  type DeliveryOptions,
  type IngestWorld,
  order,
  type RunningIngest,
  type Shop,
} from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

async function send(
  to: RunningIngest,
  options: DeliveryOptions = {},
): Promise<{ status: number; headers: Headers; json: Record<string, unknown> }> {
  const response = await fetch(`${to.url}${shop.path}`, delivery(shop, order(), options));
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  };
}

/** A store in which these references cannot be read. */
function without(...missing: readonly SecretReference[]): SecretStore {
  return {
    read(reference) {
      if (!missing.includes(reference)) return ingestWorld.secretStore.read(reference);
      throw new SecretUnavailable({ code: 'store_unavailable', reference, detail: 'made to fail' });
    },
  };
}

describe('secrets', () => {
  test('a source with two accepts either, and drops one when its reference goes', async () => {
    const ingest = await ingestWorld.start();
    const next = generateWebhookSecret(randomBytes);
    await ingestWorld.secretStore.write(`secrets://next-secret`, Buffer.from(`${next}\n`));
    const set = (references: readonly string[]) =>
      admin.query('update kf.ingest_sources set secret_refs = $2 where tenant_id = $1', [
        shop.tenantId.slice(4),
        references,
      ]);
    await set([shop.secretRef, 'secrets://next-secret']);
    expect((await send(ingest)).status).toBe(200);
    expect((await send(ingest, { secret: next })).status).toBe(200);
    await set(['secrets://next-secret']);
    await waitUntil({
      what: 'the old secret stops',
      condition: async () => (await send(ingest)).status === 401,
    });
    expect((await send(ingest, { secret: next })).status).toBe(200);
    await ingest.stop();
  });

  test('one that cannot be read is our failure and not that of the signature: the sender tries again', async () => {
    const ingest = await ingestWorld.start({ secretStore: without(shop.secretRef) });
    const { status, headers, json } = await send(ingest);
    expect([status, json['code'], headers.get('retry-after')]).toEqual([500, 'internal_error', '5']);
    expect(ingest.log.text()).toContain('a webhook secret could not be read');
    await ingest.stop();
  });

  test('one of two that can be read is enough for what it signed, and says nothing about the rest', async () => {
    const ingest = await ingestWorld.start({ secretStore: without('secrets://gone') });
    await admin.query('update kf.ingest_sources set secret_refs = $2 where tenant_id = $1', [
      shop.tenantId.slice(4),
      ['secrets://gone', shop.secretRef],
    ]);
    expect((await send(ingest)).status).toBe(200);
    expect((await send(ingest, { secret: generateWebhookSecret(randomBytes) })).status).toBe(500);
    await ingest.stop();
  });

  test('one that is malformed, and a reference that is none, are logged without a word of them', async () => {
    const ingest = await ingestWorld.start();
    await ingestWorld.secretStore.write('secrets://malformed', Buffer.from('whsec_tooshort'));
    const told = {
      'secrets://malformed': 'a webhook secret is malformed',
      [shop.secret]: 'something else than a secret reference',
    };
    for (const [reference, line] of Object.entries(told)) {
      await admin.query('update kf.ingest_sources set secret_refs = $2 where tenant_id = $1', [
        shop.tenantId.slice(4),
        [reference],
      ]);
      const condition = async () => (await send(ingest)).status === 500 && ingest.log.text().includes(line);
      await waitUntil({ what: line, condition });
    }
    expect(ingest.log.text()).not.toContain('tooshort');
    expect(ingest.log.text()).not.toContain(shop.secret.slice(6));
    await ingest.stop();
  });
});

test('scopes of the connector are those of its grants, and never more than a connector has', async () => {
  const tenant = shop.tenantId.slice(4);
  await admin.query('update kf.role_grants set revoked_at = now() where principal_id = $1', [
    shop.connectorId.slice(4),
  ]);
  const revoked = await ingestWorld.start();
  expect((await send(revoked)).json).toMatchObject({ code: 'policy_denied' });
  await admin.query("update kf.role_grants set revoked_at = null, role = 'viewer' where principal_id = $1", [
    shop.connectorId.slice(4),
  ]);
  const viewer = await ingestWorld.start();
  expect((await send(viewer)).json).toMatchObject({ code: 'policy_denied' });
  const { rows } = await admin.query(
    "select status from kf.command_receipts where tenant_id = $1 and command_type = 'reservation.create'",
    [tenant],
  );
  expect(rows.map(({ status }) => status)).toEqual(['DENIED', 'DENIED']);
  await revoked.stop();
  await viewer.stop();
});

test('without a database the sender is told to come back, and the same message then works once', async () => {
  const ingest = await ingestWorld.start();
  const { name } = ingestWorld.world.testDatabase;
  expect((await send(ingest, { messageId: 'msg_0' })).status).toBe(200);
  await withClient(testClusterUrl(), async (cluster) => {
    await cluster.query(`alter database ${name} with allow_connections false`);
    await cluster.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'kf_ingest'",
      [name],
    );
    try {
      await waitUntil({
        what: 'the outage is seen',
        condition: async () => {
          const { status, headers, json } = await send(ingest, { messageId: 'msg_1' });
          return status === 503 && json['code'] === 'database_unavailable' && headers.get('retry-after') !== null;
        },
      });
      expect((await fetch(`${ingest.url}/readyz`)).status).toBe(503);
      expect((await fetch(`${ingest.url}/healthz`)).status).toBe(200);
    } finally {
      await cluster.query(`alter database ${name} with allow_connections true`);
    }
  });
  await waitUntil({
    what: 'it works again',
    condition: async () => (await send(ingest, { messageId: 'msg_1' })).status === 200,
  });
  const { rows } = await admin.query('select sum(reserved) as n from kf.inventory_levels where tenant_id = $1', [
    shop.tenantId.slice(4),
  ]);
  expect(Number(rows[0].n)).toBe(2);
  await ingest.stop();
});

test('each delivery is one trace: request, command, transaction', async () => {
  const collector = startOtlpReceiver();
  const ingest = await ingestWorld.start({ collector: collector.endpoint });
  await send(ingest, { headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } });
  await ingest.stop();
  const request = collector.span('POST /v1/ingest/:address');
  const command = collector.span('command reservation.create');
  const transaction = collector.span('command.transaction');
  expect(request.parentSpanId).toBe('00f067aa0ba902b7');
  expect(command.parentSpanId).toBe(request.spanId);
  expect(transaction.parentSpanId).toBe(command.spanId);
  expect(new Set([request, command, transaction].map(({ traceId }) => traceId)).size).toBe(1);
  await collector.stop();
});

test('a delivery under way when ingest stops is answered; one that comes later is refused', async () => {
  const ingest = await ingestWorld.start();
  const blocker = await ingestWorld.world.testDatabase.admin();
  await blocker.query('begin');
  await blocker.query('select from kf.inventory_levels where tenant_id = $1 for update', [shop.tenantId.slice(4)]);
  const underWay = send(ingest, { messageId: 'msg_last' });
  const isBlocked = async () => {
    const text = "select count(*) as n from pg_stat_activity where usename = 'kf_ingest' and wait_event_type = 'Lock'";
    return Number((await admin.query(text)).rows[0].n) > 0;
  };
  await waitUntil({ what: 'the command waits for its row', condition: isBlocked });
  const stopping = ingest.stop();
  const isRefused = () =>
    fetch(`${ingest.url}/healthz`).then(
      ({ status }) => status === 503,
      () => true,
    );
  await waitUntil({ what: 'nothing more is accepted', condition: isRefused });
  await blocker.query('commit');
  expect((await underWay).json).toMatchObject({ status: 'SUCCEEDED' });
  await stopping;
});

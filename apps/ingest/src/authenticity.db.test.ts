import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { access } from '@karmanflow/commands';
import { waitUntil } from '@karmanflow/runtime/testing';
import { limits } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { deliverTo, effectsOn, noEffects, type Sent } from './testing/deliver.ts';
import {
  createIngestWorld,
  delivery,
  type IngestWorld,
  order,
  type RunningIngest,
  type Shop,
} from './testing/ingest-world.ts';
import { sendRaw } from './testing/raw-http.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;
const send = deliverTo(() => ({ ingest, shop }));
const effects = (of: Shop = shop) => effectsOn(of, admin);

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

describe('what is not authentic', () => {
  /** How an answer looks to a sender, without what is different on each request. */
  const lookOf = ({ status, headers, text }: Sent): unknown => {
    const kept = [...headers].filter(([name]) => !/^(date|traceparent|x-karmanflow-.*-id)$/.test(name));
    return { status, text, headers: Object.fromEntries(kept) };
  };
  const someId = (): string => Bun.randomUUIDv7().replaceAll('-', '');

  test('has the same answer to the byte, whatever is wrong with it', async () => {
    const body = new TextEncoder().encode(JSON.stringify(order()));
    const tampered = new TextEncoder().encode(JSON.stringify(order({ quantity: 9 })));
    const elsewhere = await ingestWorld.createShop('Other');
    const paused = await ingestWorld.createShop('Paused');
    const suspended = await ingestWorld.createShop('Suspended');
    const disabled = await ingestWorld.createShop('Disabled');
    await admin.query("update kf.ingest_sources set status = 'PAUSED' where tenant_id = $1", [
      paused.tenantId.slice(4),
    ]);
    await admin.query("update kf.tenants set status = 'SUSPENDED' where tenant_id = $1", [suspended.tenantId.slice(4)]);
    await admin.query("update kf.principals set status = 'DISABLED' where id = $1", [disabled.connectorId.slice(4)]);
    const mixed = access.formatIngestAddress({ tenantId: shop.tenantId, ingestSourceId: elsewhere.ingestSourceId });
    const answers: Record<string, Sent> = {
      'another secret': await send(order(), { secret: elsewhere.secret }),
      'a tampered body': await send(body, { sentBody: tampered }),
      'a byte more': await send(body, { sentBody: Uint8Array.from([...body, 0x20]) }),
      'an old timestamp': await send(order(), { shiftSeconds: -limits.webhookToleranceSeconds - 5 }),
      'a future timestamp': await send(order(), { shiftSeconds: limits.webhookToleranceSeconds + 5 }),
      'no signature': await send(order(), { headers: { 'webhook-signature': '' } }),
      'a signature of another version': await send(order(), { headers: { 'webhook-signature': 'v1a,AAAA' } }),
      'another id': await send(order(), { headers: { 'webhook-id': 'msg_other' } }),
      "another tenant's address": await send(order(), { path: elsewhere.path }),
      "another tenant's source at this tenant": await send(order(), {
        path: `/v1/ingest/${mixed}`,
        secret: elsewhere.secret,
      }),
      'a source that does not exist': await send(order(), {
        path: `/v1/ingest/${shop.tenantId.slice(4).replaceAll('-', '')}${someId()}`,
      }),
      'a tenant that does not exist': await send(order(), { path: `/v1/ingest/${someId()}${someId()}` }),
      'an address that is none': await send(order(), { path: '/v1/ingest/web-shop' }),
      'a paused source': await send(order(), { path: paused.path, secret: paused.secret }),
      'a suspended tenant': await send(order(), { path: suspended.path, secret: suspended.secret }),
      'a disabled connector': await send(order(), { path: disabled.path, secret: disabled.secret }),
    };
    const [[, first] = []] = Object.entries(answers);
    if (!first) throw new Error('nothing was sent');
    expect(first.status).toBe(401);
    expect(first.json).toMatchObject({ code: 'signature_invalid' });
    for (const [what, answer] of Object.entries(answers)) expect([what, lookOf(answer)]).toEqual([what, lookOf(first)]);
    for (const one of [shop, elsewhere, paused, suspended, disabled]) expect(await effects(one)).toEqual(noEffects);
    // The operator does learn what it was.
    for (const reason of [
      'signature_mismatch',
      'timestamp_too_old',
      'source_unknown',
      'source_paused',
      'tenant_not_active',
    ]) {
      expect(ingest.log.lines().map((line) => line['reason'])).toContain(reason);
    }
  });

  test('a header that stands there twice is refused, whichever is right and wherever', async () => {
    const { headers, body } = delivery(shop, order());
    const signed = Object.entries({ ...headers, 'content-length': String(body.byteLength) });
    const wrong: Record<string, string> = {
      'webhook-id': 'msg_other',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${'A'.repeat(43)}=`,
    };
    for (const [name, value] of Object.entries(wrong)) {
      for (const twice of [headers[name] ?? '', value, '']) {
        for (const all of [
          [...signed, [name, twice]],
          [[name.toUpperCase(), twice], ...signed],
        ] as [string, string][][]) {
          const { status, body: answer } = await sendRaw(ingest.port, { path: shop.path, headers: all, body });
          expect([name, twice, status]).toEqual([name, twice, 401]);
          expect(answer).toContain('signature_invalid');
        }
      }
    }
    expect(await effects()).toEqual(noEffects);
    const once = await sendRaw(ingest.port, { path: shop.path, headers: signed, body });
    expect(once.status).toBe(200);
  });

  test('a source that is paused stops', async () => {
    expect((await send(order())).status).toBe(200);
    await admin.query("update kf.ingest_sources set status = 'PAUSED' where tenant_id = $1", [shop.tenantId.slice(4)]);
    await waitUntil({ what: 'the source to stop', condition: async () => (await send(order())).status === 401 });
  });
});

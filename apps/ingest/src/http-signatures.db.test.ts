import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { effectsOn } from './testing/deliver.ts';
import {
  createIngestWorld,
  type IngestWorld,
  order,
  type RunningIngest,
  type Shop,
  type TestSource,
} from './testing/ingest-world.ts';
import { httpSignature } from './testing/partner-signers.ts';

setDefaultTimeout(90_000);

/** Partners that sign by RFC 9421, with keys of which we hold the public half only. */
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

interface PartnerKey {
  readonly keyId: string;
  readonly published: string;
  readonly sign: (base: string) => Uint8Array;
}

function partnerKey(keyId: string, pair: { publicKey: KeyObject }, signBase: PartnerKey['sign']): PartnerKey {
  const published = JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid: keyId });
  return { keyId, published, sign: signBase };
}

function makeKeys(): Record<'ed25519' | 'ecdsa-p256-sha256' | 'rsa-pss-sha512', PartnerKey> {
  const ed = generateKeyPairSync('ed25519');
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pss = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  const curve = { key: ec.privateKey, dsaEncoding: 'ieee-p1363' as const };
  return {
    ed25519: partnerKey('ed', ed, (base) => sign(null, Buffer.from(base), ed.privateKey)),
    'ecdsa-p256-sha256': partnerKey('ec', ec, (base) => sign('sha256', Buffer.from(base), curve)),
    'rsa-pss-sha512': partnerKey('rsa', rsa, (base) => sign('sha512', Buffer.from(base), pss)),
  };
}
const keys = makeKeys();
const registeredUrl = 'https://hooks.acme.example/v1/ingest/{address}';

const createSource = (key: PartnerKey, httpSignatures: object = {}): Promise<TestSource> =>
  ingestWorld.createSource(shop, {
    preset: 'http-signatures',
    secret: key.published,
    settings: { registeredUrl, httpSignatures },
    mapping: { template: 'karmanflow' },
  });

interface Sending {
  readonly key?: PartnerKey;
  readonly nonce?: string;
  readonly orderId?: string;
  readonly atSeconds?: number;
  /** The source whose address is signed. */
  readonly signedFor?: TestSource;
  readonly headers?: Readonly<Record<string, string>>;
  readonly to?: RunningIngest;
}

async function send(source: TestSource, over: Sending = {}) {
  const { key = keys.ed25519, nonce = `n-${Bun.randomUUIDv7()}`, signedFor = source, headers = {} } = over;
  const body = new TextEncoder().encode(JSON.stringify(order({ orderId: over.orderId ?? nonce })));
  const url = `https://hooks.acme.example${signedFor.path}`;
  const atSeconds = over.atSeconds ?? Math.floor(Date.now() / 1000);
  const signed = httpSignature({ url, body, keyId: key.keyId, nonce, atSeconds, sign: key.sign });
  const request = { method: 'POST', headers: { ...signed, ...headers }, body };
  const response = await fetch(`${(over.to ?? ingest).url}${source.path}`, request);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const effects = () => effectsOn(shop, admin);

describe('a message signed by RFC 9421', () => {
  test.each(Object.entries(keys))('with %s becomes a command, once', async (_, key) => {
    const source = await createSource(key);
    const before = await effects();
    const first = await send(source, { key, nonce: 'n-1' });
    expect(first).toMatchObject({ status: 200, json: { status: 'SUCCEEDED', replayed: false } });
    // Sent on by whoever saw it, and signed anew by its sender with the same nonce.
    expect((await send(source, { key, nonce: 'n-1' })).json).toEqual({ ...first.json, replayed: true });
    const later = await send(source, { key, nonce: 'n-1', atSeconds: Math.floor(Date.now() / 1000) + 5 });
    expect(later.json).toEqual({ ...first.json, replayed: true });
    expect((await effects()).reservations).toBe(before.reservations + 1);
    const { rows } = await admin.query('select message_id from kf.ingest_claims where ingest_source_id = $1', [
      source.ingestSourceId.slice(4),
    ]);
    expect(rows).toEqual([{ message_id: `${key.keyId}:n-1` }]);
  });

  test('with a nonce that came before and other content is refused', async () => {
    const source = await createSource(keys.ed25519);
    expect((await send(source, { nonce: 'n-1' })).status).toBe(200);
    const other = await send(source, { nonce: 'n-1', orderId: 'another' });
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency_key_reused']);
  });

  test('for another source that knows the same key, outside of the window, by another key, or changed: 401', async () => {
    const [source, other] = [await createSource(keys.ed25519), await createSource(keys.ed25519)];
    const before = await effects();
    const now = Math.floor(Date.now() / 1000);
    const refused = [
      await send(source, { signedFor: other }),
      await send(source, { atSeconds: now - 310 }),
      await send(source, { atSeconds: now + 310 }),
      await send(source, { key: keys['rsa-pss-sha512'] }),
      await send(source, { key: { ...keys['rsa-pss-sha512'], keyId: 'ed' } }),
      await send(source, { headers: { 'content-digest': 'sha-256=:AAAA:' } }),
      await send(source, { headers: { 'signature-input': 'sig1=("@method");created=1;keyid="ed"' } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    expect(new Set(refused.map(({ json }) => JSON.stringify(json))).size).toBe(1);
    expect(await effects()).toEqual(before);
  });

  test('of a source that asks for more to be covered than its sender does is refused', async () => {
    const source = await createSource(keys.ed25519, { requiredComponents: ['@target-uri', 'date'] });
    expect((await send(source)).status).toBe(401);
    const named = await createSource(keys.ed25519, { messageId: { source: 'header', header: 'x-id' } });
    expect((await send(named, { headers: { 'x-id': 'order-1' } })).status).toBe(401);
  });

  test('whose id its body has is known by it, whatever its nonce', async () => {
    const source = await createSource(keys.ed25519, { messageId: { source: 'body', pointer: '/data/orderId' } });
    const first = await send(source, { orderId: 'order-9' });
    expect(first.status).toBe(200);
    expect((await send(source, { orderId: 'order-9' })).json).toEqual({ ...first.json, replayed: true });
  });

  test('of which what is kept as its key is private is our failure: the sender tries again', async () => {
    const source = await createSource(keys.ed25519);
    const { privateKey } = generateKeyPairSync('ed25519');
    const kept = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'ed' });
    await ingestWorld.secretStore.write(source.secretRef, Buffer.from(kept));
    const fresh = await ingestWorld.start();
    expect((await send(source, { to: fresh })).status).toBe(500);
    expect(fresh.log.lines().map(({ code }) => code)).toContain('key_private');
    await fresh.stop();
  });
});

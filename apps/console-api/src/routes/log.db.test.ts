import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import {
  canonicalBytes,
  formatVerifierKey,
  type JsonValue,
  leafHash,
  parseCheckpoint,
  parseNote,
  superLogPlace,
  tenantLogPlace,
  verifyCheckpoint,
  verifyTlogProof,
} from '@karmanflow/receipts';
import type { ApiAnswer } from '../testing/api-answer.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';

setDefaultTimeout(90_000);

let api: TestApi;
let operator: ApiClient;
let registered = 0;
beforeAll(async () => {
  api = await startTestApi({ publishedLogLimits: { proofWaitMilliseconds: 30_000, checkpointMilliseconds: 0 } });
  operator = api.as('operator');
});
afterAll(() => api.stop());

const place = () => tenantLogPlace({ host: api.testLog.host, tenantId: api.tenant.tenantId });
const policy = () => ({
  origin: place().origin,
  logKeys: [api.testLog.keyOf(place())],
  witnessKeys: [],
  witnessQuorum: 0,
});
function register(headers: Record<string, string> = {}, client = operator): Promise<ApiAnswer> {
  registered += 1;
  return client.send('inventory.register_variant', { sku: `LOG-${registered}`, name: 'x' }, { headers });
}
const receiptOf = ({ json }: ApiAnswer) => (json['receipt'] as { receipt: { receiptId: string } }).receipt;
const sizeOf = (note: string): bigint => parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0n;
// The receipt came as JSON, which its type here does not say.
const leafOf = (answer: ApiAnswer) => leafHash(canonicalBytes(receiptOf(answer) as unknown as JsonValue));
async function bytesAt(path: string): Promise<{ status: number; cache: string | null; bytes: Uint8Array }> {
  const response = await fetch(`${api.url}${path}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, cache: response.headers.get('cache-control'), bytes };
}
async function textAt(path: string): Promise<string> {
  const { status, bytes } = await bytesAt(path);
  expect(status).toBe(200);
  return new TextDecoder().decode(bytes);
}

describe('the proof of a receipt', () => {
  test('is there once a checkpoint covers it, can be checked offline, and stays as it is', async () => {
    const sent = await register();
    const path = `/v1/receipts/${receiptOf(sent).receiptId}/proof`;
    const early = await operator.get(path);
    expect(early).toMatchObject({ status: 409, code: 'proof_pending' });
    expect(early.headers.get('retry-after')).toBe('1');
    await api.testLog.sequence();
    expect(await operator.get(path)).toMatchObject({ status: 409, code: 'proof_pending' });
    await api.testLog.publish();
    const proven = await operator.get(path);
    expect(proven.status).toBe(200);
    expect(proven.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(verifyTlogProof({ proof: proven.text, leafHash: leafOf(sent), policy: policy() }).ok).toBe(true);
    const another = await register();
    expect(verifyTlogProof({ proof: proven.text, leafHash: leafOf(another), policy: policy() }).ok).toBe(false);
    await api.testLog.publish();
    expect((await operator.get(path)).text).toBe(proven.text);
  });

  test('is of the environment of the credential, and of who may read its receipts', async () => {
    const sent = await register();
    await api.testLog.publish();
    const path = `/v1/receipts/${receiptOf(sent).receiptId}/proof`;
    expect((await operator.get(path)).status).toBe(200);
    const missing = await operator.get(`/v1/receipts/rcp_${Bun.randomUUIDv7()}/proof`);
    expect(missing).toMatchObject({ status: 404, code: 'not_found' });
    expect((await api.as('production').get(path)).text).toBe(missing.text);
    expect(await api.as('nobody').get(path)).toMatchObject({ status: 403 });
    expect((await bytesAt(path)).status).toBe(401);
    expect(await operator.get('/v1/receipts/nonsense/proof')).toMatchObject({ status: 400 });
  });

  test('comes with the answer to a command that prefers to wait for it, also when it is refused', async () => {
    const waiting = register({ prefer: 'wait=proof' });
    const again = operator.send(
      'inventory.register_variant',
      { sku: 'LOG-1', name: 'x' },
      { headers: { prefer: 'respond-async, wait="proof"' } },
    );
    const publishing = setInterval(() => void publishOnce(), 50);
    let isPublishing = false;
    async function publishOnce(): Promise<void> {
      if (isPublishing) return;
      isPublishing = true;
      await api.testLog.publish().finally(() => {
        isPublishing = false;
      });
    }
    const answers = await Promise.all([waiting, again]).finally(() => clearInterval(publishing));
    expect(answers.map(({ status }) => status)).toEqual([200, 409]);
    for (const answer of answers) {
      expect(answer.headers.get('preference-applied')).toBe('wait=proof');
      const verified = verifyTlogProof({
        proof: String(answer.json['proof']),
        leafHash: leafOf(answer),
        policy: policy(),
      });
      expect(verified.ok).toBe(true);
    }
  });

  test('is not waited for by whoever asks for nothing, or for something else', async () => {
    for (const headers of [{}, { prefer: 'wait=10' }, { prefer: 'wait=proof; q=1, '.repeat(100) }]) {
      const answer = await register(headers);
      expect(answer).toMatchObject({ status: 200, json: { replayed: false } });
      expect('proof' in answer.json).toBe(false);
      expect(answer.headers.get('preference-applied')).toBeNull();
    }
  });
});

describe('without a proof in time', () => {
  let alone: TestApi;
  beforeAll(async () => {
    alone = await startTestApi({ publishedLogLimits: { proofWaitMilliseconds: 0 } });
  });
  afterAll(() => alone.stop());

  test('the answer is the receipt all the same, and does not claim to have waited', async () => {
    const answer = await alone
      .as('operator')
      .send('inventory.register_variant', { sku: 'X', name: 'x' }, { headers: { prefer: 'wait=proof' } });
    expect(answer.status).toBe(200);
    expect(receiptOf(answer).receiptId).toStartWith('rcp_');
    expect('proof' in answer.json).toBe(false);
    expect(answer.headers.get('preference-applied')).toBeNull();
  });
});

describe('the log', () => {
  test('is published in the formats of C2SP, without a credential: checkpoints and tiles of hashes', async () => {
    const sent = await register();
    await api.testLog.publish();
    const text = await textAt(`/log/${api.tenant.tenantId}/checkpoint`);
    expect(verifyCheckpoint({ note: text, policy: policy() }).ok).toBe(true);
    const size = sizeOf(text);
    expect(size).toBeGreaterThan(1n);
    const path = `tile/0/000.p/${size}`;
    const tile = await bytesAt(`/log/${place().folder}/${path}`);
    expect(tile).toMatchObject({ status: 200, cache: 'public, max-age=86400, immutable' });
    expect(Buffer.from(tile.bytes.slice(-32)).equals(leafOf(sent))).toBe(true);
    expect(tile.bytes).toHaveLength(Number(size) * 32);
    expect((await bytesAt(`/log/${api.tenant.tenantId}/${path}`)).bytes).toEqual(tile.bytes);
    const whole = superLogPlace({ host: api.testLog.host });
    const superPolicy = { ...policy(), origin: whole.origin, logKeys: [api.testLog.keyOf(whole)] };
    expect(verifyCheckpoint({ note: await textAt('/log/super/checkpoint'), policy: superPolicy }).ok).toBe(true);
    expect(await textAt('/.well-known/karmanflow/log-keys')).toBe(`${formatVerifierKey(api.testLog.keyOf(whole))}\n`);
    expect((await bytesAt(`/log/${api.tenant.tenantId}/checkpoint`)).cache).toBe('public, max-age=1');
  });

  test('does not show its entries, which are receipts of every environment, whoever asks', async () => {
    const text = await textAt(`/log/${api.tenant.tenantId}/checkpoint`);
    const path = `tile/entries/000.p/${sizeOf(text)}`;
    expect(await api.testLog.archive.read(`${place().folder}/${path}`)).toBeDefined();
    for (const log of [place().folder, api.tenant.tenantId]) {
      expect((await operator.get(`/log/${log}/${path}`)).status).toBe(404);
    }
    expect((await operator.get('/log/super/tile/entries/000.p/1')).status).toBe(404);
  });

  test.each([
    '/log/nonsense/checkpoint',
    `/log/${'0'.repeat(32)}/checkpoint`,
    `/log/tnt_${Bun.randomUUIDv7()}/checkpoint`,
    '/log/super/tile/0/001',
    '/log/super/tile/0/0',
    '/log/super/tile/0/000.p/0',
    '/log/super/tile/0/000.p/257',
    '/log/super/tile/64/000',
    '/log/super/tile/0/..%2f..%2fcheckpoint%2f1',
    '/log/..%2fsuper/tile/0/000.p/1',
    '/log/super/tile/checkpoint/1',
    '/log/SUPER/checkpoint',
    '/log/super',
  ])('has nothing at %s', async (path) => {
    const answer = await operator.get(path);
    expect(answer).toMatchObject({ status: 404, code: 'not_found' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('where no archive is named', () => {
  let without: TestApi;
  beforeAll(async () => {
    without = await startTestApi({ withoutLog: true });
  });
  afterAll(() => without.stop());

  test('commands have their receipts, and proofs are unavailable instead of wrong', async () => {
    const client = without.as('operator');
    const sent = await client.send(
      'inventory.register_variant',
      { sku: 'X', name: 'x' },
      { headers: { prefer: 'wait=proof' } },
    );
    expect(sent.status).toBe(200);
    await without.testLog.publish();
    for (const path of [
      `/v1/receipts/${receiptOf(sent).receiptId}/proof`,
      '/log/super/checkpoint',
      '/log/super/tile/0/000.p/1',
    ]) {
      const answer = await client.get(path);
      expect(answer).toMatchObject({ status: 503, code: 'log_unavailable' });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });
});

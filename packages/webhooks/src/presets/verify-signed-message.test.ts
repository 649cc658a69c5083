import { describe, expect, test } from 'bun:test';
import { publishedKey } from '../http-signatures/testing/published-key.ts';
import {
  digestHeader,
  makeEcdsaKey,
  makeEd25519Key,
  makeHmacKey,
  makeRsaKey,
  signHttpRequest,
  type SigningKey,
} from '../http-signatures/testing/sign-http-request.ts';
import { configureHttpSignatures, type HttpSignaturePreset } from './configure-http-signatures.ts';
import { verifySignedMessage, type VerifySignedMessageInput } from './verify-signed-message.ts';

const nowSeconds = 1_700_000_000;
const url = 'https://hooks.acme.example/v1/ingest/abc';
const body = new TextEncoder().encode('{"id":"evt_1"}');
const keys = [makeEd25519Key(), makeEcdsaKey(), makeRsaKey(), makeHmacKey()] as const;
const [ed25519] = keys;

function presetOf(settings: unknown = {}, toleranceSeconds = 300): HttpSignaturePreset {
  const parsed = configureHttpSignatures(settings, { toleranceSeconds });
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.preset;
}

interface Sending {
  readonly key?: SigningKey;
  readonly components?: readonly string[];
  readonly parameters?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly to?: string;
  readonly body?: Uint8Array;
}

const allOf = ['@method', '@target-uri', 'content-digest'];

function sent(over: Sending = {}): Pick<VerifySignedMessageInput, 'headers' | 'rawBody'> {
  const { key = ed25519, components = allOf, to = url, headers = [] } = over;
  const parameters = over.parameters ?? `;created=${nowSeconds};keyid="${key.keyId}";nonce="n-1"`;
  const rawBody = over.body ?? body;
  const request = {
    method: 'POST',
    url: to,
    headers: [['content-digest', digestHeader(rawBody)] as const, ...headers],
    rawBody,
  };
  return { headers: [...signHttpRequest(request, { key, components, parameters }).headers], rawBody };
}

function verify(request: ReturnType<typeof sent>, over: Partial<VerifySignedMessageInput> = {}) {
  const known = keys.map((key) => JSON.stringify(publishedKey(key)));
  return verifySignedMessage({ preset: presetOf(), keys: known, nowSeconds, url, method: 'POST', ...request, ...over });
}

describe('a message that is signed by RFC 9421', () => {
  test.each(keys.map((key, index) => [key.known.algorithm, key, index] as const))('%s', (_, key, index) => {
    expect(verify(sent({ key }))).toMatchObject({
      ok: true,
      providerMessageId: `${key.keyId}:n-1`,
      messageIdIsSigned: true,
      signedAtSeconds: nowSeconds,
      secretIndex: index,
    });
  });

  test('is refused outside of its window on either side, and taken at both edges', () => {
    const at = (created: number) => sent({ parameters: `;created=${created};keyid="public";nonce="n"` });
    expect(verify(at(nowSeconds - 300)).ok).toBe(true);
    expect(verify(at(nowSeconds + 300)).ok).toBe(true);
    expect(verify(at(nowSeconds - 301))).toMatchObject({ ok: false, code: 'created_too_old' });
    expect(verify(at(nowSeconds + 301))).toMatchObject({ ok: false, code: 'created_too_new' });
  });

  test('must cover its body, its address, and say a nonce', () => {
    const cases: [Sending, string][] = [
      [{ components: ['@method', '@target-uri'] }, 'component_uncovered'],
      [{ components: ['@method', 'content-digest'] }, 'component_uncovered'],
      [{ parameters: `;created=${nowSeconds};keyid="public"` }, 'parameter_missing'],
      [{ parameters: `;keyid="public";nonce="n"` }, 'parameter_missing'],
      [{ parameters: `;created=${nowSeconds};keyid="other";nonce="n"` }, 'key_unknown'],
      [{ to: `${url}d` }, 'signature_mismatch'],
      [{ body: new Uint8Array() }, 'body_empty'],
    ];
    for (const [sending, code] of cases) expect(verify(sent(sending))).toMatchObject({ ok: false, code });
    expect(verify({ ...sent(), rawBody: new TextEncoder().encode('{"id":"evt_2"}') })).toMatchObject({
      ok: false,
      code: 'content_digest_mismatch',
    });
    expect(verify({ ...sent(), headers: [] })).toMatchObject({ ok: false, code: 'header_missing' });
  });

  test('is known by a covered header or by a place in its body, where its sender says so', () => {
    const byHeader = presetOf({ messageId: { source: 'header', header: 'idempotency-key' } });
    const headers = [['idempotency-key', 'order-7']] as const;
    const parameters = `;created=${nowSeconds};keyid="public"`;
    const covered = { parameters, headers, components: [...allOf, 'idempotency-key'] };
    expect(verify(sent(covered), { preset: byHeader })).toMatchObject({ ok: true, providerMessageId: 'order-7' });
    expect(verify(sent({ parameters, headers }), { preset: byHeader })).toMatchObject({ code: 'component_uncovered' });
    const twice = { ...covered, headers: [...headers, ...headers] };
    expect(verify(sent(twice), { preset: byHeader })).toMatchObject({ code: 'message_id_unreadable' });

    const byBody = presetOf({ messageId: { source: 'body', pointer: '/id' } });
    expect(verify(sent({ parameters }), { preset: byBody })).toMatchObject({ ok: true, providerMessageId: 'evt_1' });
    const other = presetOf({ messageId: { source: 'body', pointer: '/event' } });
    expect(verify(sent({ parameters }), { preset: other })).toMatchObject({ code: 'message_id_unreadable' });
  });

  test('has a nonce that can be an id, under a key whose name cannot be shifted into it', () => {
    const withNonce = (nonce: string) => sent({ parameters: `;created=${nowSeconds};keyid="public";nonce="${nonce}"` });
    expect(verify(withNonce('a:b'))).toMatchObject({ providerMessageId: 'public:a:b' });
    expect(verify(withNonce('a b'))).toMatchObject({ code: 'message_id_unreadable' });
    expect(verify(withNonce('n'.repeat(255)))).toMatchObject({ code: 'message_id_unreadable' });
  });
});

test('settings that would leave the body, the address or the id unproven make no preset', () => {
  const bad: unknown[] = [
    { requiredComponents: ['@method'] },
    { requiredComponents: ['@target-uri', '@status'] },
    { requiredComponents: [] },
    { messageId: { source: 'header', header: 'X-Upper' } },
    { messageId: { source: 'body', pointer: 'id' } },
    { nonceIsRequired: false },
    [],
    null,
  ];
  for (const settings of bad) {
    expect(configureHttpSignatures(settings, { toleranceSeconds: 300 })).toMatchObject({ ok: false });
  }
  expect(presetOf({ requiredComponents: ['@path'] }).requiredComponents).toEqual(['@path', 'content-digest']);
  expect(presetOf({}, 10 ** 9).toleranceSeconds).toBe(86_400);
});

test('keys are our own: none, or one that is no key, throws', () => {
  expect(() => verify(sent(), { keys: [] })).toThrow('1 to 8 keys');
  expect(() => verify(sent(), { keys: ['secret'] })).toThrow('key_malformed');
});

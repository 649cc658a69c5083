import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { httpSignatureRefusalCodes, type HttpSignatureRefusalCode } from './http-signature-refusal.ts';
import type { SignedRequest } from './signed-request.ts';
import {
  digestHeader,
  makeEd25519Key,
  makeHmacKey,
  signHttpRequest,
  type SigningChoice,
} from './testing/sign-http-request.ts';
import { verifyHttpSignature, type VerifyHttpSignatureInput } from './verify-http-signature.ts';

const nowSeconds = 1_700_000_000;
const hmac = makeHmacKey();
const ed25519 = makeEd25519Key();
const rawBody = new TextEncoder().encode('{"stock":5}');
const components = ['@method', '@target-uri', 'content-digest'];
const parameters = `;created=${nowSeconds};keyid="shared";nonce="n-1"`;
const request: SignedRequest = {
  method: 'POST',
  url: 'https://Ingest.Example:443/in/1?a=1&b=%20',
  headers: [['Content-Digest', digestHeader(rawBody)]],
  rawBody,
};

function lookUpKey(keyId: string) {
  return [hmac, ed25519].find((key) => key.keyId === keyId)?.known;
}

function verifying(
  signed: SignedRequest,
  policy: Partial<VerifyHttpSignatureInput['policy']> = {},
): VerifyHttpSignatureInput {
  const defaults = { requiredComponents: components, toleranceSeconds: 300, nonceIsRequired: true };
  return { request: signed, policy: { ...defaults, ...policy }, lookUpKey, nowSeconds };
}

function signing(choice: Partial<SigningChoice> = {}, base: SignedRequest = request): SignedRequest {
  return signHttpRequest(base, { key: hmac, components, parameters, ...choice });
}

function outcomeOf(input: VerifyHttpSignatureInput): 'ok' | HttpSignatureRefusalCode {
  const result = verifyHttpSignature(input);
  return result.ok ? 'ok' : result.code;
}

/** One header replaced, or with undefined removed. */
function withHeader(signed: SignedRequest, name: string, change: (value: string) => string | undefined): SignedRequest {
  const headers = [...signed.headers].flatMap(([key, value]): [string, string][] => {
    if (key !== name) return [[key, value]];
    const changed = change(value);
    return changed === undefined ? [] : [[key, changed]];
  });
  return { ...signed, headers };
}

describe('what a signature proves', () => {
  test('key, components, time and nonce', () => {
    const base =
      `"@method": POST\n"@target-uri": ${request.url}\n"content-digest": ${digestHeader(rawBody)}\n` +
      `"@signature-params": ("@method" "@target-uri" "content-digest")${parameters};expires=${nowSeconds + 9}`;
    expect(verifyHttpSignature(verifying(signing({ parameters: `${parameters};expires=${nowSeconds + 9}` })))).toEqual({
      ok: true,
      label: 'sig',
      keyId: 'shared',
      components,
      signedAtSeconds: nowSeconds,
      expiresAtSeconds: nowSeconds + 9,
      providerMessageId: 'n-1',
      signedContentSha256: createHash('sha256').update(base).digest('hex'),
      bodyIsCovered: true,
    });
  });

  test('not the body, when its digest is not covered', () => {
    const signed = signing({ components: ['@method'] });
    const result = verifyHttpSignature(
      verifying({ ...signed, rawBody: new Uint8Array() }, { requiredComponents: ['@method'] }),
    );
    expect(result).toMatchObject({ ok: true, bodyIsCovered: false });
  });

  test('with ed25519 too', () => {
    const signed = signing({ key: ed25519, parameters: parameters.replace('shared', 'public') });
    expect(verifyHttpSignature(verifying(signed))).toMatchObject({ ok: true, keyId: 'public' });
    expect(outcomeOf(verifying({ ...signed, method: 'PUT' }))).toBe('signature_mismatch');
    const foreign = signing({ key: makeEd25519Key(), parameters: parameters.replace('shared', 'public') });
    expect(outcomeOf(verifying(foreign))).toBe('signature_mismatch');
  });

  test('every derived component, with the default port left out and the host in lower case', () => {
    const derived = ['@method', '@target-uri', '@authority', '@path', '@query', 'x-lines'];
    for (const url of [
      'https://a.example/',
      'http://A.example:80/p?q',
      'https://[::1]:8443/a/b?c=d',
      'https://a.example/?',
    ]) {
      const headers: [string, string][] = [
        ['X-Lines', ' one\t'],
        ['x-lines', 'two, three'],
        ['X-LINES', ''],
      ];
      const signed = signing({ components: derived }, { ...request, url, headers });
      expect(outcomeOf(verifying(signed, { requiredComponents: derived }))).toBe('ok');
    }
    const target = { ...request, url: 'https://a.example' };
    const signed = signing({ components: ['@authority', '@path', '@query'] }, target);
    expect(outcomeOf(verifying(signed, { requiredComponents: ['@path'] }))).toBe('ok');
  });

  test('the signature that the label asks for', () => {
    const first = signing({ label: 'a' });
    const second = signing({ label: 'b', key: ed25519, parameters: parameters.replace('shared', 'public') });
    const join = (name: string) => {
      const values = [first, second].map(({ headers }) => [...headers].find(([key]) => key === name)?.[1]);
      return [name, values.join(', ')] as const;
    };
    const both = { ...request, headers: [...request.headers, join('signature-input'), join('signature')] };
    expect(verifyHttpSignature(verifying(both, { label: 'b' }))).toMatchObject({ ok: true, keyId: 'public' });
    expect(verifyHttpSignature(verifying(both, { label: 'a' }))).toMatchObject({ ok: true, keyId: 'shared' });
    expect(outcomeOf(verifying(both))).toBe('signature_ambiguous');
    expect(outcomeOf(verifying(both, { label: 'c' }))).toBe('signature_not_found');
  });

  test('only for the purpose that the tag names', () => {
    const tagged = signing({ parameters: `${parameters};tag="stock"` });
    expect(outcomeOf(verifying(tagged, { tag: 'stock' }))).toBe('ok');
    expect(outcomeOf(verifying(tagged, { tag: 'orders' }))).toBe('tag_mismatch');
    expect(outcomeOf(verifying(signing(), { tag: 'stock' }))).toBe('parameter_missing');
  });

  test('within a window with both edges, and until it expires', () => {
    const at = (offset: number) =>
      outcomeOf(verifying(signing({ parameters: `;created=${nowSeconds + offset};keyid="shared";nonce="n"` })));
    expect([-301, -300, 300, 301].map(at)).toEqual(['created_too_old', 'ok', 'ok', 'created_too_new']);
    const until = (offset: number) =>
      outcomeOf(
        verifying(
          signing({ parameters: `;created=${nowSeconds - 9};expires=${nowSeconds + offset};keyid="shared";nonce="n"` }),
        ),
      );
    expect([-10, -1, 0].map(until)).toEqual(['parameter_malformed', 'expired', 'ok']);
  });
});

/** One request for each code, with that defect and no other. */
const defects: Readonly<Record<HttpSignatureRefusalCode, VerifyHttpSignatureInput>> = {
  header_missing: verifying(withHeader(signing(), 'signature', () => undefined)),
  header_duplicate: verifying({ ...signing(), headers: [...signing().headers, ['Signature', 'sig=:AAAA:']] }),
  header_too_large: verifying(withHeader(signing(), 'signature', (value) => `${value}, x=:${'A'.repeat(4096)}:`)),
  header_malformed: verifying(
    withHeader(signing(), 'signature-input', (value) => value.replace('"@method"', '@method')),
  ),
  signature_not_found: verifying(withHeader(signing(), 'signature', (value) => value.replace('sig', 'gis'))),
  signature_ambiguous: verifying(withHeader(signing(), 'signature-input', (value) => `${value}, b=("@method")`)),
  parameter_missing: verifying(signing({ parameters: `;created=${nowSeconds};keyid="shared"` })),
  parameter_malformed: verifying(signing({ parameters: `;created="${nowSeconds}";keyid="shared";nonce="n"` })),
  tag_mismatch: verifying(signing({ parameters: `${parameters};tag="b"` }), { tag: 'a' }),
  component_unsupported: verifying(
    withHeader(signing(), 'signature-input', (value) =>
      value.replace('"@method"', '"@method" "@query-param";name="a"'),
    ),
  ),
  component_uncovered: verifying(signing({ components: ['@method', '@target-uri'] })),
  created_too_old: verifying(signing({ parameters: parameters.replace('17', '16') })),
  created_too_new: verifying(signing({ parameters: parameters.replace('17', '18') })),
  expired: verifying(
    signing({ parameters: `;created=${nowSeconds - 9};expires=${nowSeconds - 1};keyid="shared";nonce="n"` }),
  ),
  key_unknown: verifying(signing({ parameters: parameters.replace('shared', 'other') })),
  algorithm_mismatch: verifying(signing({ parameters: `${parameters};alg="ed25519"` })),
  signature_malformed: verifying(withHeader(signing(), 'signature', () => 'sig=:AAAA:')),
  component_unreadable: verifying(withHeader(signing(), 'Content-Digest', () => undefined)),
  signature_mismatch: verifying({ ...signing(), method: 'PUT' }),
  content_digest_malformed: verifying(signing({}, { ...request, headers: [['content-digest', 'sha-256=1']] })),
  content_digest_unsupported: verifying(signing({}, { ...request, headers: [['content-digest', 'md5=:AAAA:']] })),
  content_digest_mismatch: verifying({ ...signing(), rawBody: new TextEncoder().encode('{"stock":6}') }),
};

describe('a refusal', () => {
  test('has a case for each code', () => {
    expect(Object.keys(defects)).toEqual([...httpSignatureRefusalCodes]);
  });

  for (const code of httpSignatureRefusalCodes) {
    test(`is ${code}`, () => {
      expect(outcomeOf(defects[code])).toBe(code);
    });
  }

  test('comes from a message and never quotes it', () => {
    const quoted = signing({ parameters: `;created=${nowSeconds};keyid="INJECTED";nonce="INJECTED"` });
    const result = verifyHttpSignature(verifying(quoted));
    expect(result).toMatchObject({ ok: false, code: 'key_unknown' });
    expect(JSON.stringify(result)).not.toContain('INJECTED');
  });

  test('meets a line break in a covered header, which could forge a line', () => {
    const signed = signing(
      { components: [...components, 'x-note'] },
      { ...request, headers: [...request.headers, ['x-note', 'a\n"x": b']] },
    );
    expect(outcomeOf(verifying(signed))).toBe('component_unreadable');
  });

  test('meets a target that can be read in two ways', () => {
    for (const url of [
      'https://user@a.example/',
      'https://a.example/#x',
      'https://a.example\\@b.example/',
      '/in/1',
      'ftp://a/',
      'https://a.example/ä',
    ]) {
      const signed = signing({ components: ['@authority'] });
      expect(outcomeOf(verifying({ ...signed, url }, { requiredComponents: ['@authority'] }))).toBe(
        'component_unreadable',
      );
    }
  });

  test('meets too many labels, components or parameters', () => {
    const many = (count: number, text: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => text(index));
    for (const value of [
      many(9, (index) => `l${index}=()`).join(', '),
      `sig=(${many(33, (index) => `"h${index}"`).join(' ')})`,
      `sig=()${many(17, (index) => `;p${index}`).join('')}`,
    ]) {
      expect(outcomeOf(verifying(withHeader(signing(), 'signature-input', () => value)))).toBe('header_too_large');
    }
  });
});

describe('of two defects the first counts', () => {
  test('for each code that a policy, the time or the keys alone can cause', () => {
    const broken = signing({
      components: ['@method'],
      parameters: `;created=${nowSeconds - 999};keyid="no";expires=1700000000`,
    });
    const policy = { requiredComponents: ['@method', '@path'], tag: 'x' };
    expect(outcomeOf(verifying(broken, policy))).toBe('parameter_missing');
    const tagged = signing({
      components: ['@method'],
      parameters: `;created=${nowSeconds - 999};keyid="no";nonce="n";tag="y"`,
    });
    expect(outcomeOf(verifying(tagged, policy))).toBe('tag_mismatch');
    expect(outcomeOf(verifying(tagged, { ...policy, tag: 'y' }))).toBe('component_uncovered');
    expect(outcomeOf(verifying(tagged, { requiredComponents: ['@method'] }))).toBe('created_too_old');
    expect(outcomeOf({ ...verifying(tagged, { requiredComponents: ['@method'], toleranceSeconds: 999 }) })).toBe(
      'key_unknown',
    );
  });
});

describe('verifyHttpSignature throws on a bug of the caller', () => {
  const cases: readonly (readonly [string, VerifyHttpSignatureInput, string])[] = [
    [
      'a short HMAC key',
      { ...verifying(signing()), lookUpKey: () => ({ algorithm: 'hmac-sha256', secret: new Uint8Array(15) }) },
      'HMAC key',
    ],
    [
      'a short public key',
      { ...verifying(signing()), lookUpKey: () => ({ algorithm: 'ed25519', publicKey: new Uint8Array(31) }) },
      'public key',
    ],
    ['now not a number', { ...verifying(signing()), nowSeconds: Number.NaN }, 'current time'],
    ['no tolerance', verifying(signing(), { toleranceSeconds: Number.NaN }), 'tolerance'],
    ['nothing required', verifying(signing(), { requiredComponents: [] }), 'must be covered'],
    ['a component that is not supported', verifying(signing(), { requiredComponents: ['@status'] }), 'supported'],
  ];
  for (const [name, input, text] of cases) {
    test(name, () => {
      expect(() => verifyHttpSignature(input)).toThrow(text);
    });
  }
});

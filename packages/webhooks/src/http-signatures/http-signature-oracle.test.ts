import { afterAll, describe, expect, setSystemTime, test } from 'bun:test';
import * as fc from 'fast-check';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import type { SignedRequest } from './signed-request.ts';
import {
  digestHeader,
  makeEcdsaKey,
  makeEd25519Key,
  makeHmacKey,
  makeRsaKey,
  signHttpRequest,
  type SigningKey,
} from './testing/sign-http-request.ts';
import { verifyHttpSignature } from './verify-http-signature.ts';

const nowSeconds = 1_700_000_000;
const components = ['@method', '@target-uri', '@authority', '@path', '@query', 'content-digest', 'x-note'];
// The library reads the clock itself.
setSystemTime(new Date(nowSeconds * 1000));
afterAll(() => {
  setSystemTime();
});

interface Passing {
  readonly request: SignedRequest;
  readonly nowSeconds: number;
}

const unsigned = fc
  .record({
    path: fc.array(fc.stringMatching(/^[a-z0-9-]{1,8}$/), { maxLength: 3 }),
    query: fc.option(fc.stringMatching(/^[a-z0-9=&%]{0,12}$/), { nil: undefined }),
    note: fc.stringMatching(/^[!-~](?:[ -~]{0,20}[!-~])?$/),
    body: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    algorithm: fc.constantFrom('sha-256' as const, 'sha-512' as const),
  })
  .map(({ path, query, note, body, algorithm }): SignedRequest => {
    const headers: [string, string][] = [
      ['content-digest', digestHeader(body, algorithm)],
      ['x-note', note],
    ];
    const target = `https://ingest.example/${path.join('/')}${query === undefined ? '' : `?${query}`}`;
    return { method: 'POST', url: target, headers, rawBody: body };
  });

/** What a Node server hands on: a header that came twice is a list. */
function toLibrary({ method, url, headers }: SignedRequest) {
  const record: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const earlier = record[name];
    record[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return { method, url, headers: record };
}

async function signByLibrary(key: SigningKey, request: SignedRequest): Promise<SignedRequest> {
  const signed = await httpbis.signMessage(
    {
      key: createSigner(key.library.signing, key.known.algorithm, key.keyId),
      fields: components,
      params: ['created', 'keyid', 'alg', 'nonce'],
      paramValues: { created: new Date(nowSeconds * 1000), nonce: 'n-1' },
    },
    toLibrary(request),
  );
  const headers = Object.entries(signed.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    [value].flat().join(', '),
  ]);
  return { ...request, headers };
}

async function judge(key: SigningKey, passing: Passing) {
  const ours = verifyHttpSignature({
    request: passing.request,
    policy: { requiredComponents: components, toleranceSeconds: 300, nonceIsRequired: true },
    lookUpKey: (keyId) => (keyId === key.keyId ? key.known : undefined),
    nowSeconds: passing.nowSeconds,
  });
  setSystemTime(new Date(passing.nowSeconds * 1000));
  const verified = await httpbis
    .verifyMessage(
      {
        keyLookup: async ({ keyid }) =>
          keyid === key.keyId
            ? { algs: [key.known.algorithm], verify: createVerifier(key.library.verifying, key.known.algorithm) }
            : null,
        requiredFields: components,
        requiredParams: ['created', 'keyid', 'nonce'],
        maxAge: 300,
        notAfter: new Date((passing.nowSeconds + 300) * 1000),
      },
      toLibrary(passing.request),
    )
    .catch(() => false);
  setSystemTime(new Date(nowSeconds * 1000));
  return { ours, theirs: verified === true };
}

function onHeader(name: string, change: (value: string) => string): (passing: Passing) => Passing {
  return ({ request, ...rest }) => {
    const headers = [...request.headers].map(([key, value]): [string, string] => [
      key,
      key === name ? change(value) : value,
    ]);
    return { ...rest, request: { ...request, headers } };
  };
}

function onRequest(change: (request: SignedRequest) => Partial<SignedRequest>): (passing: Passing) => Passing {
  return ({ request, ...rest }) => ({ ...rest, request: { ...request, ...change(request) } });
}

const changes: Readonly<Record<string, (passing: Passing) => Passing>> = {
  'nothing changed': (passing) => passing,
  'another body': onRequest(({ rawBody }) => ({ rawBody: Uint8Array.from([...rawBody, 0]) })),
  'another method': onRequest(() => ({ method: 'PUT' })),
  'the method in lower case': onRequest(() => ({ method: 'post' })),
  'another path': onRequest(({ url }) => ({ url: url.replace('.example/', '.example/x/') })),
  'a longer query': onRequest(({ url }) => ({ url: `${url}${url.includes('?') ? '&' : '?'}x=1` })),
  'another authority': onRequest(({ url }) => ({ url: url.replace('ingest', 'egress') })),
  'another note': onHeader('x-note', (value) => `${value}!`),
  'a note with blanks around it': onHeader('x-note', (value) => `  ${value}\t`),
  'no note': onRequest(({ headers }) => ({ headers: [...headers].filter(([name]) => name !== 'x-note') })),
  'a second note': onRequest(({ headers }) => ({ headers: [...headers, ['x-note', 'b']] })),
  'another digest': onHeader('content-digest', (value) => value.replace(/:./, ':+')),
  'the headers in another order': onRequest(({ headers }) => ({ headers: [...headers].toReversed() })),
  'a header that is not covered': onRequest(({ headers }) => ({ headers: [...headers, ['x-other', 'b']] })),
  'the edge of the window': ({ request }) => ({ request, nowSeconds: nowSeconds + 300 }),
  'a second behind the window': ({ request }) => ({ request, nowSeconds: nowSeconds + 301 }),
  'a second before the window': ({ request }) => ({ request, nowSeconds: nowSeconds - 301 }),
  'another time': onHeader('signature-input', (value) => value.replace('created=17', 'created=18')),
  'another nonce': onHeader('signature-input', (value) => value.replace('n-1', 'n-2')),
  'no nonce': onHeader('signature-input', (value) => value.replace(';nonce="n-1"', '')),
  'another key': onHeader('signature-input', (value) => value.replace(/keyid="/, 'keyid="x')),
  'another algorithm': onHeader('signature-input', (value) => value.replace(/alg="[^"]*"/, 'alg="rsa-pss-sha512"')),
  'a component left out': onHeader('signature-input', (value) => value.replace(' "content-digest"', '')),
  'a component twice': onHeader('signature-input', (value) => value.replace('"x-note"', '"x-note" "x-note"')),
  'more blanks between components': onHeader('signature-input', (value) => value.replaceAll('" "', '"   "')),
  'the time with zeros before it': onHeader('signature-input', (value) => value.replace('created=', 'created=00')),
  'a second line with the same signature': onRequest(({ headers }) => ({
    headers: [...headers, ...[...headers].filter(([name]) => name.startsWith('signature'))],
  })),
  'an unknown signature beside it': (passing) =>
    onHeader(
      'signature',
      (value) => `${value}, other=:AAAA:`,
    )(onHeader('signature-input', (value) => `${value}, other=("@method");created=1;keyid="none"`)(passing)),
  'another label': onHeader('signature', (value) => value.replace('sig=', 'other=')),
  'no signature': onRequest(({ headers }) => ({ headers: [...headers].filter(([name]) => name !== 'signature') })),
  'a signature cut short': onHeader('signature', (value) => value.replace(/=:.{4}/, '=:')),
  'a signature with other trailing bits': onHeader('signature', (value) =>
    value.replace(
      /(.)(=+:)$/,
      (_, last: string, end: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}${end}`,
    ),
  ),
};

/** By change and our code. What is not listed must be refused by both or accepted by both. */
const stricterOnPurpose: Readonly<Record<string, string>> = {
  'another body: content_digest_mismatch': 'It covers the header and leaves comparing it with the body to its user.',
  'the method in lower case: signature_mismatch': 'Methods are case-sensitive (RFC 9421 section 2.2.1); it folds them.',
  'a second line with the same signature: header_duplicate': 'Nothing shows who added the second line.',
  'an unknown signature beside it: signature_ambiguous': 'Which signature counts is said by label, not tried out.',
  'a signature with other trailing bits: header_malformed': 'A signature has one spelling.',
};

describe.each([
  ['hmac-sha256', makeHmacKey()],
  ['ed25519', makeEd25519Key()],
  ['ecdsa-p256-sha256', makeEcdsaKey()],
  ['rsa-pss-sha512', makeRsaKey()],
] as const)('http-message-signatures with %s', (_, key) => {
  test('what it signs, we accept, and what we sign, it accepts', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, async (request) => {
        const theirs = await judge(key, { request: await signByLibrary(key, request), nowSeconds });
        expect(theirs).toMatchObject({
          ours: { ok: true, providerMessageId: 'n-1', bodyIsCovered: true },
          theirs: true,
        });
        const parameters = `;created=${nowSeconds};keyid="${key.keyId}";nonce="n-2"`;
        const ours = await judge(key, {
          request: signHttpRequest(request, { key, components, parameters }),
          nowSeconds,
        });
        expect(ours).toMatchObject({ ours: { ok: true, providerMessageId: 'n-2' }, theirs: true });
      }),
      { numRuns: key.known.algorithm === 'rsa-pss-sha512' ? 20 : 60 },
    );
  });

  test('of what was changed we accept nothing that it refuses, and the rest is on the list', async () => {
    const seen = new Map<string, string>();
    let judged = 0;
    for (const [name, change] of Object.entries(changes)) {
      for (const request of fc.sample(unsigned, 6)) {
        const passing = change({ request: await signByLibrary(key, request), nowSeconds });
        const { ours, theirs } = await judge(key, passing);
        judged += 1;
        if (ours.ok && !theirs) throw new Error(`We accept what the library refuses: ${name}.`);
        if (!ours.ok && theirs) seen.set(name, ours.code);
      }
    }
    expect(judged).toBe(6 * Object.keys(changes).length);
    expect([...seen].map(([name, code]) => `${name}: ${code}`).toSorted()).toEqual(
      Object.keys(stricterOnPurpose).toSorted(),
    );
  });

  test('no flipped bit of the signature headers passes', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, fc.nat(), fc.nat({ max: 7 }), fc.boolean(), async (request, where, bit, inInput) => {
        const flip = (value: string) => {
          const bytes = Buffer.from(value, 'latin1');
          const at = where % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          return bytes.toString('latin1');
        };
        const signed = await signByLibrary(key, request);
        const { ours } = await judge(
          key,
          onHeader(inInput ? 'signature-input' : 'signature', flip)({ request: signed, nowSeconds }),
        );
        expect(ours.ok).toBe(false);
      }),
      // An RSA signature costs as much as a hundred of the others.
      { numRuns: key.known.algorithm === 'rsa-pss-sha512' ? 30 : 200 },
    );
  });
});

import { describe, expect, test } from 'bun:test';
import vectors from '../vectors/standard-webhooks.json';
import {
  parseWebhookSecret,
  signWebhook,
  verifyWebhook,
  webhookRefusalCodes,
  webhookSecretRefusalCodes,
} from './index.ts';

/** JSON knows lists of strings only, so the pairs are checked on the way in. */
function readPairs(lists: readonly (readonly string[])[]): [string, string][] {
  return lists.map(([name, value, ...rest]) => {
    if (name === undefined || value === undefined || rest.length > 0) throw new Error('A header is not a pair.');
    return [name, value];
  });
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function codesOf(cases: readonly { readonly expected: { readonly code?: string } }[]): string[] {
  return [...new Set(cases.flatMap(({ expected }) => expected.code ?? []))].toSorted();
}

describe('the vector file', () => {
  test('lists the refusal codes in our order and has a case for each', () => {
    expect(vectors.refusalCodes).toEqual([...webhookRefusalCodes]);
    expect(codesOf(vectors.verify)).toEqual(webhookRefusalCodes.toSorted());
    expect(codesOf(vectors.secrets)).toEqual(webhookSecretRefusalCodes.toSorted());
  });

  test('has accepted cases too', () => {
    expect(vectors.verify.filter(({ expected }) => expected.ok).length).toBeGreaterThanOrEqual(20);
    expect(vectors.secrets.filter(({ expected }) => expected.ok).length).toBeGreaterThanOrEqual(4);
    expect(vectors.sign.length).toBeGreaterThanOrEqual(10);
  });
});

describe('secrets', () => {
  for (const { name, text, expected } of vectors.secrets) {
    test(name, () => {
      const parsed = parseWebhookSecret(text);
      const seen = parsed.ok
        ? { ok: true, keyHex: Buffer.from(parsed.key).toString('hex') }
        : { ok: false, code: parsed.code };
      expect<unknown>(seen).toEqual(expected);
    });
  }
});

describe('sign', () => {
  for (const { name, secrets, messageId, timestampSeconds, bodyBase64, expected } of vectors.sign) {
    test(name, () => {
      const body = bytesOf(bodyBase64);
      expect(signWebhook({ secrets, messageId, timestampSeconds, body })).toEqual(expected);
      const [secret, ...others] = secrets;
      if (secret === undefined || others.length > 0) return;
      expect(signWebhook({ secret, messageId, timestampSeconds, body })).toEqual(expected);
    });
  }
});

describe('verify', () => {
  for (const { name, secrets, headers, bodyBase64, nowSeconds, toleranceSeconds, expected } of vectors.verify) {
    test(name, () => {
      const body = bytesOf(bodyBase64);
      const result = verifyWebhook({ secrets, headers: readPairs(headers), body, nowSeconds, toleranceSeconds });
      expect<unknown>(result.ok ? result : { ok: false, code: result.code }).toEqual(expected);
    });
  }
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ed25519Verify } from './ed25519.ts';
import { parseJsonBytes } from './inert-json.ts';
import { receiptDocument } from './receipt-document.ts';
import { sha256 } from './sha256.ts';
import { signReceipt } from './sign-receipt.ts';
import { canonicalBytes } from './canonical-bytes.ts';
import { verifyReceipt } from './verify-receipt.ts';
import { refused } from './testing/sample-receipts.ts';
import { withByteFlipped } from './testing/tampering.ts';
import { current, vectorKeySet } from './testing/vector-signers.ts';
import type { JsonValue } from './json-value.ts';

const signed = signReceipt(refused, current.signer);
const honest = receiptDocument(signed);
const documentBytes = canonicalBytes(honest);
const publicKey = new Uint8Array(Buffer.from(current.signer.publicJwk.x, 'base64url'));
const keys = vectorKeySet;
const masks = [1, 2, 4, 8, 16, 32, 64, 128];

/** Where the sample's `1e-7` has its e, and the bit that makes it E. */
const exponent = Buffer.from(signed.bytes).indexOf('1e-7') + 1;
const CASE_BIT = 32;

/** The value of flipped bytes, or nothing when they are no longer UTF-8 or JSON, which no verifier gets to see. */
function parseFlipped(bytes: Uint8Array): { json: JsonValue } | null {
  try {
    return { json: parseJsonBytes(bytes) };
  } catch {
    return null;
  }
}

test('the untouched document verifies', () => {
  expect(verifyReceipt({ document: parseJsonBytes(documentBytes), keys }).ok).toBe(true);
  expect(ed25519Verify({ bytes: signed.bytes, publicKey, signature: signed.signature })).toBe(true);
});

describe('each single bit', () => {
  test('of the document: verifies only as other text of the same value', () => {
    const seen = { broken: 0, same: 0, refused: 0 };
    for (const index of documentBytes.keys()) {
      for (const mask of masks) {
        const flipped = parseFlipped(withByteFlipped({ bytes: documentBytes, index, mask }));
        if (flipped === null) {
          seen.broken += 1;
          continue;
        }
        const verified = verifyReceipt({ document: flipped.json, keys });
        if (!verified.ok) {
          seen.refused += 1;
          continue;
        }
        expect(canonicalBytes(flipped.json)).toEqual(documentBytes);
        seen.same += 1;
      }
    }
    expect(seen.broken + seen.same + seen.refused).toBe(documentBytes.length * masks.length);
    // In two numbers of the sample E may stand for e, and in one escape F for f.
    expect(seen.same).toBe(3);
    expect(seen.refused).toBeGreaterThan(documentBytes.length);
  }, 60_000);

  test('of the signature: never verifies', () => {
    for (const index of signed.signature.keys()) {
      for (const mask of masks) {
        const signature = withByteFlipped({ bytes: signed.signature, index, mask });
        const document = receiptDocument({ ...signed, signature });
        expect(verifyReceipt({ document, keys })).toMatchObject({ ok: false, code: 'signature_invalid' });
      }
    }
  });

  test('of the hash: never verifies', () => {
    for (const index of signed.hash.keys()) {
      for (const mask of masks) {
        const document = receiptDocument({ ...signed, hash: withByteFlipped({ bytes: signed.hash, index, mask }) });
        expect(verifyReceipt({ document, keys })).toMatchObject({ ok: false, code: 'hash_mismatch' });
      }
    }
  });
});

describe('each byte of the canonical bytes, by any mask', () => {
  const index = fc.nat(signed.bytes.length - 1);
  const mask = fc.integer({ min: 1, max: 255 });

  test('the signature does not hold for them', () => {
    for (const each of signed.bytes.keys()) {
      const flip = (by: number): Uint8Array => withByteFlipped({ bytes: signed.bytes, index: each, mask: by });
      const bytes = flip(1 + (each % 255));
      if (ed25519Verify({ bytes, publicKey, signature: signed.signature })) throw new Error(`byte ${each}`);
    }
    expect(signed.bytes.length).toBeGreaterThan(1_000);
  });

  test('a forger who makes the hash fit is refused all the same', () => {
    const codes = new Map<string, number>();
    fc.assert(
      fc.property(index, mask, (at, by) => {
        const flipped = parseFlipped(withByteFlipped({ bytes: signed.bytes, index: at, mask: by }));
        fc.pre(flipped !== null);
        // Other text of the same value (E for e in a number) is the same receipt: nothing was forged.
        fc.pre(!isSigned(rehash(flipped.json)));
        const hash = `sha256:${sha256(rehash(flipped.json)).toHex()}`;
        const verified = verifyReceipt({ document: { ...honest, receipt: flipped.json, hash }, keys });
        const code = verified.ok ? 'verified' : verified.code;
        codes.set(code, (codes.get(code) ?? 0) + 1);
        expect(verified.ok).toBe(false);
      }),
      // The first of them is such other text, so that each run meets it.
      { numRuns: 1_000, examples: [[exponent, CASE_BIT]] },
    );
    expect(codes.get('signature_invalid')).toBeGreaterThan(500);
  });
});

function isSigned(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, signed.bytes) === 0;
}

function rehash(json: JsonValue): Uint8Array {
  try {
    return canonicalBytes(json);
  } catch {
    // A flip can make a number unsafe; the document is malformed then, whatever its hash.
    return new Uint8Array();
  }
}

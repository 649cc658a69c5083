import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonicalBytes } from './canonical-bytes.ts';
import { receiptBytesMax, receiptDocumentBytesMax } from './limits.ts';
import { receiptDocument } from './receipt-document.ts';
import { signReceipt } from './sign-receipt.ts';
import { receiptVerificationCodes, verifyReceipt, type ReceiptVerificationCode } from './verify-receipt.ts';
import { pendingApproval, succeeded } from './testing/sample-receipts.ts';
import { current, stranger, vectorKeySet } from './testing/vector-signers.ts';
import type { JsonValue } from './json-value.ts';
import type { ReceiptBody } from './receipt-body.ts';

const { signer } = current;
const document = receiptDocument(signReceipt(pendingApproval, signer));

function codeOf(input: { document: unknown; keys?: unknown }): ReceiptVerificationCode | 'verified' {
  const verified = verifyReceipt({ keys: vectorKeySet, ...input });
  return verified.ok ? 'verified' : verified.code;
}

/** Whether a receipt is the one of the document, however it is written down. */
function isSameReceipt(receipt: unknown): boolean {
  try {
    // It may be anything: what is no JSON throws.
    return Buffer.compare(canonicalBytes(receipt as JsonValue), signReceipt(pendingApproval, signer).bytes) === 0;
  } catch {
    return false;
  }
}

/** Pads a receipt with one long reason until its canonical form has `size` bytes. */
function receiptOfBytes(size: number): ReceiptBody {
  const empty = { ...succeeded, reason: '' };
  const emptyLength = JSON.stringify(empty).length;
  return { ...empty, reason: 'a'.repeat(size - emptyLength) };
}

test('a receipt verifies with the published keys alone, after a journey as text', () => {
  const keys: unknown = JSON.parse(JSON.stringify(vectorKeySet));
  const verified = verifyReceipt({ document: JSON.parse(JSON.stringify(document)), keys });
  expect(verified).toEqual({ ok: true, body: pendingApproval, keyId: signer.keyId });
});

describe('size', () => {
  test('the largest receipt that can be signed verifies', () => {
    const signed = signReceipt(receiptOfBytes(receiptBytesMax), signer);
    expect(signed.bytes.length).toBe(receiptBytesMax);
    expect(codeOf({ document: receiptDocument(signed) })).toBe('verified');
  });

  test('a larger one is not signed', () => {
    expect(() => signReceipt(receiptOfBytes(receiptBytesMax + 1), signer)).toThrow(RangeError);
  });

  test('a document is too large from one byte above the limit', () => {
    const padded = (length: number): unknown => ({ padding: 'a'.repeat(length - '{"padding":""}'.length) });
    expect(codeOf({ document: padded(receiptDocumentBytesMax) })).toBe('malformed_document');
    expect(codeOf({ document: padded(receiptDocumentBytesMax + 1) })).toBe('too_large');
    expect(codeOf({ document: { ...document, receipt: Array(100_000).fill(0) } })).toBe('too_large');
    expect(codeOf({ document: '\u0000'.repeat(20_000) })).toBe('too_large');
  });
});

test('of several reasons, the first in the list is given', () => {
  const honest = receiptDocument(signReceipt({ ...succeeded, completedAt: '2020-01-01T00:00:00.000Z' }, signer));
  const zeros = Buffer.alloc(64).toString('base64');
  const unsigned = { ...honest, signature: { ...honest.signature, value: zeros } };
  const strange = { ...unsigned, signature: { ...unsigned.signature, keyId: stranger.signer.keyId } };
  const rehashed = { ...strange, hash: `sha256:${'0'.repeat(64)}` };
  const withReceipt = (change: object): unknown => ({ ...rehashed, receipt: { ...honest.receipt, ...change } });
  const timely = receiptDocument(signReceipt(succeeded, signer));
  const staircase = [
    codeOf({ document: withReceipt({ format: 'a', receiptId: 'b', reason: 'c'.repeat(70_000) }), keys: null }),
    codeOf({ document: { ...(withReceipt({ format: 'a', receiptId: 'b' }) as object), note: 1 }, keys: null }),
    codeOf({ document: withReceipt({ format: 'a', receiptId: 'b' }), keys: null }),
    codeOf({ document: withReceipt({ receiptId: 'b' }), keys: null }),
    codeOf({ document: rehashed, keys: null }),
    codeOf({ document: strange, keys: null }),
    codeOf({ document: strange }),
    codeOf({ document: unsigned }),
    codeOf({ document: { ...timely, signature: { ...timely.signature, value: zeros } } }),
  ];
  expect(staircase).toEqual([...receiptVerificationCodes]);
});

describe('what is checked is what is returned', () => {
  test('the body shares nothing with the document', () => {
    const mutable = structuredClone(document) as { receipt: { scope: string } };
    const verified = verifyReceipt({ document: mutable, keys: vectorKeySet });
    mutable.receipt.scope = 'changed afterwards';
    expect(verified).toMatchObject({ ok: true, body: { scope: pendingApproval.scope } });
  });

  test('a getter that changes its answer cannot put in another body', () => {
    for (let honestReads = 0; honestReads < 8; honestReads += 1) {
      let reads = 0;
      const shifting = {
        ...document,
        get receipt(): unknown {
          reads += 1;
          return reads > honestReads ? { ...document.receipt, scope: 'forged' } : document.receipt;
        },
      };
      const verified = verifyReceipt({ document: shifting, keys: vectorKeySet });
      if (verified.ok) expect(verified.body).toEqual(pendingApproval);
      else expect(verified.code).toBe('hash_mismatch');
    }
  });
});

describe('no input makes it throw', () => {
  const allKinds = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withObjectString: true,
  });

  test('arbitrary documents and key sets', () => {
    fc.assert(
      fc.property(allKinds, allKinds, (hostile, keys) => {
        expect(codeOf({ document: hostile, keys })).not.toBe('verified');
      }),
    );
  });

  test('a document with any part replaced by anything', () => {
    const envelope = fc.constantFrom('receipt', 'hash', 'signature');
    const signatureMember = fc.constantFrom('algorithm', 'keyId', 'value');
    fc.assert(
      fc.property(envelope, signatureMember, allKinds, (part, member, hostile) => {
        const signature = { ...document.signature, [member]: hostile };
        expect(codeOf({ document: { ...document, [part]: hostile } })).not.toBe('verified');
        expect(codeOf({ document: { ...document, signature } })).not.toBe('verified');
        expect(receiptVerificationCodes).toContain(codeOf({ document, keys: hostile }) as ReceiptVerificationCode);
      }),
    );
  });

  test('a receipt with any member replaced by anything: verified only when it is the same value', () => {
    const member = fc.constantFrom(...Object.keys(pendingApproval));
    fc.assert(
      fc.property(member, fc.oneof(allKinds, fc.constant(null), fc.constant('R2')), (name, hostile) => {
        const receipt = { ...document.receipt, [name]: hostile };
        expect(codeOf({ document: { ...document, receipt } }) === 'verified').toBe(isSameReceipt(receipt));
      }),
      // Another empty list is the same value; by chance it comes once in hundreds of runs.
      { examples: [['entities', []]] },
    );
  });
});

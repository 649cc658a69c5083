import { describe, expect, test } from 'bun:test';
import { canonicalBytes } from './canonical-bytes.ts';
import { receiptDocument } from './receipt-document.ts';
import { receiptHash } from './receipt-hash.ts';
import { createReceiptSigner } from './receipt-signer.ts';
import { signReceipt } from './sign-receipt.ts';
import { readVectors } from './testing/read-vectors.ts';
import { buildReceiptVectors, type ReceiptVectors } from './testing/receipt-vectors.ts';
import { receiptVerificationCodes, verifyReceipt } from './verify-receipt.ts';

const vectors = readVectors<ReceiptVectors>('receipts.json');

describe('valid', () => {
  test.each([...vectors.valid])('$name', ({ canonical, document, signer }) => {
    const { receipt } = document;
    expect(new TextDecoder().decode(canonicalBytes(receipt))).toBe(canonical);
    expect(`sha256:${receiptHash(receipt).toHex()}`).toBe(document.hash);

    const { seed, keyId } = vectors.signers.find(({ name }) => name === signer)!;
    expect(verifyReceipt({ document, keys: vectors.keySet })).toEqual({ ok: true, body: receipt, keyId });

    const again = signReceipt(receipt, createReceiptSigner({ privateKey: Uint8Array.fromHex(seed) }));
    expect(receiptDocument(again)).toEqual(document);
  });
});

describe('equivalent', () => {
  test.each([...vectors.equivalent])('$name', ({ documentText, of }) => {
    const original = vectors.valid.find(({ name }) => name === of)!;
    expect(documentText).not.toBe(JSON.stringify(original.document));
    const verified = verifyReceipt({ document: JSON.parse(documentText), keys: vectors.keySet });
    expect(verified).toMatchObject({ ok: true, body: original.document.receipt });
  });
});

describe('invalid', () => {
  test.each([...vectors.invalid])('$code: $name', (vector) => {
    const document = 'documentText' in vector ? JSON.parse(vector.documentText) : vector.document;
    const keys = 'keySet' in vector ? vector.keySet : vectors.keySet;
    expect(verifyReceipt({ document, keys })).toMatchObject({ ok: false, code: vector.code });
  });

  test('each code but too_large has a vector', () => {
    const codes = new Set(vectors.invalid.map(({ code }) => code));
    expect(receiptVerificationCodes.filter((code) => !codes.has(code))).toEqual(['too_large']);
  });
});

test('the file is what buildReceiptVectors makes', () => {
  const built: unknown = JSON.parse(JSON.stringify(buildReceiptVectors()));
  expect(built).toEqual(JSON.parse(JSON.stringify(vectors)));
  expect(vectors.valid.length).toBeGreaterThan(5);
});

import { describe, expect, test } from 'bun:test';
import { parseReceiptDocument, receiptDocument } from './receipt-document.ts';
import { receiptHash } from './receipt-hash.ts';
import { signReceipt } from './sign-receipt.ts';
import { approved, denied, pendingApproval, refused, succeeded } from './testing/sample-receipts.ts';
import { withByteFlipped } from './testing/tampering.ts';
import { current } from './testing/vector-signers.ts';
import type { ReceiptBody } from './receipt-body.ts';

const samples = [approved, denied, pendingApproval, refused, succeeded];

describe('signing', () => {
  test('keeps the bytes exactly as hashed and signed', () => {
    const signed = signReceipt(succeeded, current.signer);
    expect(JSON.parse(new TextDecoder().decode(signed.bytes))).toEqual(succeeded);
    expect(signed.hash).toEqual(receiptHash(signed.bytes));
    expect(signed.hash).toEqual(receiptHash(succeeded));
    expect(signed.signature).toEqual(current.signer.sign(signed.bytes));
    expect(signed.keyId).toBe(current.signer.keyId);
  });

  test.each([
    ['format', 'karmanflow.receipt/2'],
    ['receiptId', 'rcp_1'],
    ['receiptId', 'RCP_019B76DA-A800-7000-8000-000000000001'],
    ['completedAt', '2026-03-01T09:30:00Z'],
    ['reason', undefined],
  ])('throws for a body that could not be verified: %s %p', (name, value) => {
    // The types rule these out; the check is for callers that were not compiled against them.
    const body = { ...succeeded, [name]: value } as ReceiptBody;
    expect(() => signReceipt(body, current.signer)).toThrow(TypeError);
  });
});

describe('the document', () => {
  test('parses back to the stored receipt', () => {
    for (const body of samples) {
      const signed = signReceipt(body, current.signer);
      const document = receiptDocument(signed);
      const parsed = parseReceiptDocument(JSON.parse(JSON.stringify(document)));
      expect(parsed).toEqual({ ok: true, document, claimed: signed });
    }
  });

  test('has the published shape', () => {
    const { receipt, ...proof } = receiptDocument(signReceipt(succeeded, current.signer));
    expect(receipt).toEqual(succeeded);
    expect(proof).toEqual({
      hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      signature: {
        algorithm: 'Ed25519',
        keyId: current.signer.keyId,
        value: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/),
      },
    });
  });

  test('is not made of stored bytes that were damaged', () => {
    const signed = signReceipt(succeeded, current.signer);
    const index = signed.bytes.indexOf('r'.charCodeAt(0));
    const damaged = withByteFlipped({ bytes: signed.bytes, index, mask: 0x80 });
    expect(() => receiptDocument({ ...signed, bytes: damaged })).toThrow();
    expect(() => receiptDocument({ ...signed, bytes: signed.bytes.subarray(1) })).toThrow();
  });

  test('parsing checks no proof', () => {
    const document = receiptDocument(signReceipt(succeeded, current.signer));
    const forged = { ...document, receipt: { ...succeeded, scope: 'forged' } };
    expect(parseReceiptDocument(forged)).toMatchObject({ ok: true });
  });

  test('another text of the same signature is refused', () => {
    const document = receiptDocument(signReceipt(succeeded, current.signer));
    const { value } = document.signature;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = alphabet.indexOf(value.charAt(85));
    const texts = [1, 2, 15].map((bits) => `${value.slice(0, 85)}${alphabet.charAt(last ^ bits)}==`);
    for (const text of [...texts, value.slice(0, 86), `${value}=`, ` ${value}`, value.replaceAll('=', '.')]) {
      const altered = { ...document, signature: { ...document.signature, value: text } };
      expect(parseReceiptDocument(altered)).toMatchObject({ ok: false, code: 'malformed_document' });
    }
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { receiptDocument } from '../receipt-document.ts';
import { signReceipt } from '../sign-receipt.ts';
import { approved, denied, pendingApproval, refused, succeeded } from '../testing/sample-receipts.ts';
import { current } from '../testing/vector-signers.ts';
import { leafHash } from './merkle-hash.ts';
import { inclusionProof } from './merkle-proof.ts';
import { formatVerifierKey } from './note-key.ts';
import { cosignCheckpoint, signNote } from './note-signer.ts';
import {
  checkpointText,
  cosignedAt,
  logSigner,
  manyLeafHashes,
  origin,
  strangerSigner,
  witnesses,
} from './testing/sample-log.ts';
import { formatTlogProof } from './tlog-proof.ts';
import {
  logReceiptRefusals,
  verifyLogReceipt,
  type LogReceiptRefusalCode,
  type LogTrust,
} from './verify-log-receipt.ts';

const signed = [succeeded, refused, denied, pendingApproval, approved].map((body) => signReceipt(body, current.signer));
// The leaf is the stored receipt: its canonical bytes, exactly as they were hashed and signed.
const leafHashes = [...signed.map(({ bytes }) => leafHash(bytes)), ...manyLeafHashes(20)];
const text = checkpointText(leafHashes);
const signatures = witnesses.map((signer) => cosignCheckpoint({ text, signer, timestampSeconds: cosignedAt }));
const checkpoint = signNote({ text, signers: [logSigner], signatures });

const proofOf = (index: number, note = checkpoint): string =>
  formatTlogProof({
    leafIndex: BigInt(index),
    proof: inclusionProof({ leafIndex: BigInt(index), leafHashes }),
    checkpoint: note,
  });
const documentOf = (index: number): string =>
  JSON.stringify(receiptDocument(signed[index] ?? signReceipt(succeeded, current.signer)));

const trust: LogTrust = {
  origin,
  logKeys: [formatVerifierKey(logSigner.key)],
  witnessKeys: witnesses.map(({ key }) => formatVerifierKey(key)),
  witnessQuorum: 2,
};

function codeOf(input: { document?: string | Uint8Array; proof?: string | Uint8Array; trust?: LogTrust }): string {
  const verified = verifyLogReceipt({ document: documentOf(0), proof: proofOf(0), trust, ...input });
  return verified.ok ? 'verified' : verified.code;
}

test.each(signed.map((_, index) => index))('receipt %d is in the log, and nowhere else in it', (index) => {
  const verified = verifyLogReceipt({ document: documentOf(index), proof: proofOf(index), trust });
  expect(verified).toMatchObject({ ok: true, leafIndex: BigInt(index), checkpoint: { origin, size: 25n } });
  expect(verified.ok && verified.body).toEqual(JSON.parse(documentOf(index)).receipt);
  expect(codeOf({ document: documentOf(index), proof: proofOf((index + 1) % signed.length) })).toBe('not_included');
});

test('a document as bytes, or indented, is the same document', () => {
  const indented = JSON.stringify(JSON.parse(documentOf(1)), null, 4);
  expect(codeOf({ document: indented, proof: proofOf(1) })).toBe('verified');
  const proof = new TextEncoder().encode(proofOf(1));
  expect(codeOf({ document: new TextEncoder().encode(documentOf(1)), proof })).toBe('verified');
});

describe('what is refused, and at which step', () => {
  const withReceipt = (change: object): string => {
    const document = JSON.parse(documentOf(0));
    return JSON.stringify({ ...document, receipt: { ...document.receipt, ...change } });
  };
  const noteBy = (body: string, signers = [logSigner]): string => proofOf(0, signNote({ text: body, signers }));

  const cases: readonly [LogReceiptRefusalCode, Parameters<typeof codeOf>[0]][] = [
    ['too_large', { document: ' '.repeat(300_000) }],
    ['too_large', { document: withReceipt({ reason: 'a'.repeat(70_000) }) }],
    ['malformed_document', { document: 'nonsense' }],
    ['malformed_document', { document: '{"receipt":1}' }],
    ['malformed_document', { document: Uint8Array.of(0xff, 0xfe) }],
    ['malformed_document', { document: `${'['.repeat(100_000)}` }],
    ['malformed_document', { document: withReceipt({ count: 2 ** 60 }) }],
    ['unknown_format', { document: withReceipt({ format: 'karmanflow.receipt/2' }) }],
    ['malformed_receipt', { document: withReceipt({ receiptId: 'rcp_1' }) }],
    ['hash_mismatch', { document: withReceipt({ scope: 'another' }) }],
    ['malformed_key', { trust: { ...trust, logKeys: [''] } }],
    ['malformed_key', { trust: { ...trust, logKeys: trust.witnessKeys } }],
    ['malformed_key', { trust: { ...trust, witnessKeys: trust.logKeys } }],
    ['malformed_proof', { proof: '' }],
    ['malformed_proof', { proof: proofOf(0).replace('@v1', '@v2') }],
    ['ambiguous_key', { trust: { ...trust, logKeys: [...trust.logKeys, ...trust.logKeys] } }],
    ['signature_invalid', { proof: proofOf(0).replace('\n25\n', '\n26\n') }],
    ['no_known_signature', { proof: noteBy(text, [strangerSigner]) }],
    ['malformed_checkpoint', { proof: noteBy('no checkpoint\n') }],
    ['wrong_origin', { trust: { ...trust, origin: 'log.example/other' } }],
    ['log_signature_missing', { trust: { ...trust, logKeys: [] } }],
    ['witnesses_missing', { proof: noteBy(text) }],
    ['not_included', { proof: proofOf(1) }],
  ];

  test.each([...cases])('%s', (code, input) => {
    const verified = verifyLogReceipt({ document: documentOf(0), proof: proofOf(0), trust, ...input });
    expect(verified).toMatchObject({ ok: false, code, step: logReceiptRefusals[code] });
    expect(verified.ok || verified.detail.length > 5).toBe(true);
  });

  test('each reason has a case, but the one that a readable proof file rules out', () => {
    const seen = new Set(cases.map(([code]) => code));
    const codes = Object.keys(logReceiptRefusals) as LogReceiptRefusalCode[];
    expect(codes.filter((code) => !seen.has(code))).toEqual(['malformed_note']);
  });

  test('a forged hash does not help: the leaf is made from the receipt', () => {
    const document = JSON.parse(documentOf(0));
    const other = signReceipt({ ...succeeded, scope: 'another' }, current.signer);
    expect(codeOf({ document: JSON.stringify({ ...document, ...receiptDocument(other) }) })).toBe('not_included');
  });

  test('noise is refused without an error', () => {
    const noise = fc.oneof(fc.string(), fc.uint8Array(), fc.json());
    fc.assert(
      fc.property(noise, noise, fc.array(fc.string()), (document, proof, logKeys) => {
        expect(codeOf({ document })).not.toBe('verified');
        expect(codeOf({ proof })).not.toBe('verified');
        expect(codeOf({ trust: { ...trust, logKeys } })).not.toBe('verified');
      }),
    );
  });
});

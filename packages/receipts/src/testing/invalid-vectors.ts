import { canonicalBytes } from '../canonical-bytes.ts';
import { receiptDocument, type ReceiptDocument } from '../receipt-document.ts';
import { sha256 } from '../sha256.ts';
import { signReceipt } from '../sign-receipt.ts';
import { denied, succeeded } from './sample-receipts.ts';
import { signWithIdentityNonce, withGroupOrderAdded } from './tampering.ts';
import { current, former, stranger, vectorKeySet } from './vector-signers.ts';
import type { JsonObject, JsonValue } from '../json-value.ts';
import type { ReceiptVerificationCode } from '../verify-receipt.ts';
import type { VectorSigner } from './vector-signers.ts';

export type InvalidVector = { readonly name: string; readonly code: ReceiptVerificationCode } & (
  | { readonly document: JsonValue; readonly keySet?: JsonValue }
  | { readonly documentText: string }
);

const signed = signReceipt(succeeded, current.signer);
const honest = receiptDocument(signed);

/** One document, or more, for each code that a document of reasonable size can earn, in order of precedence. */
export function invalidVectors(): readonly InvalidVector[] {
  return [
    ...malformedDocuments(),
    ...unknownFormats(),
    ...malformedReceipts(),
    ...hashMismatches(),
    ...malformedKeySets(),
    ...untrustedKeys(),
    ...invalidSignatures(),
  ];
}

function malformedDocuments(): readonly InvalidVector[] {
  const code = 'malformed_document';
  const signature = honest.signature.value;
  const text = JSON.stringify(honest);
  return [
    { name: 'not an object', code, document: [honest] },
    { name: 'document within text', code, document: text },
    { name: 'extra field in the document', code, document: { ...honest, note: '' } },
    { name: 'no signature', code, document: { receipt: honest.receipt, hash: honest.hash } },
    { name: 'receipt is null', code, document: { ...honest, receipt: null } },
    { name: 'receipt without a format', code, document: { ...honest, receipt: { receiptId: succeeded.receiptId } } },
    { name: 'hash in upper case', code, document: { ...honest, hash: `sha256:${signed.hash.toHex().toUpperCase()}` } },
    { name: 'algorithm none', code, document: withSignature({ algorithm: 'none' }) },
    { name: 'extra field in the signature', code, document: withSignature({ x: honest.signature.keyId }) },
    { name: 'key id that is no thumbprint', code, document: withSignature({ keyId: '../keys/1' }) },
    { name: 'truncated signature', code, document: withSignature({ value: base64(signed.signature.slice(0, 63)) }) },
    { name: 'signature without padding', code, document: withSignature({ value: signature.replaceAll('=', '') }) },
    { name: 'signature with a line break', code, document: withSignature({ value: `${signature}\n` }) },
    {
      name: 'integer that a double cannot tell from its neighbour',
      code,
      documentText: text.replace('48213', '9007199254740993'),
    },
    { name: 'lone surrogate', code, documentText: text.replace('reservation.create', '\\ud800') },
    { name: 'nested too deep', code, documentText: text.replace('null', `${'['.repeat(100)}${']'.repeat(100)}`) },
  ];
}

function unknownFormats(): readonly InvalidVector[] {
  const code = 'unknown_format';
  return [
    { name: 'later version', code, document: signAny({ ...succeeded, format: 'karmanflow.receipt/2' }, current) },
    {
      name: 'something else that the key signed',
      code,
      document: signAny({ format: 'karmanflow.checkpoint/1', size: 1 }, current),
    },
  ];
}

function malformedReceipts(): readonly InvalidVector[] {
  const code = 'malformed_receipt';
  const withCompletedAt = (completedAt: JsonValue): JsonValue => signAny({ ...succeeded, completedAt }, current);
  return [
    { name: 'receipt id of another kind', code, document: signAny({ ...succeeded, receiptId: 'evt_1' }, current) },
    { name: 'completed on 30 February', code, document: withCompletedAt('2026-02-30T00:00:00.000Z') },
    { name: 'completed at an offset', code, document: withCompletedAt('2026-03-01T10:30:00.042+01:00') },
    { name: 'completed at no time', code, document: withCompletedAt(null) },
  ];
}

function hashMismatches(): readonly InvalidVector[] {
  const code = 'hash_mismatch';
  const withBody = (change: JsonObject): JsonValue => ({ ...honest, receipt: { ...honest.receipt, ...change } });
  const { reason: _, ...withoutReason } = honest.receipt;
  return [
    { name: 'tampered field', code, document: withBody({ scope: 'inventory.reservation:cancel' }) },
    { name: 'tampered number', code, document: withBody({ command: { ...succeeded.command, version: 2 } }) },
    { name: 'extra field in the receipt', code, document: withBody({ note: null }) },
    { name: 'missing field in the receipt', code, document: { ...honest, receipt: withoutReason } },
    { name: 'entities in another order', code, document: withBody({ entities: succeeded.entities.toReversed() }) },
    { name: 'tampered hash', code, document: { ...honest, hash: `sha256:${'0'.repeat(64)}` } },
    { name: 'hash and signature of another receipt', code, document: { ...honest, receipt: { ...denied } } },
  ];
}

function malformedKeySets(): readonly InvalidVector[] {
  const code = 'malformed_key_set';
  const [key] = vectorKeySet.keys;
  const withKey = (change: JsonObject): JsonObject => ({ keys: [{ ...key, ...change }] });
  const identity = Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url');
  const identityThumbprint = Buffer.from(sha256(canonicalBytes({ crv: 'Ed25519', kty: 'OKP', x: identity }))).toString(
    'base64url',
  );
  return [
    { name: 'no keys', code, document: honest, keySet: {} },
    { name: 'key under the name of another', code, document: honest, keySet: withKey({ kid: former.signer.keyId }) },
    { name: 'private key published', code, document: honest, keySet: withKey({ d: base64url(stranger.seed) }) },
    { name: 'key of small order', code, document: honest, keySet: withKey({ x: identity, kid: identityThumbprint }) },
    { name: 'key without validity', code, document: honest, keySet: { keys: [{ ...current.signer.publicJwk }] } },
    { name: 'key twice', code, document: honest, keySet: { keys: [{ ...key }, { ...key }] } },
  ];
}

function untrustedKeys(): readonly InvalidVector[] {
  const tooLate = { ...succeeded, completedAt: '2026-01-02T00:00:00.001Z' };
  const tooEarly = { ...succeeded, completedAt: '2025-12-31T23:59:59.999Z' };
  const strange = receiptDocument(signReceipt(succeeded, stranger.signer));
  return [
    { name: 'key that is not published', code: 'unknown_key', document: strange },
    { name: 'empty key set', code: 'unknown_key', document: honest, keySet: { keys: [] } },
    {
      name: 'key of another type',
      code: 'unknown_key',
      document: honest,
      keySet: { keys: [{ kty: 'EC', crv: 'P-256', kid: current.signer.keyId, x: '', y: '' }] },
    },
    { name: 'expired key', code: 'key_not_valid_at_completion', document: signAny(tooLate, former) },
    { name: 'key not valid yet', code: 'key_not_valid_at_completion', document: signAny(tooEarly, current) },
  ];
}

function invalidSignatures(): readonly InvalidVector[] {
  const code = 'signature_invalid';
  const forged = { ...succeeded, status: 'DENIED' };
  const bytes = canonicalBytes(forged);
  const byStranger = signReceipt(succeeded, stranger.signer).signature;
  const publicKey = new Uint8Array(Buffer.from(current.signer.publicJwk.x, 'base64url'));
  const smallOrderR = signWithIdentityNonce({ seed: current.seed, publicKey, bytes: signed.bytes });
  return [
    {
      name: 'tampered field, hash made to fit',
      code,
      document: { ...honest, receipt: forged, hash: `sha256:${sha256(bytes).toHex()}` },
    },
    { name: 'wrong key', code, document: withSignature({ value: base64(byStranger) }) },
    { name: 'key id of another key', code, document: withFormerKeyId() },
    { name: 'signature of zeros', code, document: withSignature({ value: base64(new Uint8Array(64)) }) },
    { name: 'R of small order', code, document: withSignature({ value: base64(smallOrderR) }) },
    {
      name: 'S + L for S',
      code,
      document: withSignature({ value: base64(withGroupOrderAdded(signed.signature, 1n)) }),
    },
    {
      name: 'signature over the hash',
      code,
      document: withSignature({ value: base64(current.signer.sign(signed.hash)) }),
    },
  ];
}

// Both keys must be valid at completion, so that only the signature can tell them apart.
function withFormerKeyId(): JsonValue {
  const document = receiptDocument(
    signReceipt({ ...succeeded, completedAt: '2026-01-01T12:00:00.000Z' }, current.signer),
  );
  return { ...document, signature: { ...document.signature, keyId: former.signer.keyId } };
}

function withSignature(change: JsonObject): JsonValue {
  return { ...honest, signature: { ...honest.signature, ...change } };
}

/** Signs what `signReceipt` refuses to sign. */
function signAny(body: JsonObject, { signer }: VectorSigner): JsonValue {
  const bytes = canonicalBytes(body);
  const document = { hash: sha256(bytes), signature: signer.sign(bytes), keyId: signer.keyId, bytes };
  const { hash, signature }: Omit<ReceiptDocument, 'receipt'> = receiptDocument(document);
  return { receipt: body, hash, signature };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

import { canonicalBytesWithin } from './canonical-bytes.ts';
import { ed25519SignatureBytes } from './ed25519-point.ts';
import { decodeHex, encodeHex } from './hex.ts';
import { isJsonObject, parseJsonBytes } from './inert-json.ts';
import { receiptDocumentBytesMax } from './limits.ts';
import { decodeBase64, encodeBase64 } from './log/base64.ts';
import { findReceiptFault, receiptFormat, type ReceiptBody } from './receipt-body.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import type { SignedReceipt } from './sign-receipt.ts';

/** A receipt as it travels: the body as JSON, the hash of its canonical bytes, and the signature over them. */
export type ReceiptDocument = {
  readonly receipt: ReceiptBody;
  /** `sha256:` and 64 lower-case hexadecimal digits. */
  readonly hash: string;
  /** `value` is base64 (RFC 4648 section 4) with padding, 88 characters. */
  readonly signature: { readonly algorithm: 'Ed25519'; readonly keyId: string; readonly value: string };
};

/** Why a document cannot be read, in order of precedence. */
export type ReceiptDocumentFaultCode = 'too_large' | 'malformed_document' | 'unknown_format' | 'malformed_receipt';

export type ParsedReceiptDocument =
  | { readonly ok: true; readonly document: ReceiptDocument; readonly claimed: SignedReceipt }
  | { readonly ok: false; readonly code: ReceiptDocumentFaultCode; readonly detail: string };

type Envelope = { readonly receipt: JsonObject; readonly signatureBytes: Uint8Array } & Omit<
  ReceiptDocument,
  'receipt'
>;

const hashPattern = /^sha256:[0-9a-f]{64}$/;
const keyIdPattern = /^[A-Za-z0-9_-]{43}$/;

/** The document to hand out for a stored receipt. Throws when the stored bytes are not JSON: they were damaged. */
export function receiptDocument(signed: SignedReceipt): ReceiptDocument {
  return {
    // The bytes are those that signReceipt made from a ReceiptBody; verification is the place where that is doubted.
    receipt: parseJsonBytes(signed.bytes) as ReceiptBody,
    hash: `sha256:${encodeHex(signed.hash)}`,
    signature: {
      algorithm: 'Ed25519',
      keyId: signed.keyId,
      value: encodeBase64(signed.signature),
    },
  };
}

/**
 * Reads a receipt document from parsed JSON without checking any proof: `claimed` is what the document says of itself,
 * with the canonical bytes made anew from the body. Never throws. What it returns shares nothing with `json`.
 */
export function parseReceiptDocument(json: unknown): ParsedReceiptDocument {
  const read = canonicalBytesWithin({ value: json, bytesMax: receiptDocumentBytesMax });
  if (!read.ok) return refuse(read.code === 'too_large' ? 'too_large' : 'malformed_document', read.detail);
  return readReceiptDocument(parseJsonBytes(read.bytes));
}

/** The same for JSON that was parsed just now, from a text of bounded length, and that nobody else holds. */
export function readReceiptDocument(json: JsonValue): ParsedReceiptDocument {
  const envelope = parseEnvelope(json);
  if (typeof envelope === 'string') return refuse('malformed_document', envelope);
  const { receipt, hash, signature } = envelope;
  if (typeof receipt['format'] !== 'string') return refuse('malformed_document', 'receipt.format is not text');
  if (receipt['format'] !== receiptFormat) return refuse('unknown_format', `only ${receiptFormat} is known`);
  const fault = findReceiptFault(receipt);
  if (fault !== null) return refuse('malformed_receipt', fault);
  const canonical = canonicalBytesWithin({ value: receipt, bytesMax: receiptDocumentBytesMax });
  if (!canonical.ok)
    return refuse(canonical.code === 'too_large' ? 'too_large' : 'malformed_document', canonical.detail);
  return {
    ok: true,
    // Only what verification relies on was looked at; whoever signed the body vouches for the rest of its shape.
    document: { receipt: receipt as ReceiptBody, hash, signature },
    claimed: {
      bytes: canonical.bytes,
      hash: decodeHex(hash.slice('sha256:'.length)),
      signature: envelope.signatureBytes,
      keyId: signature.keyId,
    },
  };
}

function refuse(code: ReceiptDocumentFaultCode, detail: string): ParsedReceiptDocument {
  return { ok: false, code, detail };
}

function parseEnvelope(json: JsonValue): Envelope | string {
  if (!isJsonObject(json) || !hasExactly(json, 'hash,receipt,signature')) {
    return 'the document is not an object of receipt, hash and signature alone';
  }
  const { receipt, hash, signature } = json;
  if (!isJsonObject(receipt)) return 'receipt is not an object';
  if (typeof hash !== 'string' || !hashPattern.test(hash)) return 'hash is not sha256: and 64 lower-case digits';
  if (!isJsonObject(signature) || !hasExactly(signature, 'algorithm,keyId,value')) {
    return 'signature is not an object of algorithm, keyId and value alone';
  }
  const { algorithm, keyId, value } = signature;
  if (algorithm !== 'Ed25519') return 'signature.algorithm is not Ed25519';
  if (typeof keyId !== 'string' || !keyIdPattern.test(keyId)) return 'signature.keyId is not a key thumbprint';
  // One signature has one text, or a document could be altered without any check noticing.
  const signatureBytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  if (typeof value !== 'string' || signatureBytes?.length !== ed25519SignatureBytes) {
    return 'signature.value is not base64 of 64 bytes';
  }
  return { receipt, hash, signature: { algorithm, keyId, value }, signatureBytes };
}

function hasExactly(object: JsonObject, names: string): boolean {
  return Object.keys(object).toSorted().join(',') === names;
}

import { sha256 } from './sha256-native.ts';
import { canonicalBytesWithin } from '../canonical-bytes.ts';
import { isJsonObject } from '../inert-json.ts';
import type { JsonValue } from '../json-value.ts';
import { receiptBytesMax, receiptDocumentBytesMax } from '../limits.ts';
import { findReceiptFault, receiptFormat, type ReceiptBody } from '../receipt-body.ts';
import { leafHash } from './merkle-hash.ts';
import { cosignatureType, ed25519Type, parseVerifierKey, type NoteKey, type NoteKeyType } from './note-key.ts';
import { decodeText } from './note-text.ts';
import type { LogPolicy } from './verify-checkpoint.ts';
import { verifyTlogProof, type ProvenInclusion, type TlogProofRefusalCode } from './verify-tlog-proof.ts';

/**
 * Every reason not to accept that a receipt is in the log, in order of precedence, with the step that fails, in words: of
 * several that hold, the first one is given.
 */
export const logReceiptRefusals = {
  too_large: 'read the receipt document',
  malformed_document: 'read the receipt document',
  unknown_format: 'read the receipt document',
  malformed_receipt: 'read the receipt document',
  hash_mismatch: 'compare the hash of the receipt',
  malformed_key: 'read the verifier keys',
  malformed_proof: 'read the proof file',
  malformed_note: 'read the checkpoint',
  ambiguous_key: 'verify the signatures of the checkpoint',
  signature_invalid: 'verify the signatures of the checkpoint',
  no_known_signature: 'verify the signatures of the checkpoint',
  malformed_checkpoint: 'read the checkpoint',
  wrong_origin: 'check that the checkpoint is of this log',
  log_signature_missing: 'verify the signatures of the checkpoint',
  witnesses_missing: 'count the witnesses',
  not_included: 'follow the path from the receipt to the root',
} as const satisfies Readonly<Record<TlogProofRefusalCode, string>> & Readonly<Record<string, string>>;

export type LogReceiptRefusalCode = keyof typeof logReceiptRefusals;

/** Whom a verifier trusts, with each key as its verifier key text. As `LogPolicy` otherwise. */
export type LogTrust = Pick<LogPolicy, 'origin' | 'witnessQuorum'> & {
  readonly logKeys: readonly string[];
  readonly witnessKeys: readonly string[];
};

export type LogReceiptRefusal = {
  readonly ok: false;
  readonly code: LogReceiptRefusalCode;
  readonly step: string;
  readonly detail: string;
};

export type LogReceiptVerification =
  | ({ readonly ok: true; readonly body: ReceiptBody } & ProvenInclusion)
  | LogReceiptRefusal;

/** The document is text that may be indented, so it may be longer than the canonical bytes that are limited. */
const documentTextBytesMax = 4 * receiptDocumentBytesMax;

/**
 * Checks that a receipt is in the log: `document` is the text of a receipt document as it was handed out, `proof` that
 * of its proof file. The leaf is the receipt's RFC 8785 canonical bytes, which are made anew from the document. Needs no network and
 * no clock, and runs in a browser. Never throws. Use the returned `body`: it is what was checked.
 *
 * It shows that the log, and the witnesses, have committed to this body, not that the service signed it: `verifyReceipt` does.
 */
export function verifyLogReceipt(input: {
  readonly document: string | Uint8Array;
  readonly proof: string | Uint8Array;
  readonly trust: LogTrust;
}): LogReceiptVerification {
  const { document, proof, trust } = input;
  const read = readReceipt(document);
  if ('ok' in read) return read;
  const logKeys = parseKeys(trust.logKeys, ed25519Type);
  const witnessKeys = parseKeys(trust.witnessKeys, cosignatureType);
  if (logKeys === undefined) return refuse('malformed_key', 'a key of the log is not a verifier key of type 1');
  if (witnessKeys === undefined) return refuse('malformed_key', 'a key of a witness is not a verifier key of type 4');
  const policy = { origin: trust.origin, witnessQuorum: trust.witnessQuorum, logKeys, witnessKeys };
  const proven = verifyTlogProof({ proof, leafHash: leafHash(read.bytes), policy });
  if (!proven.ok) return refuse(proven.code, proven.detail);
  return { ...proven, body: read.body };
}

function readReceipt(
  source: string | Uint8Array,
): { readonly body: ReceiptBody; readonly bytes: Uint8Array } | LogReceiptRefusal {
  if (source.length > documentTextBytesMax) return refuse('too_large', `more than ${documentTextBytesMax} bytes`);
  const document = parseJson(source);
  const receipt = isJsonObject(document) ? document['receipt'] : undefined;
  const hash = isJsonObject(document) ? document['hash'] : undefined;
  if (!isJsonObject(receipt)) return refuse('malformed_document', 'the document is not JSON with a receipt');
  if (receipt['format'] !== receiptFormat) return refuse('unknown_format', `only ${receiptFormat} is known`);
  const canonical = canonicalBytesWithin({ value: receipt, bytesMax: receiptBytesMax });
  if (!canonical.ok) {
    return refuse(canonical.code === 'too_large' ? 'too_large' : 'malformed_document', canonical.detail);
  }
  const fault = findReceiptFault(receipt);
  if (fault !== null) return refuse('malformed_receipt', fault);
  if (hash !== `sha256:${toHex(sha256(canonical.bytes))}`) {
    return refuse('hash_mismatch', 'hash is not that of the receipt');
  }
  // Only what verification relies on was looked at; whoever signed the body vouches for the rest of its shape.
  return { body: receipt as ReceiptBody, bytes: canonical.bytes };
}

function parseJson(source: string | Uint8Array): JsonValue | undefined {
  const text = typeof source === 'string' ? source : decodeText(source);
  try {
    // JSON.parse returns JSON values only; its declared type predates `unknown`.
    return JSON.parse(text ?? '') as JsonValue;
  } catch {
    return undefined;
  }
}

function parseKeys(texts: readonly string[], type: NoteKeyType): readonly NoteKey[] | undefined {
  const keys: NoteKey[] = [];
  for (const text of texts) {
    const key = parseVerifierKey(text);
    if (key?.type !== type) return undefined;
    keys.push(key);
  }
  return keys;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function refuse(code: LogReceiptRefusalCode, detail: string): LogReceiptRefusal {
  return { ok: false, code, step: logReceiptRefusals[code], detail };
}

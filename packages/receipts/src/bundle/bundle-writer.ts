import { canonicalBytes } from '../canonical-bytes.ts';
import { encodeHex } from '../hex.ts';
import { isJsonObject, parseJsonBytes } from '../inert-json.ts';
import type { JsonObject } from '../json-value.ts';
import type { KeySetDocument } from '../key-set.ts';
import { encodeBase64 } from '../log/base64.ts';
import type { CompactTree } from '../log/compact-tree.ts';
import { leafHash } from '../log/merkle-hash.ts';
import { encodeText } from '../log/note-text.ts';
import { receiptDocument, type ReceiptDocument } from '../receipt-document.ts';
import type { ReceiptSigner } from '../receipt-signer.ts';
import type { SignedReceipt } from '../sign-receipt.ts';
import {
  type BundleCounts,
  bundleEndFormat,
  bundleFormat,
  type BundleEnd,
  type BundleHeader,
  type BundleLine,
} from './bundle-format.ts';
import { createRunningSha256 } from './running-sha256-native.ts';

/** Writes the lines of one bundle, each with its newline, in the order in which they are asked for. Keeps none of them. */
export interface BundleWriter {
  /** The lines before the first leaf. `consistency` shows that this log extends a smaller one, where that was asked for. */
  begin(parts: {
    readonly keys: KeySetDocument;
    readonly tree: CompactTree;
    readonly consistency?: { readonly size1: number; readonly size2: number; readonly proof: readonly Uint8Array[] };
  }): string;
  /** A receipt as it is stored. Where its bytes are no JSON any more, the hash of its leaf stands in its place. */
  receipt(leaf: {
    readonly leafIndex: number;
    /** What the log has at this leaf; a verifier computes its own and compares. */
    readonly leafHash: Uint8Array;
    readonly environmentId: string;
    readonly signed: SignedReceipt;
  }): string;
  /** An event as it is stored, behind its receipt; nothing when its bytes are no JSON any more, so that it is missing. */
  event(event: { readonly leafIndex: number; readonly seq: number | null; readonly bytes: Uint8Array }): string;
  /** A leaf of another environment, outside of the range, or whose receipt is gone. */
  leaf(leaf: { readonly leafIndex: number; readonly environmentId: string; readonly hash: Uint8Array }): string;
  checkpoint(note: string): string;
  /** The last line, signed. */
  end(): string;
}

/** A writer for one bundle. `signer` signs the end, with a key that is in the key set. */
export function createBundleWriter(options: {
  readonly header: Omit<BundleHeader, 'format'>;
  readonly signer: Pick<ReceiptSigner, 'sign' | 'keyId'>;
}): BundleWriter {
  const { signer } = options;
  const header: BundleHeader = { format: bundleFormat, ...options.header };
  const hash = createRunningSha256();
  const counts = { receipts: 0, events: 0, leaves: 0, checkpoints: 0, lines: 0 };

  function write(line: BundleLine, counted?: Exclude<keyof BundleCounts, 'lines'>): string {
    const text = `${JSON.stringify(line)}\n`;
    hash.update(encodeText(text));
    counts.lines += 1;
    if (counted !== undefined) counts[counted] += 1;
    return text;
  }

  const leaf: BundleWriter['leaf'] = ({ leafIndex, environmentId, hash: bytes }) =>
    write({ kind: 'leaf', leafIndex, environmentId, hash: encodeBase64(bytes) }, 'leaves');

  return {
    leaf,
    begin({ keys, tree, consistency }) {
      const lines: BundleLine[] = [
        { kind: 'header', ...header },
        { kind: 'keys', keys },
        { kind: 'tree', size: Number(tree.size), hashes: tree.hashes.map(encodeBase64) },
      ];
      if (consistency) {
        lines.push({ kind: 'consistency', ...consistency, proof: consistency.proof.map(encodeBase64) });
      }
      return lines.map((line) => write(line)).join('');
    },
    receipt({ leafIndex, leafHash: recorded, environmentId, signed }) {
      const document = readableDocument(signed);
      if (document === null) return leaf({ leafIndex, environmentId, hash: leafHash(signed.bytes) });
      return write({ kind: 'receipt', leafIndex, leafHash: encodeBase64(recorded), document }, 'receipts');
    },
    event({ leafIndex, seq, bytes }) {
      const event = readableObject(bytes);
      return event === null ? '' : write({ kind: 'event', leafIndex, seq, event }, 'events');
    },
    checkpoint: (note) => write({ kind: 'checkpoint', note }, 'checkpoints'),
    end() {
      const statement: BundleEnd = {
        format: bundleEndFormat,
        tenantId: header.tenantId,
        madeAt: header.madeAt,
        counts: { ...counts },
        hash: `sha256:${encodeHex(hash.digest())}`,
      };
      const value = encodeBase64(signer.sign(bundleEndBytes(statement)));
      const line: BundleLine = {
        kind: 'end',
        statement,
        signature: { algorithm: 'Ed25519', keyId: signer.keyId, value },
      };
      return `${JSON.stringify(line)}\n`;
    },
  };
}

/** What the signature at the end is over. */
export function bundleEndBytes(statement: BundleEnd): Uint8Array {
  return canonicalBytes({ ...statement, counts: { ...statement.counts } });
}

function readableDocument(signed: SignedReceipt): ReceiptDocument | null {
  try {
    return receiptDocument(signed);
  } catch {
    return null;
  }
}

function readableObject(bytes: Uint8Array): JsonObject | null {
  try {
    const value = parseJsonBytes(bytes);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

import type { KeySetDocument } from '../key-set.ts';
import type { ReceiptDocument } from '../receipt-document.ts';
import type { JsonObject } from '../json-value.ts';

/** Names the format in the first line. docs/reference/bundle-format.md describes it for other implementations. */
export const bundleFormat = 'karmanflow.audit_bundle/1';

/** Names what is signed at the end, so that the signature is never one over a receipt. */
export const bundleEndFormat = 'karmanflow.audit_bundle_end/1';

/** The first line: what the bundle is about. Leaves are counted from 0; ranges include their start and not their end. */
export interface BundleHeader {
  readonly format: typeof bundleFormat;
  readonly tenantId: string;
  /** Receipts of these environments are in it whole; of all others their leaf hashes only. */
  readonly environments: readonly string[];
  /** The origin line of the tenant's checkpoints. */
  readonly origin: string;
  /** Keys of the log as C2SP verifier keys. They are a convenience: trust comes from elsewhere. */
  readonly logKeys: readonly string[];
  /** Where the bundle begins: it has the tree up to here, and a line for each leaf from here on. */
  readonly firstLeaf: number;
  /** Receipts are given from here, leaf hashes alone before it. */
  readonly fromLeaf: number;
  /** Receipts are given up to here, leaf hashes alone from it on. */
  readonly toLeaf: number;
  /** Where the bundle ends: the size of its last checkpoint. */
  readonly treeSize: number;
  /** Whether events stand behind their receipts. */
  readonly hasEvents: boolean;
  /** RFC 3339 UTC with milliseconds. */
  readonly madeAt: string;
}

/** How many lines of each kind a bundle has, without its last one. */
export interface BundleCounts {
  readonly receipts: number;
  readonly events: number;
  /** Leaf hashes that stand alone. */
  readonly leaves: number;
  readonly checkpoints: number;
  readonly lines: number;
}

/** What the last line states, and what its signature is over, as RFC 8785 canonical bytes. */
export interface BundleEnd {
  readonly format: typeof bundleEndFormat;
  readonly tenantId: string;
  readonly madeAt: string;
  readonly counts: BundleCounts;
  /** SHA-256 of all bytes before this line, each line with its newline. */
  readonly hash: string;
}

/** Every line of a bundle, by its `kind`. Hashes of the tree are base64 of 32 bytes. */
export type BundleLine =
  | ({ readonly kind: 'header' } & BundleHeader)
  | { readonly kind: 'keys'; readonly keys: KeySetDocument }
  | { readonly kind: 'tree'; readonly size: number; readonly hashes: readonly string[] }
  | {
      readonly kind: 'consistency';
      readonly size1: number;
      readonly size2: number;
      readonly proof: readonly string[];
    }
  | {
      readonly kind: 'receipt';
      readonly leafIndex: number;
      readonly leafHash: string;
      readonly document: ReceiptDocument;
    }
  | { readonly kind: 'event'; readonly leafIndex: number; readonly seq: number | null; readonly event: JsonObject }
  | { readonly kind: 'leaf'; readonly leafIndex: number; readonly environmentId: string; readonly hash: string }
  | { readonly kind: 'checkpoint'; readonly note: string }
  | {
      readonly kind: 'end';
      readonly statement: BundleEnd;
      readonly signature: ReceiptDocument['signature'];
    };

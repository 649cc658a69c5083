import { instantMilliseconds } from '../instant.ts';
import type { JsonObject, JsonValue } from '../json-value.ts';
import { isJsonObject } from '../inert-json.ts';
import { decodeBase64 } from '../log/base64.ts';
import { isHash } from '../log/is-hash.ts';
import { proofHashesMax } from '../log/log-limits.ts';
import { bundleEnvironmentsMax, bundleLogKeysMax } from './bundle-limits.ts';
import type { BundleCounts, BundleEnd, BundleHeader } from './bundle-format.ts';

/** A line as it was read: hashes as bytes, and what has checks of its own still as JSON. */
export type ReadLine =
  | { readonly kind: 'header'; readonly header: Omit<BundleHeader, 'format'> & { readonly format: string } }
  | { readonly kind: 'keys'; readonly keys: JsonValue }
  | { readonly kind: 'tree'; readonly size: number; readonly hashes: readonly Uint8Array[] }
  | {
      readonly kind: 'consistency';
      readonly size1: number;
      readonly size2: number;
      readonly proof: readonly Uint8Array[];
    }
  | {
      readonly kind: 'receipt';
      readonly leafIndex: number;
      readonly leafHash: Uint8Array;
      readonly document: JsonObject;
    }
  | { readonly kind: 'event'; readonly leafIndex: number; readonly seq: number | null; readonly event: JsonObject }
  | { readonly kind: 'leaf'; readonly leafIndex: number; readonly environmentId: string; readonly hash: Uint8Array }
  | { readonly kind: 'checkpoint'; readonly note: string }
  | { readonly kind: 'end'; readonly statement: BundleEnd; readonly signature: JsonObject };

/** Reads one line. Undefined when it is not JSON, or not exactly one of the lines of the format. Never throws. */
export function readBundleLine(text: string): ReadLine | undefined {
  let json: JsonValue;
  try {
    // JSON.parse returns JSON values only; its declared type predates `unknown`.
    json = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isJsonObject(json)) return undefined;
  const { kind, ...members } = json;
  const read = typeof kind === 'string' && Object.hasOwn(readers, kind) ? readers[kind as ReadLine['kind']] : undefined;
  if (read === undefined || Object.keys(members).toSorted().join(',') !== read.names) return undefined;
  return read.from(members);
}

interface LineReader {
  /** Its members besides `kind`, in alphabetical order: no other may be there, since nobody would look at it. */
  readonly names: string;
  readonly from: (members: JsonObject) => ReadLine | undefined;
}

const readers: Readonly<Record<ReadLine['kind'], LineReader>> = {
  header: {
    names: 'environments,firstLeaf,format,fromLeaf,hasEvents,logKeys,madeAt,origin,tenantId,toLeaf,treeSize',
    from: readHeader,
  },
  keys: { names: 'keys', from: ({ keys }) => (keys === undefined ? undefined : { kind: 'keys', keys }) },
  tree: {
    names: 'hashes,size',
    from({ size, hashes }) {
      const read = readHashes(hashes);
      return isCount(size) && read ? { kind: 'tree', size, hashes: read } : undefined;
    },
  },
  consistency: {
    names: 'proof,size1,size2',
    from({ size1, size2, proof }) {
      const read = readHashes(proof);
      return isCount(size1) && isCount(size2) && read ? { kind: 'consistency', size1, size2, proof: read } : undefined;
    },
  },
  receipt: {
    names: 'document,leafHash,leafIndex',
    from({ leafIndex, leafHash, document }) {
      const hash = readHash(leafHash);
      if (!isCount(leafIndex) || hash === undefined || !isJsonObject(document)) return undefined;
      return { kind: 'receipt', leafIndex, leafHash: hash, document };
    },
  },
  event: {
    names: 'event,leafIndex,seq',
    from({ leafIndex, seq, event }) {
      if (!isCount(leafIndex) || !(seq === null || isCount(seq)) || !isJsonObject(event)) return undefined;
      return { kind: 'event', leafIndex, seq, event };
    },
  },
  leaf: {
    names: 'environmentId,hash,leafIndex',
    from({ leafIndex, environmentId, hash }) {
      const read = readHash(hash);
      if (!isCount(leafIndex) || typeof environmentId !== 'string' || read === undefined) return undefined;
      return { kind: 'leaf', leafIndex, environmentId, hash: read };
    },
  },
  checkpoint: {
    names: 'note',
    from: ({ note }) => (typeof note === 'string' ? { kind: 'checkpoint', note } : undefined),
  },
  end: {
    names: 'signature,statement',
    from({ statement, signature }) {
      if (!isJsonObject(statement) || !isJsonObject(signature) || Object.keys(signature).length !== 3) return undefined;
      const { format, tenantId, madeAt, counts, hash } = statement;
      if (typeof format !== 'string' || typeof tenantId !== 'string' || typeof hash !== 'string') return undefined;
      if (instantMilliseconds(madeAt) === null || !isCounts(counts) || Object.keys(statement).length !== 5) return;
      // Looked at member by member just now, but for the name of the format, which has a check of its own.
      return { kind: 'end', statement: statement as unknown as BundleEnd, signature };
    },
  },
};

function readHeader(members: JsonObject): ReadLine | undefined {
  const { format, tenantId, environments, origin, logKeys, madeAt, hasEvents } = members;
  const { firstLeaf, fromLeaf, toLeaf, treeSize } = members;
  if (typeof format !== 'string' || typeof tenantId !== 'string' || typeof origin !== 'string') return undefined;
  if (typeof madeAt !== 'string' || instantMilliseconds(madeAt) === null || typeof hasEvents !== 'boolean') return;
  if (!isTexts(environments, bundleEnvironmentsMax) || !isTexts(logKeys, bundleLogKeysMax)) return undefined;
  if (!isCount(firstLeaf) || !isCount(fromLeaf) || !isCount(toLeaf) || !isCount(treeSize)) return undefined;
  if (firstLeaf > fromLeaf || fromLeaf > toLeaf || toLeaf > treeSize) return undefined;
  const header = { format, tenantId, environments, origin, logKeys, madeAt, hasEvents };
  return { kind: 'header', header: { ...header, firstLeaf, fromLeaf, toLeaf, treeSize } };
}

function isCounts(value: JsonValue | undefined): value is JsonObject & BundleCounts {
  if (!isJsonObject(value)) return false;
  const names = Object.keys(value).toSorted().join(',');
  return names === 'checkpoints,events,leaves,lines,receipts' && Object.values(value).every(isCount);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTexts(value: JsonValue | undefined, countMax: number): value is readonly string[] {
  return Array.isArray(value) && value.length <= countMax && value.every((one) => typeof one === 'string');
}

function readHash(value: JsonValue | undefined): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  return isHash(bytes) ? bytes : undefined;
}

function readHashes(value: JsonValue | undefined): readonly Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > proofHashesMax) return undefined;
  const hashes = value.map((one: JsonValue) => readHash(one));
  return hashes.every(isHash) ? hashes : undefined;
}

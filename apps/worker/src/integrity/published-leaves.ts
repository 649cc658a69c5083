import {
  type Archive,
  appendLeafHashes,
  type CompactTree,
  compactTreeRoot,
  decodeEntryBundle,
  emptyCompactTree,
  type LogPlace,
  tilePath,
  tileWidth,
} from '@karmanflow/receipts';

const hashBytes = 32;

/** The leaf hashes of up to 256 leaves, as they were published. */
export interface PublishedPage {
  readonly from: number;
  readonly hashes: readonly Uint8Array[];
}

/** A tile or bundle that is not in the archive, or not as long as it has to be. */
export class TileMissing extends Error {
  override readonly name = 'TileMissing';
}

/** Reads the leaves of a log from the archive, tile by tile, and gives the root that they lead to in the end. */
export async function* publishedLeaves(
  archive: Archive,
  { place, size }: { readonly place: LogPlace; readonly size: number },
): AsyncGenerator<PublishedPage, Uint8Array, undefined> {
  let tree: CompactTree = emptyCompactTree;
  for (let from = 0; from < size; from += tileWidth) {
    const width = Math.min(tileWidth, size - from);
    const path = `${place.folder}/${tilePath({ level: 0, index: BigInt(from / tileWidth), width })}`;
    const bytes = await archive.read(path);
    if (bytes?.length !== width * hashBytes) throw new TileMissing(`${path} is missing or damaged`);
    const hashes = Array.from({ length: width }, (_, at) => bytes.slice(at * hashBytes, (at + 1) * hashBytes));
    tree = appendLeafHashes(tree, hashes);
    yield { from, hashes };
  }
  return compactTreeRoot(tree);
}

/** The id of the receipt that was published at a leaf, from its entry in the archive; null where that is not to be found. */
export async function publishedReceiptId(
  archive: Archive,
  leaf: { readonly place: LogPlace; readonly size: number; readonly leafIndex: number },
): Promise<string | null> {
  const { place, size, leafIndex } = leaf;
  const first = leafIndex - (leafIndex % tileWidth);
  const width = Math.min(tileWidth, size - first);
  const tile = { level: 'entries', index: BigInt(first / tileWidth), width } as const;
  const bytes = await archive.read(`${place.folder}/${tilePath(tile)}`);
  const entry = bytes && decodeEntryBundle({ bytes, width })?.[leafIndex - first];
  const id = entry && /"receiptId":"(rcp_[0-9a-f-]{36})"/.exec(new TextDecoder().decode(entry))?.[1];
  return id ?? null;
}

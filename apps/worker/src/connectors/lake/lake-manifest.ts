import type { Archive } from '@karmanflow/receipts';
import { decodeEntry, entryPath, hashOf, type LakeDay, type LakeEntry } from './lake-entry.ts';

/** The last entry of a day, and the hash that the next one names. */
export interface ManifestHead {
  readonly entry: Pick<LakeEntry, 'number' | 'throughSeq'>;
  readonly hash: string;
}

/** The last entry of a day, or null when it has none. Looks at a few entries, whatever their number. */
export async function readManifestHead(archive: Archive, day: LakeDay): Promise<ManifestHead | null> {
  const at = async (number: number): Promise<ManifestHead | null> => {
    const bytes = await archive.read(entryPath(day, number));
    return bytes ? { entry: decodeEntry(bytes, { day, number }), hash: hashOf(bytes) } : null;
  };
  let head = await at(1);
  if (head === null) return null;
  // Entries have no gaps: twice as far each time until one is missing, then halfway between.
  let missing = 2;
  for (let next = await at(missing); next !== null; next = await at(missing)) {
    head = next;
    missing *= 2;
  }
  while (missing - head.entry.number > 1) {
    const middle = (missing + head.entry.number) >> 1;
    const found: ManifestHead | null = await at(middle);
    if (found === null) missing = middle;
    else head = found;
  }
  return head;
}

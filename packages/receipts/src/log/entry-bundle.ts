import { entryBytesMax, tileWidth } from './log-limits.ts';

const lengthBytes = 2;

/**
 * The bundle of up to 256 entries: each with its length before it, a big-endian uint16 (C2SP tlog-tiles, Log entries).
 * Throws RangeError for none, for too many, or for an entry beyond 65,535 bytes.
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0 || entries.length > tileWidth)
    throw new RangeError(`a bundle has 1 to ${tileWidth} entries`);
  const bundle = new Uint8Array(entries.reduce((bytes, entry) => bytes + lengthBytes + entry.length, 0));
  let offset = 0;
  for (const entry of entries) {
    const { length } = entry;
    if (length > entryBytesMax) throw new RangeError(`an entry has at most ${entryBytesMax} bytes`);
    bundle.set([length >> 8, length & 0xff], offset);
    bundle.set(entry, offset + lengthBytes);
    offset += lengthBytes + length;
  }
  return bundle;
}

/** The entries of a bundle, as views of it, or undefined unless it holds exactly `width` entries and nothing else. */
export function decodeEntryBundle(input: {
  readonly bytes: Uint8Array;
  readonly width: number;
}): readonly Uint8Array[] | undefined {
  const { bytes, width } = input;
  if (width < 1 || width > tileWidth) return undefined;
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length && entries.length < width) {
    const [high, low] = [bytes[offset], bytes[offset + 1]];
    if (high === undefined || low === undefined) return undefined;
    const start = offset + lengthBytes;
    offset = start + high * 256 + low;
    if (offset > bytes.length) return undefined;
    entries.push(bytes.subarray(start, offset));
  }
  return entries.length === width && offset === bytes.length ? entries : undefined;
}

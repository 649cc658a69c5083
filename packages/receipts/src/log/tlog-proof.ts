import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDecimal } from './decimal.ts';
import { formatHashLines, parseHashLines } from './hash-lines.ts';
import { isProof } from './is-hash.ts';
import { proofExtraBytesMax, proofHashesMax, tlogProofBytesMax, treeSizeMax } from './log-limits.ts';
import { parseNote } from './note.ts';
import { readText } from './note-text.ts';

/** A proof file: that some leaf is in a log, for anyone to check offline (C2SP tlog-proof, Format). */
export interface TlogProof {
  readonly leafIndex: bigint;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim, with its signatures. */
  readonly checkpoint: string;
  /** Opaque data that nothing authenticates; null where there is none. */
  readonly extra: Uint8Array | null;
}

/** Names the format. A file of it carries the extension `.tlog-proof`. */
export const tlogProofHeader = 'c2sp.org/tlog-proof@v1';

/** The proof file. Throws TypeError for what `parseTlogProof` would refuse: a bug in the caller. */
export function formatTlogProof(input: Omit<TlogProof, 'extra'> & Partial<TlogProof>): string {
  const { leafIndex, proof, checkpoint, extra = null } = input;
  const extraLine = extra === null ? '' : `extra ${encodeBase64(extra)}\n`;
  const file = `${tlogProofHeader}\n${extraLine}index ${leafIndex}\n${formatHashLines(proof)}\n${checkpoint}`;
  const isSound = isProof(proof) && parseTlogProof(file)?.checkpoint === checkpoint;
  if (!isSound) throw new TypeError('not a proof that can be read again');
  return file;
}

/**
 * Reads a proof file (C2SP tlog-proof, Format) without verifying anything. The checkpoint in it is a well-formed note.
 * Undefined when the file is malformed, or longer than `tlogProofBytesMax`. Never throws.
 */
export function parseTlogProof(source: string | Uint8Array): TlogProof | undefined {
  const file = readText({ source, bytesMax: tlogProofBytesMax });
  const headEnd = file?.indexOf('\n\n') ?? -1;
  if (file === undefined || headEnd < 0) return undefined;
  const checkpoint = file.slice(headEnd + 2);
  const head = parseHead(file.slice(0, headEnd).split('\n', proofHashesMax + 4));
  return head && parseNote(checkpoint) && { ...head, checkpoint };
}

function parseHead(lines: readonly string[]): Omit<TlogProof, 'checkpoint'> | undefined {
  const [header, ...afterHeader] = lines;
  if (header !== tlogProofHeader) return undefined;
  const hasExtra = afterHeader[0]?.startsWith('extra ') === true;
  const extra = hasExtra ? decodeBase64(afterHeader[0]?.slice('extra '.length) ?? '') : null;
  if (extra === undefined || (extra?.length ?? 0) > proofExtraBytesMax) return undefined;
  const [indexLine = '', ...hashLines] = hasExtra ? afterHeader.slice(1) : afterHeader;
  if (!indexLine.startsWith('index ')) return undefined;
  const leafIndex = parseDecimal({ text: indexLine.slice('index '.length), max: treeSizeMax - 1n });
  const proof = parseHashLines(hashLines);
  return leafIndex === undefined || proof === undefined ? undefined : { leafIndex, proof, extra };
}

import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDecimal } from './decimal.ts';
import { bytesEqual, isHash } from './is-hash.ts';
import { extensionLinesMax, originBytesMax, treeSizeMax } from './log-limits.ts';
import { emptyRootHash } from './merkle-hash.ts';
import { encodeText, readText } from './note-text.ts';

/** What a log says of itself at one size: the text of a signed note (C2SP tlog-checkpoint, Note text). */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** Opaque further lines. Logs are advised to have none, as nobody can audit them. */
  readonly extensions: readonly string[];
}

/**
 * Reads the text of a checkpoint: a note's text, without signatures. Undefined when it is malformed, when the size is
 * beyond `treeSizeMax`, or when it states a root for the empty tree that is not the root of the empty tree. Never throws.
 */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (readText({ source: text }) === undefined) return undefined;
  const lines = text.split('\n', 3 + extensionLinesMax + 2);
  if (lines.pop() !== '' || lines.length > 3 + extensionLinesMax || lines.includes('')) return undefined;
  const [origin, sizeText, rootText, ...extensions] = lines;
  if (origin === undefined || sizeText === undefined || rootText === undefined) return undefined;
  if (encodeText(origin).length > originBytesMax) return undefined;
  const size = parseDecimal({ text: sizeText, max: treeSizeMax });
  const root = decodeBase64(rootText);
  if (size === undefined || !isHash(root)) return undefined;
  if (size === 0n && !bytesEqual({ left: root, right: emptyRootHash() })) return undefined;
  return { origin, size, root, extensions };
}

/** The text of a checkpoint, to be signed as a note. Throws TypeError for what `parseCheckpoint` would refuse: a bug. */
export function formatCheckpoint(checkpoint: Omit<Checkpoint, 'extensions'> & Partial<Checkpoint>): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  const text = [origin, `${size}`, encodeBase64(root), ...extensions, ''].join('\n');
  const parsed = parseCheckpoint(text);
  const isSame = parsed?.origin === origin && parsed.extensions.length === extensions.length;
  if (!isSame) throw new TypeError('not a checkpoint that can be read again');
  return text;
}

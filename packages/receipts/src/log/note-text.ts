import { noteBytesMax } from './log-limits.ts';

const encoder = new TextEncoder();
// Without ignoreBOM the decoder would drop a byte order mark, and a signature would cover other bytes than it seems to.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// C2SP signed-note, Format: no ASCII control characters (those below U+0020) other than newline.
const controlPattern = /(?![\n\x7f-\x9f])\p{Cc}/u;

/** The UTF-8 of a text. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text of at most `bytesMax` bytes of UTF-8, or of a string of as many, or undefined when it is longer, ill-formed or
 * holds a control character that a signed note may not hold.
 */
export function readText(input: {
  readonly source: string | Uint8Array;
  readonly bytesMax?: number;
}): string | undefined {
  const { source, bytesMax = noteBytesMax } = input;
  if (source.length > bytesMax) return undefined;
  const text = typeof source === 'string' ? source : decodeText(source);
  if (text === undefined || !text.isWellFormed() || controlPattern.test(text)) return undefined;
  return typeof source === 'string' && encoder.encode(text).length > bytesMax ? undefined : text;
}

/** The text of UTF-8 bytes, or undefined when they are ill-formed. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

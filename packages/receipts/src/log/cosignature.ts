import { cosignatureSecondsMax } from './log-limits.ts';
import { encodeText } from './note-text.ts';

const timestampBytes = 8;
const signatureBytes = 64;

/**
 * What an Ed25519 cosigner signs: two lines that name the format and the time, then the text of the checkpoint
 * (C2SP tlog-cosignature, Ed25519 signed message). Throws RangeError for a time that cannot be written.
 */
export function cosignedMessage(input: { readonly text: string; readonly timestampSeconds: bigint }): Uint8Array {
  const { text, timestampSeconds } = input;
  if (timestampSeconds < 0n || timestampSeconds > cosignatureSecondsMax) throw new RangeError('not a POSIX time');
  return encodeText(`cosignature/v1\ntime ${timestampSeconds}\n${text}`);
}

/** The structure in a signature line: the time as a big-endian uint64, then the signature (C2SP tlog-cosignature, Format). */
export function timestampedSignature(input: {
  readonly timestampSeconds: bigint;
  readonly signature: Uint8Array;
}): Uint8Array {
  const bytes = new Uint8Array(timestampBytes + input.signature.length);
  new DataView(bytes.buffer).setBigUint64(0, input.timestampSeconds);
  bytes.set(input.signature, timestampBytes);
  return bytes;
}

/** Takes such a structure apart. Undefined when it is not 72 bytes, or its time is beyond 2^63 - 1. */
export function parseTimestampedSignature(
  bytes: Uint8Array,
): { readonly timestampSeconds: bigint; readonly signature: Uint8Array } | undefined {
  if (bytes.length !== timestampBytes + signatureBytes) return undefined;
  const timestampSeconds = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (timestampSeconds > cosignatureSecondsMax) return undefined;
  return { timestampSeconds, signature: bytes.subarray(timestampBytes) };
}

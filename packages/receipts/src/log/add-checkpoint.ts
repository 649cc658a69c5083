import { parseCheckpoint } from './checkpoint.ts';
import { parseDecimal } from './decimal.ts';
import { formatHashLines, parseHashLines } from './hash-lines.ts';
import { isHash, isProof } from './is-hash.ts';
import { noteBytesMax, proofHashesMax, treeSizeMax } from './log-limits.ts';
import { parseNote } from './note.ts';
import { readText } from './note-text.ts';
import { verifyConsistency, type ConsistencyClaim } from './verify-consistency.ts';

/** The body of a request to a witness (C2SP tlog-witness, add-checkpoint). */
export interface AddCheckpointRequest {
  /** The size of the checkpoint that the witness cosigned last, zero when there is none. */
  readonly oldSize: bigint;
  /** The consistency proof from that size to the checkpoint's; empty when the old size is zero. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
}

const hashLineBytes = 45;
const requestBytesMax = noteBytesMax + (proofHashesMax + 1) * hashLineBytes;

/** The body to send. Throws TypeError for what `parseAddCheckpoint` would refuse: a bug in the caller. */
export function formatAddCheckpoint(request: AddCheckpointRequest): string {
  const { oldSize, proof, checkpoint } = request;
  const body = `old ${oldSize}\n${formatHashLines(proof)}\n${checkpoint}`;
  const isSound = isProof(proof) && parseAddCheckpoint(body)?.checkpoint === checkpoint;
  if (!isSound) throw new TypeError('not a request that can be read again');
  return body;
}

/**
 * Reads a request body without verifying anything; the checkpoint in it is well-formed and signed by somebody. Undefined when it is
 * malformed, has more than `proofHashesMax` hashes, or any from old size zero: the witness answers 400. Never throws.
 */
export function parseAddCheckpoint(source: string | Uint8Array): AddCheckpointRequest | undefined {
  const body = readText({ source, bytesMax: requestBytesMax });
  const headEnd = body?.indexOf('\n\n') ?? -1;
  if (body === undefined || headEnd < 0) return undefined;
  const [oldLine = '', ...hashLines] = body.slice(0, headEnd).split('\n', proofHashesMax + 2);
  if (!oldLine.startsWith('old ')) return undefined;
  const oldSize = parseDecimal({ text: oldLine.slice('old '.length), max: treeSizeMax });
  const proof = parseHashLines(hashLines);
  if (oldSize === undefined || proof === undefined || (oldSize === 0n && proof.length > 0)) return undefined;
  const checkpoint = body.slice(headEnd + 2);
  const note = parseNote(checkpoint);
  return note && parseCheckpoint(note.text) && { oldSize, proof, checkpoint };
}

/**
 * True when a witness that saw the first tree may go on to the second. As `verifyConsistency`, except that from size
 * zero any tree follows without a proof, whatever root1 is (C2SP tlog-witness, add-checkpoint). Never throws.
 */
export function verifyCheckpointUpdate(claim: ConsistencyClaim): boolean {
  if (claim.size1 !== 0n || claim.size2 === 0n) return verifyConsistency(claim);
  const { size2, root2, proof } = claim;
  if (typeof size2 !== 'bigint' || size2 < 0n || size2 > treeSizeMax) return false;
  return isHash(root2) && isProof(proof) && proof.length === 0;
}

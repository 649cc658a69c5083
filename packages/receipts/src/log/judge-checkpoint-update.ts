import { parseAddCheckpoint, verifyCheckpointUpdate } from './add-checkpoint.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { emptyRootHash } from './merkle-hash.ts';
import { bytesEqual } from './is-hash.ts';
import { parseNote } from './note.ts';
import type { NoteKey } from './note-key.ts';
import { verifyNote } from './verify-note.ts';

/** The largest tree of a log that a witness cosigned. */
export type WitnessedTree = Pick<Checkpoint, 'size' | 'root'>;

/**
 * Why a witness does not cosign, in order of precedence, with the status that C2SP tlog-witness gives to each:
 * malformed       not a request, or the old size is larger than the checkpoint's (400)
 * unknown_origin  it is not a witness of this log (404)
 * not_signed      no key that it knows of this log signed the checkpoint (403)
 * stale           the old size is not the one that it cosigned last, which is `witnessedSize` (409)
 * fork            of the size that it cosigned last this is another tree (409)
 * inconsistent    the proof does not show that what it cosigned last is a prefix of this tree (422)
 */
export type UpdateRefusalCode = 'malformed' | 'unknown_origin' | 'not_signed' | 'stale' | 'fork' | 'inconsistent';

export type UpdateJudgement =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly text: string }
  | { readonly ok: false; readonly code: UpdateRefusalCode; readonly witnessedSize: bigint };

/** What a witness knows of a log: its keys, and what it cosigned last, undefined when it never did. */
export interface KnownLog {
  readonly keys: readonly NoteKey[];
  readonly witnessed: WitnessedTree | undefined;
}

/**
 * Decides whether a witness may cosign what an add-checkpoint request submits (C2SP tlog-witness). Whoever acts on it records
 * the checkpoint before anything is answered, and lets nobody else decide about that log in between. Never throws.
 */
export function judgeCheckpointUpdate(input: {
  readonly body: string | Uint8Array;
  readonly knownLog: (origin: string) => KnownLog | undefined;
}): UpdateJudgement {
  const request = parseAddCheckpoint(input.body);
  const text = parseNote(request?.checkpoint ?? '')?.text ?? '';
  const checkpoint = parseCheckpoint(text);
  if (request === undefined || checkpoint === undefined) return refuse('malformed');
  const log = input.knownLog(checkpoint.origin);
  if (log === undefined) return refuse('unknown_origin');
  if (!verifyNote({ note: request.checkpoint, keys: log.keys }).ok) return refuse('not_signed');
  const { oldSize, proof } = request;
  const { size, root } = checkpoint;
  const witnessed = log.witnessed ?? { size: 0n, root: emptyRootHash() };
  if (oldSize > size) return refuse('malformed');
  if (oldSize !== witnessed.size) return refuse('stale', witnessed.size);
  if (size === witnessed.size && !bytesEqual({ left: root, right: witnessed.root }))
    return refuse('fork', witnessed.size);
  const isExtension = verifyCheckpointUpdate({
    size1: witnessed.size,
    root1: witnessed.root,
    size2: size,
    root2: root,
    proof,
  });
  return isExtension ? { ok: true, checkpoint, text } : refuse('inconsistent');
}

function refuse(code: UpdateRefusalCode, witnessedSize = 0n): UpdateJudgement {
  return { ok: false, code, witnessedSize };
}

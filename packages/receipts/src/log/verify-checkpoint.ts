import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { cosignatureType, ed25519Type, type NoteKey } from './note-key.ts';
import { noteRefusalCodes, verifyNote, type VerifiedSignature } from './verify-note.ts';

/** Whom a verifier trusts, and for which log. Keys come from outside, never from what is being verified. */
export interface LogPolicy {
  /** The origin line that the log's checkpoints must have. */
  readonly origin: string;
  /** Keys of the log, of type 0x01; while a key is being replaced there are two. One of them must have signed. */
  readonly logKeys: readonly NoteKey[];
  /** Keys of witnesses, of type 0x04. */
  readonly witnessKeys: readonly NoteKey[];
  /** How many different witnesses must have cosigned. Zero asks for none, and then nothing shows that all see one log. */
  readonly witnessQuorum: number;
}

/** Why a checkpoint is refused, in order of precedence. */
export const checkpointRefusalCodes = [
  ...noteRefusalCodes,
  'malformed_checkpoint',
  'wrong_origin',
  'log_signature_missing',
  'witnesses_missing',
] as const;

export type CheckpointRefusalCode = (typeof checkpointRefusalCodes)[number];

/** A witness that cosigned, and the time that it states. */
export interface WitnessStatement {
  readonly name: string;
  readonly timestampSeconds: bigint;
}

export type CheckpointVerification =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly witnesses: readonly WitnessStatement[] }
  | { readonly ok: false; readonly code: CheckpointRefusalCode; readonly detail: string };

/**
 * Verifies a signed checkpoint under a policy (C2SP tlog-checkpoint, tlog-cosignature): its signatures, its origin, that
 * the log signed it, and that enough witnesses did. Two names with one public key count as one witness. Never throws.
 */
export function verifyCheckpoint(input: {
  readonly note: string | Uint8Array;
  readonly policy: LogPolicy;
}): CheckpointVerification {
  const { note, policy } = input;
  const opened = verifyNote({ note, keys: [...policy.logKeys, ...policy.witnessKeys] });
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) return refuse('malformed_checkpoint', 'the signed text is not a checkpoint');
  if (checkpoint.origin !== policy.origin) return refuse('wrong_origin', 'the checkpoint is of another log');
  if (!opened.verified.some(({ key }) => key.type === ed25519Type && policy.logKeys.includes(key))) {
    return refuse('log_signature_missing', 'no key of the log signed the checkpoint');
  }
  const witnesses = witnessesOf(opened.verified, policy);
  if (witnesses.length < policy.witnessQuorum) {
    return refuse('witnesses_missing', `${witnesses.length} of ${policy.witnessQuorum} witnesses cosigned`);
  }
  return { ok: true, checkpoint, witnesses };
}

function witnessesOf(verified: readonly VerifiedSignature[], policy: LogPolicy): readonly WitnessStatement[] {
  const witnesses = new Map<string, WitnessStatement>();
  for (const { key, timestampSeconds } of verified) {
    if (key.type !== cosignatureType || timestampSeconds === null || !policy.witnessKeys.includes(key)) continue;
    const identity = key.publicKey.join();
    if (!witnesses.has(identity)) witnesses.set(identity, { name: key.name, timestampSeconds });
  }
  return [...witnesses.values()];
}

function refuse(code: CheckpointRefusalCode, detail: string): CheckpointVerification {
  return { ok: false, code, detail };
}

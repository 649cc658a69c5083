import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { leafHash } from './merkle-hash.ts';
import { parseNote } from './note.ts';
import { cosignatureType, ed25519Type } from './note-key.ts';
import { encodeText } from './note-text.ts';
import { meetsQuorum, type TlogPolicy } from './tlog-policy.ts';
import { parseTlogProof } from './tlog-proof.ts';
import type { CheckpointVerification, WitnessStatement } from './verify-checkpoint.ts';
import { verifyInclusion } from './verify-inclusion.ts';
import { verifyNote } from './verify-note.ts';
import type { TlogProofRefusalCode } from './verify-tlog-proof.ts';

/**
 * Verifies a signed checkpoint under a policy file (C2SP tlog-policy): a log of the policy signed it, whose name is the
 * origin, and enough witnesses cosigned it. A cosignature of a known witness that does not verify refuses it. Never throws.
 */
export function verifyUnderPolicy(input: {
  readonly note: string | Uint8Array;
  readonly policy: TlogPolicy;
}): CheckpointVerification {
  const { note, policy } = input;
  const keys = [...policy.logs, ...policy.witnesses].map(({ key }) => key);
  const opened = verifyNote({ note, keys });
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) {
    return { ok: false, code: 'malformed_checkpoint', detail: 'the signed text is not a checkpoint' };
  }
  const { origin } = checkpoint;
  if (!policy.logs.some(({ key }) => key.name === origin)) {
    return { ok: false, code: 'wrong_origin', detail: 'the checkpoint is of a log that the policy does not name' };
  }
  if (!opened.verified.some(({ key }) => key.type === ed25519Type && key.name === origin)) {
    return { ok: false, code: 'log_signature_missing', detail: 'no key of the log signed the checkpoint' };
  }
  const cosigned = opened.verified.filter(({ key }) => key.type === cosignatureType);
  if (!meetsQuorum(policy.quorum, (key) => cosigned.some((one) => one.key === key))) {
    const detail = `${cosigned.length} of ${policy.witnesses.length} witnesses cosigned, which is no quorum`;
    return { ok: false, code: 'witnesses_missing', detail };
  }
  const witnesses = cosigned.flatMap(({ key, timestampSeconds }): WitnessStatement[] =>
    timestampSeconds === null ? [] : [{ name: key.name, timestampSeconds }],
  );
  return { ok: true, checkpoint, witnesses };
}

export type WitnessedCheckpoint =
  | {
      readonly ok: true;
      /** Of the log whose checkpoint it is. */
      readonly checkpoint: Checkpoint;
      /** Of the log of logs, as the witnesses saw it. */
      readonly whole: Checkpoint;
      readonly witnesses: readonly WitnessStatement[];
    }
  | { readonly ok: false; readonly code: TlogProofRefusalCode; readonly detail: string };

/**
 * Verifies that the witnesses of a policy have seen a tenant's checkpoint. They cosign the log of logs, whose leaves are the
 * texts of the tenants' checkpoints: `proof` is the proof file (C2SP tlog-proof) of that leaf, with the cosigned checkpoint
 * in it. Signatures of `note` itself are not verified. Never throws.
 */
export function verifyWitnessedCheckpoint(input: {
  readonly note: string | Uint8Array;
  readonly proof: string | Uint8Array;
  readonly policy: TlogPolicy;
}): WitnessedCheckpoint {
  const note = parseNote(input.note);
  if (note === undefined) return { ok: false, code: 'malformed_note', detail: 'not a signed note' };
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint === undefined) {
    return { ok: false, code: 'malformed_checkpoint', detail: 'the signed text is not a checkpoint' };
  }
  const parsed = parseTlogProof(input.proof);
  if (parsed === undefined) return { ok: false, code: 'malformed_proof', detail: 'not a proof file' };
  const signed = verifyUnderPolicy({ note: parsed.checkpoint, policy: input.policy });
  if (!signed.ok) return signed;
  const { leafIndex, proof } = parsed;
  const { size: treeSize, root } = signed.checkpoint;
  const leaf = leafHash(encodeText(note.text));
  if (!verifyInclusion({ leafIndex, treeSize, leafHash: leaf, proof, root })) {
    const detail = 'the path does not lead from the checkpoint to the root that the witnesses saw';
    return { ok: false, code: 'not_included', detail };
  }
  return { ok: true, checkpoint, whole: signed.checkpoint, witnesses: signed.witnesses };
}

import type { Checkpoint } from './checkpoint.ts';
import { parseTlogProof } from './tlog-proof.ts';
import {
  checkpointRefusalCodes,
  verifyCheckpoint,
  type CheckpointRefusalCode,
  type LogPolicy,
  type WitnessStatement,
} from './verify-checkpoint.ts';
import { verifyInclusion } from './verify-inclusion.ts';

/** Why a proof file is refused, in order of precedence. */
export const tlogProofRefusalCodes = ['malformed_proof', ...checkpointRefusalCodes, 'not_included'] as const;

export type TlogProofRefusalCode = 'malformed_proof' | CheckpointRefusalCode | 'not_included';

/** Where in which log a leaf stands, and which witnesses saw that log. */
export interface ProvenInclusion {
  readonly leafIndex: bigint;
  readonly checkpoint: Checkpoint;
  readonly witnesses: readonly WitnessStatement[];
}

export type TlogProofVerification =
  | ({ readonly ok: true } & ProvenInclusion)
  | { readonly ok: false; readonly code: TlogProofRefusalCode; readonly detail: string };

/**
 * Verifies a proof file (C2SP tlog-proof) for the leaf with that hash: the checkpoint under the policy, then the path from
 * the leaf to the root that was signed. Needs no network and no clock. Never throws.
 */
export function verifyTlogProof(input: {
  readonly proof: string | Uint8Array;
  readonly leafHash: Uint8Array;
  readonly policy: LogPolicy;
}): TlogProofVerification {
  const parsed = parseTlogProof(input.proof);
  if (parsed === undefined) return { ok: false, code: 'malformed_proof', detail: 'not a proof file' };
  const signed = verifyCheckpoint({ note: parsed.checkpoint, policy: input.policy });
  if (!signed.ok) return signed;
  const { checkpoint, witnesses } = signed;
  const { leafIndex, proof } = parsed;
  const { size: treeSize, root } = checkpoint;
  if (!verifyInclusion({ leafIndex, treeSize, leafHash: input.leafHash, proof, root })) {
    return {
      ok: false,
      code: 'not_included',
      detail: 'the path does not lead from the leaf to the root that was signed',
    };
  }
  return { ok: true, leafIndex, checkpoint, witnesses };
}

import { bundleFaults, type BundleFinding, type BundleVerification, type KeySource } from '@karmanflow/receipts';
import type { VerificationStep } from './verification-step.ts';

const findingsShown = 20;

/** Which step of the report each finding belongs to; what is not named here is about a receipt. */
const stepOf: Readonly<Record<string, string>> = {
  line_too_long: 'form',
  malformed_line: 'form',
  unexpected_line: 'form',
  unknown_format: 'form',
  malformed_key_set: 'keys',
  malformed_trust: 'keys',
  log_key_missing: 'keys',
  wrong_origin: 'log',
  event_missing: 'events',
  event_unexpected: 'events',
  event_hash_mismatch: 'events',
  event_field_mismatch: 'events',
  event_out_of_order: 'events',
  policy_disagrees: 'policy',
  leaf_missing: 'log',
  leaf_repeated: 'log',
  leaf_hash_mismatch: 'log',
  checkpoint_refused: 'log',
  checkpoint_misplaced: 'log',
  root_mismatch: 'log',
  checkpoint_missing: 'log',
  rolled_back: 'history',
  forked: 'history',
  remembered_unreachable: 'history',
  truncated: 'end',
  counts_mismatch: 'end',
  bundle_hash_mismatch: 'end',
  bundle_unsigned: 'end',
};

/** What was checked in a bundle, step by step, each in words. */
export function bundleSteps(verified: BundleVerification): VerificationStep[] {
  const { summary, header, checkpoint, extendsRemembered } = verified;
  const failed = Map.groupBy(verified.findings, ({ code }) => stepOf[code] ?? 'receipts');
  const step = (what: string, says: string): VerificationStep => {
    const count = failed.get(what)?.length ?? 0;
    return { holds: count === 0, what, says: count === 0 ? says : `${count} findings; ${says}` };
  };
  const { receipts, events, leaves, policies, checkpoints } = summary;
  const about =
    header === null
      ? 'no bundle'
      : `${header.tenantId}, ${header.environments.join(' and ')}: leaves ${header.firstLeaf} to ${header.treeSize} of ${header.origin}, made at ${header.madeAt}`;
  const signers = [...summary.keyIds].map(([keyId, count]) => `${count} by key ${keyId}`).join(', ');
  return [
    step('form', about),
    step(
      'keys',
      `those of receipts ${sourceWords[verified.keys.receipts]}, those of the log ${sourceWords[verified.keys.log]}`,
    ),
    step(
      'receipts',
      `${receipts} read: canonical bytes, hash and Ed25519 signature (${signers || 'none holds'}), valid when completed`,
    ),
    step('policy', `${policies} decisions made again from the facts on the receipts`),
    step(
      'events',
      header?.hasEvents === false
        ? 'not in this bundle: who asked for it may not read events'
        : `${events} read: each the one that its receipt names, in its order, positions without gap`,
    ),
    step('log', logWords({ receipts, leaves, checkpoints, checkpoint })),
    step('history', historyWords(extendsRemembered)),
    step('end', 'the bundle is whole, and signed'),
    ...[...summary.doubts].map(([doubt, count]) => ({
      holds: true,
      what: 'note',
      says: `${doubt} (${count} receipts)`,
    })),
  ];
}

const sourceWords: Readonly<Record<KeySource, string>> = {
  given: 'were given',
  remembered: 'are those that were remembered',
  bundle: 'came with the bundle itself, so that it vouches for itself: compare them with what is published',
};

function logWords(log: {
  readonly receipts: number;
  readonly leaves: number;
  readonly checkpoints: number;
  readonly checkpoint: BundleVerification['checkpoint'];
}): string {
  const { receipts, leaves, checkpoints, checkpoint } = log;
  if (checkpoint === null) return 'no checkpoint holds';
  const witnesses = checkpoint.witnesses.length === 0 ? '' : `, seen by ${checkpoint.witnesses.join(' and ')}`;
  const apart = leaves === 0 ? '' : ` and ${leaves} hashes of leaves that are not shown`;
  return `${receipts} receipts${apart} lead to ${checkpoints} signed checkpoints, the last of ${checkpoint.checkpoint.size} leaves${witnesses}: none is missing, added, changed or moved`;
}

function historyWords(extendsRemembered: boolean | null): string {
  if (extendsRemembered === null) return 'nothing was remembered to compare with: use --remember to notice a rollback';
  return extendsRemembered
    ? 'the log extends the checkpoint that was remembered: nothing of before was taken back or rewritten'
    : 'the log is not shown to extend the checkpoint that was remembered';
}

/** Exactly what fails where, one finding a line. */
export function findingLines(findings: readonly BundleFinding[]): string[] {
  const lines = findings.slice(0, findingsShown).map(({ code, line, leafIndex, receiptId, field, detail }) => {
    const place = [receiptId ?? '', leafIndex === null ? '' : `leaf ${leafIndex}`, field, `line ${line}`];
    const meaning = code in bundleFaults ? bundleFaults[code as keyof typeof bundleFaults] : 'the receipt is not sound';
    return `  ${code}: ${meaning}\n    at ${place.filter((part) => part !== '').join(', ')}: ${detail}`;
  });
  const more = findings.length - findingsShown;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

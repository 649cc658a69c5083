import { integrityLimits } from './integrity-limits.ts';

/**
 * log      database, archive and signer contradict each other
 * receipt  a receipt is not the one that was published, not soundly signed, gone, or was never logged
 * table    a row is not what the events say
 */
export const findingKinds = ['log', 'receipt', 'table'] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Something that nobody could have brought about through commands. */
export interface IntegrityFinding {
  readonly kind: FindingKind;
  readonly code: FindingCode;
  /** What was tampered with: the id of a receipt, the key of a row, the origin of a log. */
  readonly subject: string;
  readonly detail: string;
}

export const findingCodes = {
  log_vanished: 'the signer has signed checkpoints of a log of which the database knows nothing',
  log_rolled_back: 'the database knows fewer leaves than the signer has signed',
  checkpoint_forged: 'a checkpoint in the database is not one that the log signed',
  archive_missing: 'a checkpoint or a tile is not in the archive',
  archive_damaged: 'what is in the archive does not lead to the root that was signed',
  receipt_missing: 'a receipt that was published is gone',
  receipt_changed: 'a receipt is not the one that was published',
  receipt_moved: 'a receipt stands at another leaf than the one at which it was published',
  receipt_unsigned: 'a receipt does not bear a sound signature of a published key',
  receipt_unlogged: 'a receipt is in the database, and neither in the log nor on its way there',
  events_not_whole: 'the events of an environment have a gap or a repetition, or cannot be read',
  row_differs: 'a row is not what the events say',
} as const satisfies Readonly<Record<string, string>>;
export type FindingCode = keyof typeof findingCodes;

/** What a run of the check found, and how much it looked at. */
export interface IntegrityReport {
  readonly findings: readonly IntegrityFinding[];
  /** All of them, also those that were not kept. */
  readonly counts: Readonly<Record<FindingKind, number>>;
  readonly tenants: number;
  readonly receipts: number;
  readonly events: number;
  readonly rows: number;
}

export interface ReportDraft {
  add(finding: IntegrityFinding): void;
  saw(what: Partial<Record<'tenants' | 'receipts' | 'events' | 'rows', number>>): void;
  report(): IntegrityReport;
}

export function draftReport(): ReportDraft {
  const findings: IntegrityFinding[] = [];
  const counts: Record<FindingKind, number> = { log: 0, receipt: 0, table: 0 };
  const seen = { tenants: 0, receipts: 0, events: 0, rows: 0 };
  return {
    add(finding) {
      counts[finding.kind] += 1;
      if (findings.length < integrityLimits.findingsMax) findings.push(finding);
    },
    saw({ tenants = 0, receipts = 0, events = 0, rows = 0 }) {
      seen.tenants += tenants;
      seen.receipts += receipts;
      seen.events += events;
      seen.rows += rows;
    },
    report: () => ({ findings, counts: { ...counts }, ...seen }),
  };
}

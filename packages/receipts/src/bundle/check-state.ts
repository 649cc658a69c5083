import type { ReceiptBody } from '../receipt-body.ts';
import { bundleFindingsMax } from './bundle-limits.ts';
import type { BundleFinding } from './bundle-findings.ts';

/** How much was looked at, so that a verification of nothing is not taken for a good one. */
export interface BundleSummary {
  receipts: number;
  events: number;
  /** Leaf hashes that stand alone: of other environments, or outside of the range. */
  leaves: number;
  checkpoints: number;
  /** Decisions that were made again from the facts on the receipt. */
  policies: number;
  /** Signatures of receipts that hold, by the id of their key. */
  readonly keyIds: Map<string, number>;
  /** Why a repeated decision proves less than it seems to, with how often, as the explaining function says. */
  readonly doubts: Map<string, number>;
}

/** The receipt that stands last, with what of it is still to come. */
export interface OpenReceipt {
  readonly leafIndex: number;
  readonly body: ReceiptBody;
  /** Events that were there already. */
  seen: number;
}

/** Gathers what does not hold, up to a bound. */
export interface FindingList {
  readonly findings: readonly BundleFinding[];
  /** True once there is no room for more: then nothing else is read. */
  isFull(): boolean;
  add(finding: Pick<BundleFinding, 'code' | 'field' | 'detail'> & Partial<BundleFinding>): void;
}

/** `lineOf` gives the number of the line that is being read. */
export function createFindingList(lineOf: () => number): FindingList {
  const findings: BundleFinding[] = [];
  return {
    findings,
    isFull: () => findings.length >= bundleFindingsMax,
    add(finding) {
      if (findings.length >= bundleFindingsMax) return;
      findings.push({ line: lineOf(), leafIndex: null, receiptId: null, ...finding });
    },
  };
}

import type { DeliverySequence } from '../dispatch/delivery-sequence.ts';

/** Ordinals that have not come, both ends included. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
}

/** What a receiver remembers of one subscription: a plain value, to be stored beside what it did with the deliveries. */
export interface SequenceState {
  readonly generation: number;
  /** The highest ordinal that has come; 0 before the first. */
  readonly highest: number;
  /** Everything below it that has not, in ascending order and apart from each other. */
  readonly missing: readonly MissingRange[];
}

/**
 * next         the ordinal after the highest
 * ahead        further on: what lies between is missing now, and may still come unless the order is strict
 * late         one that was missing
 * duplicate    it has come before: the same webhook-id, so it has been acted upon
 * fresh_start  a new generation: the sender began elsewhere, by a person's decision
 * outdated     of a generation that is over
 * unnumbered   sent again by request, without a place in the sequence
 */
export type SequenceFinding = 'next' | 'ahead' | 'late' | 'duplicate' | 'fresh_start' | 'outdated' | 'unnumbered';

export interface SequenceStep {
  readonly state: SequenceState;
  readonly finding: SequenceFinding;
  /** Whether `previous`, which the sender had to have delivered before, never came: something of this entity is lost. */
  readonly isPreviousMissing: boolean;
}

export const sequenceTrackingLimits = { missingRangesMax: 10_000 } as const;

export const newSequenceState: SequenceState = { generation: 0, highest: 0, missing: [] };

/**
 * Notes a delivery, verified, in what the receiver knows of its subscription. Pure. Throws a RangeError when more separate
 * ranges are missing than a receiver can reasonably remember: then it has to begin anew, from the events themselves.
 */
export function trackSequence(state: SequenceState, sequence: DeliverySequence): SequenceStep {
  const { generation, ordinal, previous } = sequence;
  if (ordinal === null) return { state, finding: 'unnumbered', isPreviousMissing: false };
  if (generation < state.generation) return { state, finding: 'outdated', isPreviousMissing: false };
  if (generation > state.generation) {
    const begun = note({ ...newSequenceState, generation }, ordinal);
    const isFirst = state.generation === 0;
    return { ...withPrevious(begun, previous), finding: isFirst ? begun.finding : 'fresh_start' };
  }
  return withPrevious(note(state, ordinal), previous);
}

type Noted = Omit<SequenceStep, 'isPreviousMissing'>;

function withPrevious(noted: Noted, previous: number | null): SequenceStep {
  const { state } = noted;
  const isPreviousMissing = previous !== null && (previous > state.highest || isMissing(state, previous));
  return { ...noted, isPreviousMissing };
}

function isMissing({ missing }: SequenceState, ordinal: number): boolean {
  return missing.some(({ from, to }) => ordinal >= from && ordinal <= to);
}

function note(state: SequenceState, ordinal: number): Noted {
  const { highest, missing } = state;
  if (ordinal === highest + 1) return { state: { ...state, highest: ordinal }, finding: 'next' };
  if (ordinal > highest) {
    const ranges = [...missing, { from: highest + 1, to: ordinal - 1 }];
    if (ranges.length > sequenceTrackingLimits.missingRangesMax) throw new RangeError('Too much is missing.');
    return { state: { ...state, highest: ordinal, missing: ranges }, finding: 'ahead' };
  }
  if (!isMissing(state, ordinal)) return { state, finding: 'duplicate' };
  const split = missing.flatMap((range) => without(range, ordinal));
  return { state: { ...state, missing: split }, finding: 'late' };
}

function without({ from, to }: MissingRange, ordinal: number): readonly MissingRange[] {
  if (ordinal < from || ordinal > to) return [{ from, to }];
  const sides = [
    { from, to: ordinal - 1 },
    { from: ordinal + 1, to },
  ];
  return sides.filter((side) => side.from <= side.to);
}

import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { DeliverySequence } from '../dispatch/delivery-sequence.ts';
import { newSequenceState, type SequenceState, sequenceTrackingLimits, trackSequence } from './track-sequence.ts';

const subscriptionId = 'whs_00000000-0000-7000-8000-000000000003';
const at = (ordinal: number | null, previous: number | null = null, generation = 1): DeliverySequence => ({
  subscriptionId,
  generation,
  ordinal,
  previous,
});

function findings(sequences: readonly DeliverySequence[]): string[] {
  let state = newSequenceState;
  return sequences.map((sequence) => {
    const step = trackSequence(state, sequence);
    state = step.state;
    return step.isPreviousMissing ? `${step.finding}, previous missing` : step.finding;
  });
}

describe('what a receiver knows of the sequence', () => {
  test('names each way in which a delivery can come', () => {
    expect(findings([at(1), at(2), at(2), at(5, 4), at(4, 3), at(3), at(4), at(null)])).toEqual([
      'next',
      'next',
      'duplicate',
      'ahead, previous missing',
      'late, previous missing',
      'late',
      'duplicate',
      'unnumbered',
    ]);
    expect(findings([at(1), at(9, null, 2), at(2), at(1, null, 2)])).toEqual([
      'next',
      'fresh_start',
      'outdated',
      'late',
    ]);
  });

  test('is exactly what has come, in whatever order and however often', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }), (ordinals) => {
        let state: SequenceState = newSequenceState;
        const seen = new Set<number>();
        for (const ordinal of ordinals) {
          const isNew = !seen.has(ordinal);
          const { finding, state: next } = trackSequence(state, at(ordinal));
          expect(finding !== 'duplicate').toBe(isNew);
          seen.add(ordinal);
          state = next;
        }
        const highest = Math.max(0, ...seen);
        const missing = Array.from({ length: highest }, (_, index) => index + 1).filter((one) => !seen.has(one));
        const told = state.missing.flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        );
        expect(state.highest).toBe(highest);
        expect(told).toEqual(missing);
      }),
    );
  });

  test('is bounded', () => {
    let state = newSequenceState;
    const most = sequenceTrackingLimits.missingRangesMax;
    const missing = Array.from({ length: most }, (_, index) => ({ from: index * 2 + 1, to: index * 2 + 1 }));
    state = { generation: 1, highest: most * 2, missing };
    expect(() => trackSequence(state, at(most * 2 + 2))).toThrow(RangeError);
    expect(trackSequence(state, at(1)).finding).toBe('late');
  });
});

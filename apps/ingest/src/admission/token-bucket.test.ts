import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Bucket, takeToken } from './token-bucket.ts';

const size = { tokensPerSecond: 10, tokensMax: 3 };

/** How many of the requests at these times were let in. */
function letIn(times: readonly number[], of = size): boolean[] {
  let bucket: Bucket | undefined;
  return times.map((nowMilliseconds) => {
    const taken = takeToken(of, { bucket, nowMilliseconds });
    bucket = taken.bucket;
    return taken.ok;
  });
}

describe('a bucket', () => {
  test('lets a burst through, then as many as come back', () => {
    expect(letIn([0, 0, 0, 0, 50, 100, 101, 200])).toEqual([true, true, true, false, false, true, false, true]);
  });

  test('says when to come back, and then there is one', () => {
    const slow = { tokensPerSecond: 0.25, tokensMax: 1 };
    const first = takeToken(slow, { bucket: undefined, nowMilliseconds: 0 });
    const second = takeToken(slow, { bucket: first.bucket, nowMilliseconds: 500 });
    expect(second).toMatchObject({ ok: false, waitSeconds: 4 });
    expect(takeToken(slow, { bucket: second.bucket, nowMilliseconds: 4_500 }).ok).toBe(true);
  });

  test('gains nothing from a clock that goes back', () => {
    const expected = [true, true, true, false, false, false, false, true];
    expect(letIn([1000, 1000, 1000, 0, 500, 1000, 1099, 1100])).toEqual(expected);
  });

  test('never lets more in than its burst and what came back, whatever the times', () => {
    const sizes = fc.record({
      tokensPerSecond: fc.integer({ min: 1, max: 50 }),
      tokensMax: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (of, gaps) => {
        let now = 0;
        const times = gaps.map((gap) => (now += gap % 97));
        const count = letIn(times, of).filter(Boolean).length;
        const span = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
        expect(count).toBeLessThanOrEqual(of.tokensMax + Math.ceil(span * of.tokensPerSecond));
        expect(count).toBeGreaterThanOrEqual(Math.min(times.length, of.tokensMax));
      }),
    );
  });
});

import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { deliveryFailureCodes } from './delivery-result.ts';
import { judgeResult, type DeliveryVerdict } from './judge-result.ts';
import { nextAttempt } from './next-attempt.ts';
import { readRetryAfter } from './read-retry-after.ts';
import { defaultRetrySchedule, retryDelayMilliseconds, type RetrySchedule } from './retry-schedule.ts';

const nowMilliseconds = 1_772_366_400_000;
const dayMilliseconds = 86_400_000;
const randomNumber = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the default schedule', () => {
  test('is the example of Standard Webhooks: ten attempts in 75:35:05', () => {
    const { delaysSeconds } = defaultRetrySchedule;
    expect(delaysSeconds).toHaveLength(9);
    expect(delaysSeconds.reduce((sum, delay) => sum + delay, 0)).toBe(75 * 3600 + 35 * 60 + 5);
  });

  test('spreads each delay by a fifth to both sides', () => {
    const delayAt = (random: number) => retryDelayMilliseconds({ schedule: defaultRetrySchedule, attempt: 2, random });
    expect([0, 0.5, 0.999_999_999].map(delayAt)).toEqual([240_000, 300_000, 360_000]);
    fc.assert(
      fc.property(randomNumber, fc.integer({ min: 1, max: 9 }), (value, attempt) => {
        const delay = retryDelayMilliseconds({ schedule: defaultRetrySchedule, attempt, random: value }) ?? Number.NaN;
        const mean = (defaultRetrySchedule.delaysSeconds[attempt - 1] ?? Number.NaN) * 1000;
        expect(Math.abs(delay - mean)).toBeLessThanOrEqual(mean * 0.2 + 1);
      }),
    );
  });

  test('throws for what only its caller can have got wrong', () => {
    const schedule = defaultRetrySchedule;
    const broken: Partial<Parameters<typeof retryDelayMilliseconds>[0]>[] = [
      { attempt: 0 },
      { attempt: 1.5 },
      { random: 1 },
      { random: -0.1 },
      { random: Number.NaN },
      { schedule: { ...schedule, jitterRatio: 0.6 } },
      { schedule: { ...schedule, jitterRatio: Number.NaN } },
      { schedule: { ...schedule, delaysSeconds: [Infinity] } },
      { schedule: { ...schedule, delaysSeconds: [-1] } },
      { schedule: { ...schedule, delaysSeconds: Array.from({ length: 51 }, () => 1) } },
    ];
    for (const change of broken) {
      expect(() => retryDelayMilliseconds({ schedule, attempt: 1, random: 0.5, ...change })).toThrow(RangeError);
    }
  });
});

describe('the verdict', () => {
  const table: readonly (readonly [Parameters<typeof judgeResult>[0], DeliveryVerdict])[] = [
    [{ kind: 'delivered' }, 'delivered'],
    [{ kind: 'failed', code: 'request_invalid' }, 'unsendable'],
    [{ kind: 'failed', code: 'cancelled' }, 'not_charged'],
    [{ kind: 'failed', code: 'egress_proxy_failed' }, 'not_charged'],
    [{ kind: 'failed', code: 'status_refused', status: 410 }, 'gone'],
    [{ kind: 'failed', code: 'status_refused', status: 429 }, 'slow_down'],
    [{ kind: 'failed', code: 'status_refused', status: 502 }, 'slow_down'],
    [{ kind: 'failed', code: 'status_refused', status: 503 }, 'slow_down'],
    [{ kind: 'failed', code: 'status_refused', status: 504 }, 'slow_down'],
    [{ kind: 'failed', code: 'status_refused', status: 500 }, 'failed'],
    [{ kind: 'failed', code: 'status_refused', status: 404 }, 'failed'],
    [{ kind: 'failed', code: 'redirect_refused', status: 302 }, 'failed'],
    [{ kind: 'failed', code: 'reset', status: 200 }, 'failed'],
  ];
  for (const [result, verdict] of table) {
    test(`of ${JSON.stringify(result)} is ${verdict}`, () => {
      expect(judgeResult(result)).toBe(verdict);
    });
  }

  test('exists for every failure code', () => {
    expect(deliveryFailureCodes.map((code) => judgeResult({ kind: 'failed', code }))).toHaveLength(14);
  });
});

describe('the next attempt', () => {
  const base = { attempt: 3, verdict: 'failed', nowMilliseconds, random: 0.5 } as const;
  const table: readonly (readonly [string, Parameters<typeof nextAttempt>[0], ReturnType<typeof nextAttempt>])[] = [
    ['a delivery is over', { ...base, verdict: 'delivered' }, { kind: 'done' }],
    ['410 ends it', { ...base, verdict: 'gone' }, { kind: 'gone' }],
    ['what cannot be sent is not tried again', { ...base, verdict: 'unsendable' }, { kind: 'unsendable' }],
    ['a failure follows the schedule', base, retryAt(4, 1_800_000, 'schedule')],
    [
      'a short Retry-After does not hurry us',
      { ...base, retryAfterMilliseconds: 1000 },
      retryAt(4, 1_800_000, 'schedule'),
    ],
    [
      'a long Retry-After is honoured',
      { ...base, retryAfterMilliseconds: 7_200_000 },
      retryAt(4, 7_200_000, 'retry_after'),
    ],
    ['a mad one is clamped', { ...base, retryAfterMilliseconds: Infinity }, retryAt(4, dayMilliseconds, 'retry_after')],
    [
      'and one that is no number is ignored',
      { ...base, retryAfterMilliseconds: Number.NaN },
      retryAt(4, 1_800_000, 'schedule'),
    ],
    ['429 waits a minute at least', { ...base, attempt: 1, verdict: 'slow_down' }, retryAt(2, 60_000, 'slow_down')],
    ['our own fault does not count', { ...base, verdict: 'not_charged' }, retryAt(3, 30_000, 'not_charged')],
    [
      'not even at the last attempt',
      { ...base, attempt: 10, verdict: 'not_charged' },
      retryAt(10, 30_000, 'not_charged'),
    ],
    ['the tenth failure is the last', { ...base, attempt: 10 }, { kind: 'exhausted', attempts: 10 }],
    [
      'also when it asks to slow down',
      { ...base, attempt: 10, verdict: 'slow_down' },
      { kind: 'exhausted', attempts: 10 },
    ],
  ];
  for (const [label, input, expected] of table) {
    test(label, () => {
      expect(nextAttempt(input)).toEqual(expected);
    });
  }

  test('is finite, in the future and at most a day and a jittered step away, and the schedule ends', () => {
    const schedule: fc.Arbitrary<RetrySchedule> = fc.record({
      delaysSeconds: fc.array(fc.integer({ min: 0, max: 86_400 }), { maxLength: 12 }),
      jitterRatio: fc.double({ min: 0, max: 0.5, noNaN: true }),
      slowDownMinSeconds: fc.integer({ min: 0, max: 3600 }),
      notChargedDelaySeconds: fc.integer({ min: 1, max: 3600 }),
    });
    const verdict = fc.constantFrom<DeliveryVerdict>('failed', 'slow_down', 'not_charged');
    const retryAfter = fc.option(fc.double(), { nil: undefined });
    fc.assert(
      fc.property(
        schedule,
        fc.array(fc.tuple(verdict, randomNumber, retryAfter), { minLength: 40, maxLength: 40 }),
        (plan, steps) => {
          let attempt = 1;
          let charged = 0;
          for (const [outcome, value, retryAfterMilliseconds] of steps) {
            const input = { attempt, verdict: outcome, nowMilliseconds, random: value, retryAfterMilliseconds };
            const next = nextAttempt({ ...input, schedule: plan });
            if (outcome !== 'not_charged') charged += 1;
            if (next.kind === 'exhausted') {
              expect(charged).toBe(plan.delaysSeconds.length + 1);
              return;
            }
            if (next.kind !== 'retry') throw new Error(`An outcome that can be tried again was ${next.kind}.`);
            expect(next.attempt).toBe(charged + 1);
            expect(next.delayMilliseconds).toBeGreaterThanOrEqual(0);
            expect(next.delayMilliseconds).toBeLessThanOrEqual(1.5 * dayMilliseconds);
            expect(next.atMilliseconds).toBe(nowMilliseconds + next.delayMilliseconds);
            attempt = next.attempt;
          }
          expect(charged).toBeLessThanOrEqual(plan.delaysSeconds.length);
        },
      ),
    );
  });
});

test('Retry-After is never more than an answer between nothing and the cap', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary-ascii' }),
    fc.double().map(String),
    fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
    fc
      .date({ min: new Date('1980-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toUTCString()),
  );
  let read = 0;
  fc.assert(
    fc.property(value, fc.nat(dayMilliseconds), (text, capMilliseconds) => {
      const milliseconds = readRetryAfter(text, { nowMilliseconds, capMilliseconds });
      if (milliseconds === undefined) return;
      read += 1;
      expect(milliseconds).toBeGreaterThanOrEqual(0);
      expect(milliseconds).toBeLessThanOrEqual(capMilliseconds);
    }),
    { numRuns: 1000 },
  );
  expect(read).toBeGreaterThan(100);
  expect(readRetryAfter(undefined, { nowMilliseconds })).toBeUndefined();
});

function retryAt(
  attempt: number,
  delayMilliseconds: number,
  reason: 'schedule' | 'slow_down' | 'retry_after' | 'not_charged',
) {
  return {
    kind: 'retry',
    attempt,
    atMilliseconds: nowMilliseconds + delayMilliseconds,
    delayMilliseconds,
    reason,
  } as const;
}

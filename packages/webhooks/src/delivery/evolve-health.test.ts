import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { admitDeliveries } from './admit-deliveries.ts';
import {
  defaultHealthPolicy as policy,
  newEndpointHealth,
  type EndpointHealth,
  type HealthObservation,
} from './endpoint-health.ts';
import { evolveHealth } from './evolve-health.ts';
import type { DeliveryVerdict } from './judge-result.ts';

const start = 1_772_366_400_000;
const second = 1000;

function attempted(verdict: DeliveryVerdict, atMilliseconds: number, retryAfterMilliseconds: number | null = null) {
  const code = verdict === 'delivered' ? null : 'status_refused 500';
  const startedAtMilliseconds = atMilliseconds - 100;
  const common = { kind: 'attempted', random: 0.5, code, retryAfterMilliseconds } as const;
  return { ...common, verdict, startedAtMilliseconds, atMilliseconds } satisfies HealthObservation;
}

/** So many of one verdict, `everySeconds` apart, the first after one such time. */
function repeat(input: {
  state: EndpointHealth;
  verdict: DeliveryVerdict;
  times: number;
  from: number;
  everySeconds: number;
}) {
  let { state } = input;
  for (let index = 1; index <= input.times; index += 1) {
    state = evolveHealth(state, attempted(input.verdict, input.from + index * input.everySeconds * second));
  }
  return state;
}

const healthy = newEndpointHealth({ atMilliseconds: start });
const degraded = repeat({ state: healthy, verdict: 'failed', times: 3, from: start, everySeconds: 10 });
const suspended = repeat({ state: healthy, verdict: 'failed', times: 10, from: start, everySeconds: 10 });
const suspendedAt = start + 100 * second;
const gone = evolveHealth(healthy, attempted('gone', start + second));
const paused = evolveHealth(degraded, { kind: 'paused', atMilliseconds: start + 40 * second });

describe('the health of an endpoint', () => {
  test('begins healthy, and a single failure does not change that', () => {
    expect(healthy).toMatchObject({ status: 'healthy', reason: 'new', nextProbeAtMilliseconds: null });
    const state = evolveHealth(healthy, attempted('failed', start + second));
    expect(state).toMatchObject({ status: 'healthy', evidence: { consecutiveFailures: 1, windowFailures: 1 } });
    expect(state.flow.concurrency).toBe(2);
  });

  test('is degraded by failures in a row, and says since when and why', () => {
    expect(degraded).toMatchObject({
      status: 'degraded',
      reason: 'consecutive_failures',
      sinceMilliseconds: start + 30 * second,
      evidence: { failingSinceMilliseconds: start + 10 * second, lastFailureCode: 'status_refused 500' },
    });
    expect(admitDeliveries(degraded, start + 31 * second)).toEqual({ kind: 'deliver', concurrency: 1 });
  });

  test('is degraded by a ratio although successes come in between', () => {
    let state = healthy;
    for (let index = 1; index <= 20; index += 1) {
      state = evolveHealth(state, attempted(index % 2 === 0 ? 'failed' : 'delivered', start + index * second));
    }
    expect(state).toMatchObject({ status: 'degraded', reason: 'failure_ratio', evidence: { windowAttempts: 20 } });
  });

  test('is degraded at once when asked to slow down, and holds off as long as it was asked', () => {
    const state = evolveHealth(healthy, attempted('slow_down', start + second, 60_000));
    expect(state).toMatchObject({ status: 'degraded', reason: 'asked_to_slow_down' });
    const untilMilliseconds = start + second + 60_000;
    expect(admitDeliveries(state, start + 2 * second)).toEqual({ kind: 'wait', untilMilliseconds });
    expect(admitDeliveries(state, untilMilliseconds)).toEqual({ kind: 'deliver', concurrency: 2 });
  });

  test('is suspended by ten failures over a minute, not by ten at once', () => {
    const burst = repeat({ state: healthy, verdict: 'failed', times: 30, from: start, everySeconds: 1 });
    expect(burst.status).toBe('degraded');
    expect(suspended).toMatchObject({ status: 'suspended', reason: 'consecutive_failures', probesFailed: 0 });
    expect(suspended.nextProbeAtMilliseconds).toBe(suspendedAt + policy.probeDelayMilliseconds);
  });

  test('is suspended by a ratio although a success comes now and then', () => {
    let state = healthy;
    for (let index = 1; index <= 60; index += 1) {
      state = evolveHealth(state, attempted(index % 15 === 0 ? 'delivered' : 'failed', start + index * 2 * second));
      if (state.status === 'suspended') break;
    }
    expect(state).toMatchObject({ status: 'suspended', reason: 'failure_ratio' });
  });

  test('lets one probe through when it is due, and another when that one is lost', () => {
    const due = suspendedAt + policy.probeDelayMilliseconds;
    expect(admitDeliveries(suspended, due - 1)).toEqual({ kind: 'wait', untilMilliseconds: due });
    expect(admitDeliveries(suspended, due)).toEqual({ kind: 'probe' });
    const probing = evolveHealth(suspended, { kind: 'probe_started', atMilliseconds: due });
    const lost = due + policy.probeLeaseMilliseconds;
    expect(admitDeliveries(probing, due + 1)).toEqual({ kind: 'wait', untilMilliseconds: lost });
    expect(admitDeliveries(probing, lost)).toEqual({ kind: 'probe' });
  });

  test('doubles the time between probes up to an hour', () => {
    let state = suspended;
    const delays: number[] = [];
    for (let probe = 0; probe < 10; probe += 1) {
      const at = (state.nextProbeAtMilliseconds ?? Number.NaN) + 200;
      state = evolveHealth(state, attempted('failed', at));
      delays.push(((state.nextProbeAtMilliseconds ?? Number.NaN) - at) / second);
    }
    expect(delays).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
    expect(state).toMatchObject({ status: 'suspended', reason: 'probe_failed', probesFailed: 10 });
  });

  test('does not take what was under way before for a probe', () => {
    const straggler = { ...attempted('failed', suspendedAt + second), startedAtMilliseconds: suspendedAt - 1 };
    expect(evolveHealth(suspended, straggler)).toMatchObject({
      reason: 'consecutive_failures',
      probesFailed: 0,
      nextProbeAtMilliseconds: suspended.nextProbeAtMilliseconds,
    });
  });

  test('heals by itself: a probe that succeeds, then one at a time, then more', () => {
    const at = suspendedAt + 60 * second;
    const back = evolveHealth(suspended, attempted('delivered', at));
    expect(back).toMatchObject({ status: 'degraded', reason: 'probe_succeeded', nextProbeAtMilliseconds: null });
    expect(admitDeliveries(back, at)).toEqual({ kind: 'deliver', concurrency: 1 });
    const well = repeat({ state: back, verdict: 'delivered', times: 4, from: at, everySeconds: 1 });
    expect(well).toMatchObject({ status: 'healthy', reason: 'recovered', evidence: { windowFailures: 0 } });
    expect(well.flow.concurrency).toBeGreaterThan(2);
  });

  test('is not charged for what is our own fault, and still probed soon', () => {
    for (const verdict of ['not_charged', 'unsendable'] as const) {
      expect(evolveHealth(healthy, attempted(verdict, start + second))).toBe(healthy);
      const at = suspendedAt + 60 * second;
      expect(evolveHealth(suspended, attempted(verdict, at))).toEqual({
        ...suspended,
        nextProbeAtMilliseconds: at + policy.probeDelayMilliseconds,
      });
    }
  });

  test('is gone at the first 410, until a person resumes it', () => {
    expect(gone).toMatchObject({ status: 'gone', reason: 'receiver_gone', nextProbeAtMilliseconds: null });
    expect(admitDeliveries(gone, start + 1e12)).toEqual({ kind: 'stopped' });
    const straggler = { ...attempted('delivered', start + 2 * second), startedAtMilliseconds: start };
    expect(evolveHealth(gone, straggler).status).toBe('gone');
    const resumed = evolveHealth(gone, { kind: 'resumed', atMilliseconds: start + 9 * second });
    expect(resumed).toMatchObject({ status: 'degraded', reason: 'resumed_by_operator', flow: { concurrency: 1 } });
  });

  test('stays paused whatever comes in, and remembers it', () => {
    for (const verdict of ['delivered', 'failed', 'gone', 'slow_down'] as const) {
      const state = evolveHealth(paused, attempted(verdict, start + 50 * second));
      expect(state).toMatchObject({ status: 'paused', reason: 'paused_by_operator' });
      expect(state.evidence).not.toEqual(paused.evidence);
    }
    const moved = evolveHealth(paused, { kind: 'target_changed', atMilliseconds: start + 60 * second });
    expect(moved).toMatchObject({ status: 'paused', evidence: { windowAttempts: 0 } });
    expect(admitDeliveries(paused, start + 1e12)).toEqual({ kind: 'stopped' });
  });

  test('begins anew when the target changes, and attempts at the old one no longer count', () => {
    const changed = evolveHealth(gone, { kind: 'target_changed', atMilliseconds: start + 60 * second });
    expect(changed).toMatchObject({ status: 'healthy', reason: 'target_changed' });
    expect(evolveHealth(changed, attempted('gone', start + 60 * second))).toBe(changed);
  });

  test('takes deliveries that fail together for one signal', () => {
    const grown = { ...healthy, flow: { ...healthy.flow, concurrency: 32 } };
    const at = start + second;
    const together = [1, 2, 3, 4].reduce((state) => evolveHealth(state, attempted('failed', at)), grown);
    expect(together.flow.concurrency).toBe(16);
  });

  test('grows by one for each round that succeeds, up to the most', () => {
    const round = repeat({ state: healthy, verdict: 'delivered', times: 4, from: start, everySeconds: 1 });
    expect(round.flow.concurrency).toBeCloseTo(policy.concurrencyInitial + 1);
    const long = repeat({ state: healthy, verdict: 'delivered', times: 1000, from: start, everySeconds: 1 });
    expect(long.flow.concurrency).toBe(policy.concurrencyMax);
  });

  test('is a plain value', () => {
    for (const state of [healthy, degraded, suspended, gone, paused]) {
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }
  });
});

const verdict = fc.oneof(
  { weight: 3, arbitrary: fc.constant<DeliveryVerdict>('delivered') },
  { weight: 20, arbitrary: fc.constant<DeliveryVerdict>('failed') },
  { weight: 3, arbitrary: fc.constantFrom<DeliveryVerdict>('slow_down', 'not_charged', 'unsendable') },
  { weight: 1, arbitrary: fc.constant<DeliveryVerdict>('gone') },
);
const step = fc.record({
  what: fc.oneof(
    { weight: 20, arbitrary: fc.constant('attempted' as const) },
    { weight: 3, arbitrary: fc.constant('probe_started' as const) },
    { weight: 1, arbitrary: fc.constantFrom('paused' as const, 'resumed' as const, 'target_changed' as const) },
  ),
  verdict,
  // Clocks of several workers disagree, so time goes back now and then.
  afterMilliseconds: fc.integer({ min: -5000, max: 120_000 }),
  durationMilliseconds: fc.nat(60_000),
  retryAfterMilliseconds: fc.option(fc.double(), { nil: null }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
const beginning = fc.constantFrom(healthy, degraded, suspended, gone, paused);

function observe(
  input: typeof step extends fc.Arbitrary<infer Value> ? Value : never,
  atMilliseconds: number,
): HealthObservation {
  if (input.what !== 'attempted') return { kind: input.what, atMilliseconds };
  const { verdict: seen, random, retryAfterMilliseconds, durationMilliseconds } = input;
  const startedAtMilliseconds = atMilliseconds - durationMilliseconds;
  return {
    kind: 'attempted',
    verdict: seen,
    code: null,
    atMilliseconds,
    startedAtMilliseconds,
    random,
    retryAfterMilliseconds,
  };
}

describe('whatever happens to an endpoint', () => {
  test('it has a next probe exactly when it is suspended, its bounds hold, and successes heal it', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(beginning, fc.array(step, { maxLength: 60 }), (first, steps) => {
        let state = first;
        let now = suspendedAt;
        for (const next of steps) {
          now += next.afterMilliseconds;
          state = evolveHealth(state, observe(next, now));
          seen.add(state.status);
          expectBounds(state, now);
        }
        expectHealing(state, now);
      }),
      { numRuns: 1000 },
    );
    expect([...seen].toSorted()).toEqual(['degraded', 'gone', 'healthy', 'paused', 'suspended']);
  });
});

function expectBounds(state: EndpointHealth, now: number): void {
  const { flow, nextProbeAtMilliseconds } = state;
  expect(nextProbeAtMilliseconds !== null).toBe(state.status === 'suspended');
  expect(flow.concurrency).toBeGreaterThanOrEqual(1);
  expect(flow.concurrency).toBeLessThanOrEqual(policy.concurrencyMax);
  const admission = admitDeliveries(state, now);
  if (admission.kind === 'deliver') expect(admission.concurrency).toBeGreaterThanOrEqual(1);
  // The clocks may have gone back by all their steps together: a day, and that.
  if (admission.kind === 'wait') expect(admission.untilMilliseconds - now).toBeLessThanOrEqual(86_400_000 + 60 * 5000);
}

/** The dispatcher's part: waits as long as it is told, and then delivers with success. */
function expectHealing(from: EndpointHealth, now: number): void {
  const isStopped = from.status === 'paused' || from.status === 'gone';
  let state = isStopped ? evolveHealth(from, { kind: 'resumed', atMilliseconds: now }) : from;
  let time = Math.max(now, state.epochMilliseconds, state.sinceMilliseconds);
  for (let successes = 0; successes < policy.recoverSuccesses; successes += 1) {
    const admission = admitDeliveries(state, time);
    if (admission.kind === 'stopped') throw new Error('An endpoint that nobody stopped is stopped.');
    if (admission.kind === 'wait') time = admission.untilMilliseconds;
    expect(['deliver', 'probe']).toContain(admitDeliveries(state, time).kind);
    time += 200;
    state = evolveHealth(state, attempted('delivered', time));
  }
  expect(state.status).toBe('healthy');
}

import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { dispatchLimits } from './dispatch-limits.ts';
import { lookAgain, type OpenWork } from './look-again.ts';
import { chainDeliveries, orderKeysOf } from './order-chain.ts';
import { type ClaimCandidate, type DeliveryLane, planClaims } from './plan-claims.ts';
import { takePace } from './take-pace.ts';

describe('the order of deliveries', () => {
  const entities = [
    { type: 'reservation', id: '1' },
    { type: 'level', id: '2' },
    { type: 'level', id: '2' },
  ];

  test('follows from the entities of the event and the mode of the subscription', () => {
    expect(orderKeysOf({ ordering: 'BY_ENTITY', entities })).toEqual(['reservation:1', 'level:2']);
    expect(orderKeysOf({ ordering: 'STRICT', entities })).toEqual(['*']);
    expect(orderKeysOf({ ordering: 'UNORDERED', entities })).toEqual([]);
  });

  test('by any schedule that waits for predecessors never inverts two that share a key', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const links = fc.array(fc.uniqueArray(key, { minLength: 0, maxLength: 3 }), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(links, fc.infiniteStream(fc.nat(1000)), fc.nat(24), (keys, choices, split) => {
        const all = keys.map((orderKeys, at) => ({ id: `d${at}`, orderKeys }));
        const before = chainDeliveries({ pending: [], admitted: all.slice(0, split) });
        const after = chainDeliveries({ pending: before, admitted: all.slice(split) });
        const open = new Map([...before, ...after].map((link) => [link.id, link]));
        const ended: string[] = [];
        for (const choice of choices) {
          const free = [...open.values()].filter(({ predecessors }) => predecessors.every((id) => !open.has(id)));
          const chosen = free[choice % Math.max(1, free.length)];
          if (!chosen) break;
          open.delete(chosen.id);
          ended.push(chosen.id);
        }
        expect(ended).toHaveLength(all.length);
        for (const one of ['a', 'b', 'c', 'd'] as const) {
          const places = all.filter(({ orderKeys }) => orderKeys.includes(one)).map(({ id }) => ended.indexOf(id));
          expect(places).toEqual(places.toSorted((a, b) => a - b));
        }
      }),
    );
  });
});

describe('claims', () => {
  const candidates = (counts: Readonly<Record<DeliveryLane, number>>): ClaimCandidate[] =>
    (Object.keys(counts) as DeliveryLane[]).flatMap((lane) =>
      Array.from({ length: counts[lane] }, (_, at) => ({ id: `${lane}${at}`, lane })),
    );
  const chosen = (counts: Readonly<Record<DeliveryLane, number>>, capacity: number): Record<string, number> => {
    const plan = planClaims({ candidates: candidates(counts), capacity });
    return Object.fromEntries([...Map.groupBy(plan, ({ lane }) => lane)].map(([lane, list]) => [lane, list.length]));
  };

  test('leave room for each lane that waits, and give all of it to one that waits alone', () => {
    expect(chosen({ FIRST: 20, RETRY: 20, REPLAY: 20 }, 8)).toEqual({ FIRST: 4, RETRY: 2, REPLAY: 2 });
    expect(chosen({ FIRST: 1, RETRY: 20, REPLAY: 0 }, 8)).toEqual({ FIRST: 1, RETRY: 7 });
    expect(chosen({ FIRST: 20, RETRY: 0, REPLAY: 0 }, 8)).toEqual({ FIRST: 8 });
    expect(chosen({ FIRST: 5, RETRY: 5, REPLAY: 5 }, 1)).toEqual({ FIRST: 1 });
    expect(chosen({ FIRST: 5, RETRY: 5, REPLAY: 5 }, 0)).toEqual({});
  });

  test('use all the room that there is, and nothing twice', () => {
    const count = fc.nat(12);
    fc.assert(
      fc.property(fc.record({ FIRST: count, RETRY: count, REPLAY: count }), fc.nat(20), (counts, capacity) => {
        const all = candidates(counts);
        const plan = planClaims({ candidates: all, capacity });
        expect(plan).toHaveLength(Math.min(all.length, capacity));
        expect(new Set(plan.map(({ id }) => id)).size).toBe(plan.length);
        if (capacity < 2) return;
        const lanes = new Set(plan.map(({ lane }) => lane));
        if (counts.FIRST > 0) expect(lanes.has('FIRST')).toBe(true);
        if (counts.RETRY > 0) expect(lanes.has('RETRY')).toBe(true);
      }),
    );
  });
});

test('a pace is kept over any number of askers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 100 })), { minLength: 20, maxLength: 60 }),
      (ratePerSecond, asks) => {
        let now = 1_000_000;
        let pacedUntilMilliseconds: number | null = null;
        let sent = 0;
        for (const [pause, wanted] of asks) {
          now += pause;
          const pace = takePace({ ratePerSecond, pacedUntilMilliseconds, nowMilliseconds: now });
          const count = Math.min(wanted, pace.allowed);
          pacedUntilMilliseconds = pace.after(count);
          sent += count;
          const seconds = (now - 1_000_000) / 1000;
          expect(sent).toBeLessThanOrEqual(seconds * ratePerSecond + Math.max(1, ratePerSecond / 4) + 1e-6);
          if (pace.allowed === 0) expect(pace.nextAtMilliseconds ?? 0).toBeGreaterThan(now);
        }
      },
    ),
  );
});

describe('the next look', () => {
  const open: OpenWork = {
    pending: 0,
    waiting: 0,
    ready: 0,
    sending: 0,
    nextAttemptAtMilliseconds: null,
    leaseEndsAtMilliseconds: null,
  };
  const look = (change: Partial<Parameters<typeof lookAgain>[0]>) =>
    lookAgain({
      open,
      admission: { kind: 'deliver', concurrency: 4 },
      endpointMax: 4,
      readyMax: 12,
      paceAtMilliseconds: null,
      recoveryAtMilliseconds: null,
      tellAtMilliseconds: null,
      nowMilliseconds: 1000,
      ...change,
    });

  test('comes with an event, a retry, a lease that ends, a probe, or room for more', () => {
    expect(look({})).toEqual({ follows: true, dueAtMilliseconds: null });
    const busy = { ...open, pending: 4, sending: 4, leaseEndsAtMilliseconds: 31_000, nextAttemptAtMilliseconds: 5000 };
    expect(look({ open: busy })).toEqual({ follows: true, dueAtMilliseconds: 5000 });
    expect(look({ open: { ...busy, ready: 3, waiting: 3 } }).dueAtMilliseconds).toBe(5000);
    expect(look({ open: { ...open, pending: 3, waiting: 3, ready: 3 } }).dueAtMilliseconds).toBe(1000);
    expect(
      look({ open: { ...open, pending: 3, waiting: 3, ready: 3 }, paceAtMilliseconds: 1300 }).dueAtMilliseconds,
    ).toBe(1300);
    const wait = { kind: 'wait', untilMilliseconds: 9000 } as const;
    expect(look({ admission: wait, open: { ...open, pending: 1, waiting: 1 } }).dueAtMilliseconds).toBe(9000);
    expect(look({ admission: wait })).toEqual({ follows: true, dueAtMilliseconds: null });
    expect(look({ admission: { kind: 'stopped' }, tellAtMilliseconds: 31_000 }).dueAtMilliseconds).toBe(31_000);
    expect(look({ admission: { kind: 'stopped' }, open: { ...busy, ready: 3 } }).dueAtMilliseconds).toBe(31_000);
  });

  test('does not come with events that nothing could be done with', () => {
    const full = { ...open, pending: dispatchLimits.pendingMax };
    expect(look({ open: full }).follows).toBe(false);
    const ready = { ...open, pending: 500, ready: 12, waiting: 500 };
    expect(look({ open: ready }).follows).toBe(false);
    expect(look({ open: { ...ready, ready: 11 } }).follows).toBe(true);
  });
});

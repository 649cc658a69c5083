import { expect, test } from 'bun:test';
import { faultKinds, faultSchedule } from './fault-schedule.ts';
import { plannedOperation, skuTotal } from './planned-operation.ts';

const seeds = [0, 1, 7, 2_147_483_646];

test('the same seed gives the same faults and operations, another seed gives others', () => {
  for (const seed of seeds) {
    const plan = (of: number): string =>
      JSON.stringify([
        faultSchedule({ seed: of, durationMilliseconds: 30_000 }),
        Array.from({ length: 200 }, (_, position) => plannedOperation({ seed: of, client: position % 5, position })),
      ]);
    expect(plan(seed)).toBe(plan(seed));
    expect(plan(seed)).not.toBe(plan(seed + 1));
  }
});

test('every kind of fault is in a schedule, however short, and times only go forward', () => {
  for (const seed of seeds) {
    for (const durationMilliseconds of [1, 10_000, 120_000]) {
      const schedule = faultSchedule({ seed, durationMilliseconds });
      expect(new Set(schedule.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
      const times = schedule.map(({ atMilliseconds }) => atMilliseconds);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(times.at(-1) ?? 0).toBeGreaterThanOrEqual(Math.min(durationMilliseconds, 1_000));
    }
  }
});

test('a client does everything that there is to do, within the SKUs of the run', () => {
  const kinds = new Set<string>();
  let lines = 0;
  for (let position = 0; position < 2_000; position += 1) {
    const operation = plannedOperation({ seed: 11, client: 3, position });
    kinds.add(operation.kind);
    const skus =
      'lines' in operation ? operation.lines.map(({ sku }) => sku) : 'sku' in operation ? [operation.sku] : [];
    for (const sku of skus) {
      lines += 1;
      expect(sku).toBeGreaterThanOrEqual(0);
      expect(sku).toBeLessThan(skuTotal);
    }
  }
  expect(lines).toBeGreaterThan(1_000);
  expect([...kinds].toSorted()).toEqual(
    ['adjust', 'cancel', 'commit', 'extend', 'malformed', 'reserve', 'reuse_key', 'unauthenticated'].toSorted(),
  );
});

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { inversions } from './order-checks.ts';

interface Step {
  readonly gap: number;
  readonly before: number;
  readonly after: number;
}

/** Changes of one entity whose versions follow the instants at which they took effect. */
function lawful(steps: readonly Step[]): Parameters<typeof inversions>[0][number][] {
  let now = 0;
  return steps.map(({ gap, before, after }, index) => {
    now += gap;
    return { intention: `i${index}`, version: index + 1, invokedAt: now - before, acknowledgedAt: now + after };
  });
}

const steps = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 9 }), before: fc.nat(20), after: fc.nat(20) }), {
  minLength: 2,
  maxLength: 40,
});

test('versions that follow the instants of effect are never reported', () => {
  fc.assert(fc.property(steps, (list) => expect(inversions(lawful(list))).toEqual([])));
});

test('it reports exactly when two changes stand against real time, as a look at every pair does', () => {
  let reported = 0;
  fc.assert(
    fc.property(steps, fc.nat(), fc.nat(), (list, one, other) => {
      const changes = lawful(list);
      const [a, b] = [changes[one % changes.length], changes[other % changes.length]];
      const swapped = changes.map((change) => {
        if (change === a && b) return { ...change, version: b.version };
        return change === b && a ? { ...change, version: a.version } : change;
      });
      const wrong = swapped.some((first) =>
        swapped.some((second) => first.acknowledgedAt < second.invokedAt && first.version > second.version),
      );
      if (wrong) reported += 1;
      expect(inversions(swapped).length > 0).toBe(wrong);
    }),
  );
  expect(reported).toBeGreaterThan(0);
});

test('two changes with one version are reported', () => {
  const change = { version: 3, invokedAt: 1, acknowledgedAt: 9 };
  expect(
    inversions([
      { intention: 'a', ...change },
      { intention: 'b', ...change },
    ]),
  ).toHaveLength(1);
});

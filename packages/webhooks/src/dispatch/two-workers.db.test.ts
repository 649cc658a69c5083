import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import * as fc from 'fast-check';
import { scopeOf } from '../testing/dispatch-fixtures.ts';
import { createDispatchWorld, type DispatchWorld } from '../testing/dispatch-world.ts';
import { testWorker } from '../testing/test-worker.ts';
import { requireContiguous } from './admit-page.ts';

setDefaultTimeout(120_000);
let world: DispatchWorld;
let tenant = 100;
beforeAll(async () => {
  world = await createDispatchWorld();
});
afterAll(() => world.close());

type Step =
  | { readonly kind: 'write'; readonly entities: readonly string[] }
  | { readonly kind: 'visit'; readonly worker: number; readonly capacity: number }
  | { readonly kind: 'end'; readonly worker: number; readonly at: number; readonly isOk: boolean }
  | { readonly kind: 'together'; readonly capacity: number }
  | { readonly kind: 'die'; readonly worker: number }
  | { readonly kind: 'pass' };

const worker = fc.integer({ min: 0, max: 1 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        entities: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('visit' as const), worker, capacity: fc.integer({ min: 0, max: 5 }) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('end' as const), worker, at: fc.nat(8), isOk: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('together' as const), capacity: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), worker }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  ),
  { minLength: 20, maxLength: 60 },
);

interface Arrival {
  readonly eventId: string;
  readonly entities: readonly string[];
  readonly isAccepted: boolean;
}

/** Arrivals of what had not been accepted before: repeats of an accepted one carry its id, and are known by it. */
function inversionsOf(arrivals: readonly Arrival[], written: readonly string[]): string[] {
  const accepted = new Map<string, number>();
  const found: string[] = [];
  const known = new Set<string>();
  for (const { eventId, entities, isAccepted } of arrivals) {
    const place = written.indexOf(eventId);
    if (known.has(eventId)) continue;
    for (const entity of entities) {
      if ((accepted.get(entity) ?? -1) > place) found.push(`${eventId} came after a later one of ${entity}`);
      if (isAccepted) accepted.set(entity, Math.max(accepted.get(entity) ?? -1, place));
    }
    if (isAccepted) known.add(eventId);
  }
  return found;
}

test('two workers who fail, die and take over from each other lose nothing and invert nothing', async () => {
  let deliveries = 0;
  let repeats = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      tenant += 1;
      const scope = scopeOf(tenant);
      const subscriptionId = await world.subscribe(scope, { rate_per_second: 100_000 });
      const workers = [0, 1].map(() => testWorker(world, { scope, subscriptionId }));
      const written: string[] = [];
      const entitiesOf = new Map<string, readonly string[]>();
      const arrivals: Arrival[] = [];
      const write = async (entities: readonly string[]): Promise<void> => {
        const [id] = await world.write(scope, [{ entities }]);
        written.push(`evt_${id}`);
        entitiesOf.set(`evt_${id}`, entities);
      };
      const end = (at: number, pick: number, isOk: boolean): void => {
        const one = workers[at];
        const delivery = one?.held[pick % Math.max(1, one.held.length)];
        if (!one || !delivery) return;
        const { eventId } = delivery;
        arrivals.push({ eventId, entities: entitiesOf.get(eventId) ?? [], isAccepted: isOk });
        one.end(delivery, isOk ? 'ok' : 'slow_down');
      };
      for (const step of plan) {
        if (step.kind === 'write') await write(step.entities);
        if (step.kind === 'visit') await workers[step.worker]?.visit(step.capacity);
        if (step.kind === 'together') {
          await Promise.all(workers.map((one) => one.visit(step.capacity)));
          const held = workers.flatMap((one) => one.held.map(({ deliveryId }) => deliveryId));
          // One lease at a time, whoever asks first.
          expect(new Set(held).size).toBe(held.length);
        }
        if (step.kind === 'end') end(step.worker, step.at, step.isOk);
        if (step.kind === 'die') workers[step.worker]?.die();
        if (step.kind === 'pass') {
          // Leases outlast attempts, so that by the time they end nobody holds one.
          for (const one of workers) one.held.length = 0;
          await world.passTime(40_000);
        }
      }
      for (const one of workers) one.die();
      for (let turn = 0; turn < 400; turn += 1) {
        const outcome = await workers[0]?.visit();
        while ((workers[0]?.held.length ?? 0) > 0) end(0, 0, true);
        const isIdle = outcome?.kind === 'visited' && outcome.claimed.length === 0 && !outcome.hasMore;
        if (isIdle && (workers[0]?.results().length ?? 0) === 0) {
          const rows = await world.rows('webhook_deliveries', subscriptionId);
          if (rows.length === written.length && rows.every(({ state }) => state === 'DELIVERED')) break;
          await world.passTime(86_400_000);
        }
      }
      const accepted = new Set(arrivals.filter(({ isAccepted }) => isAccepted).map(({ eventId }) => eventId));
      expect(accepted).toEqual(new Set(written));
      expect(inversionsOf(arrivals, written)).toEqual([]);
      const rows = await world.rows('webhook_deliveries', subscriptionId);
      expect(rows.map(({ ordinal }) => Number(ordinal)).toSorted((a, b) => a - b)).toEqual(
        written.map((_, at) => at + 1),
      );
      deliveries += rows.length;
      repeats += arrivals.length - accepted.size;
    }),
    { numRuns: 12, seed: 20_260_302 },
  );
  expect(deliveries).toBeGreaterThan(50);
  expect(repeats).toBeGreaterThan(5);
});

test('a gap in the stream stops admission instead of being passed over', () => {
  const at = (seq: number) => ({ seq, eventId: '', writtenIn: '', body: null });
  expect(() => requireContiguous([at(4), at(6)], 3)).toThrow('no position 5');
});

import { describe, expect, test } from 'bun:test';
import type { EventEnvelope } from '@karmanflow/events';
import type { Id } from '@karmanflow/schema';
import { locationRegistered, onHandAdjusted, variantRegistered } from './features/inventory/index.ts';
import { create, expire } from './features/reservation/index.ts';
import { rebuildTables } from './rebuild.ts';
import { registry } from './registry.ts';
import { PureHistory } from './testing/pure-history.ts';

const uuid = (number: number): string => `11111111-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variantId: Id<'variant'> = `var_${uuid(1)}`;
const locationId: Id<'location'> = `loc_${uuid(2)}`;
const at = (second: number) => ({ now: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z` });
const adjusted = (delta: number) => onHandAdjusted.of({ variantId, locationId, delta, reason: 'r' });

/** A variant, a location, three adjustments, a reservation that is made and expires. */
function history(): EventEnvelope[] {
  const made = new PureHistory(registry);
  made.append(
    [
      variantRegistered.of({ variantId, sku: 'S', name: 's' }),
      locationRegistered.of({ locationId, code: 'L', name: 'l' }),
    ],
    at(0),
  );
  for (const second of [1, 2, 3]) made.append([adjusted(5)], at(second));
  const verdict = made.run(create, { holdSeconds: 1, lines: [{ variantId, locationId, quantity: 4 }] }, at(4));
  if (verdict.kind !== 'accept') throw new Error(verdict.code);
  made.run(expire, { reservationId: verdict.response.reservationId }, at(9));
  return made.events;
}

const levelOf = (events: readonly EventEnvelope[]) => [
  ...(rebuildTables(registry, events).get('inventory_levels')?.values() ?? []),
];
const isAdjustment = (event: EventEnvelope): boolean => event.eventType === 'inventory.level.adjusted';

describe('rebuilding', () => {
  test('gives the rows as the database has them: plain UUIDs, versions, times, the last receipt', () => {
    const events = history();
    const [row] = levelOf(events);
    expect(row).toEqual({
      tenant_id: events[0]?.tenantId.slice(4),
      environment_id: events[0]?.environmentId.slice(4),
      variant_id: uuid(1),
      location_id: uuid(2),
      on_hand: 15,
      reserved: 0,
      allocated: 0,
      damaged: 0,
      quality_control: 0,
      incoming: 0,
      safety_stock: 0,
      oversell_limit: 0,
      shortfall: 0,
      version: 5,
      created_at: at(1).now,
      updated_at: at(9).now,
      receipt_id: events.at(-1)?.receiptId.slice(4),
    });
  });

  test('knows every table of the registry, also when it stays empty', () => {
    const tables = rebuildTables(registry, []);
    expect([...tables.keys()].toSorted()).toEqual(
      [...new Set([...registry.entities.values()].map((entity) => entity.table))].toSorted(),
    );
    expect([...tables.values()].every((rows) => rows.size === 0)).toBe(true);
  });

  test('does not depend on the order in which the events come', () => {
    const events = history();
    expect(rebuildTables(registry, events.toReversed())).toEqual(rebuildTables(registry, events));
  });

  test('of the first events gives the tables as they were then', () => {
    const upTo = history().slice(0, 4);
    expect(levelOf(upTo)).toMatchObject([{ on_hand: 10, version: 2, updated_at: at(2).now }]);
  });

  test('keeps tenants and environments apart, though their ids be the same', () => {
    const events = history();
    const twin = events.map((event) => ({ ...event, tenantId: `tnt_${uuid(77)}` }));
    const sibling = events.map((event) => ({ ...event, environmentId: `env_${uuid(78)}` }));
    expect(levelOf([...events, ...twin, ...sibling]).map((row) => row['on_hand'])).toEqual([15, 15, 15]);
  });
});

describe('a history that is not whole', () => {
  const events = history();
  const adjustments = events.filter(isAdjustment);

  test.each(
    events
      .slice(0, -1)
      .map((event, index) => [index, event.eventType] as const)
      .slice(2),
  )('throws without event %i, %s', (index) => {
    expect(() => rebuildTables(registry, events.toSpliced(index, 1))).toThrow();
  });

  test.each(events.map((event, index) => [index, event.eventType] as const))(
    'throws with event %i, %s, twice',
    (index) => {
      const event = events[index];
      if (!event) throw new Error('no such event');
      expect(() => rebuildTables(registry, [...events, event])).toThrow();
      expect(() => rebuildTables(registry, [event, ...events])).toThrow();
    },
  );

  test('throws when two events claim the same version of one entity', () => {
    const [first, second] = adjustments;
    if (!first || !second) throw new Error('too few events');
    const forged = { ...second, entities: first.entities };
    expect(() =>
      rebuildTables(
        registry,
        events.map((event) => (event === second ? forged : event)),
      ),
    ).toThrow('missing or repeated');
  });

  test('throws when an event does not say which version it made', () => {
    const [first] = adjustments;
    const silent = events.map((event) => (event === first ? { ...event, entities: [] } : event));
    expect(() => rebuildTables(registry, silent)).toThrow('missing or repeated');
  });

  test('throws for an event of a type that this build does not know', () => {
    const strange = { ...(events[0] as EventEnvelope), eventType: 'inventory.unicorn.appeared' };
    expect(() => rebuildTables(registry, [strange])).toThrow('unknown type');
  });

  test('throws when an event changes what was never there', () => {
    const last = events.at(-1) as EventEnvelope;
    expect(() =>
      rebuildTables(registry, [{ ...last, entities: last.entities.map((one) => ({ ...one, version: 1 })) }]),
    ).toThrow();
  });
});

/** Processor time in milliseconds: other work on the machine does not count in it. */
function cost(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}

test('rebuilding a hot level takes about as long as making its events did, however many they are', () => {
  const made = new PureHistory(registry);
  const count = 20_000;
  const making = cost(() => {
    for (let index = 0; index < count; index += 1) made.append([adjusted(1)], at(0));
  });
  const rebuilding = cost(() => expect(levelOf(made.events)).toMatchObject([{ on_hand: count, version: count }]));
  expect(rebuilding / making).toBeLessThan(5);
}, 90_000);

import { describe, expect, test } from 'bun:test';
import { type Id, newId } from '@karmanflow/schema';
import {
  inventoryLevel,
  onHandAdjusted,
  stockMovement,
  variant,
  variantRegistered,
} from './features/inventory/index.ts';
import { entityIdOf, type PastEvent } from './definition/entity.ts';
import { countingUuids } from './testing/index.ts';
import { type Entry, WorkingState } from './working-state.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variantId: Id<'variant'> = `var_${uuid(1)}`;
const locationId: Id<'location'> = `loc_${uuid(2)}`;
const key = { variantId, locationId };
const receiptId = `rcp_${uuid(3)}`;
const uuidSource = countingUuids();

const past = (draft: { type: string; data: unknown }, occurredAt = '2026-01-01T00:00:00.000Z'): PastEvent => ({
  ...draft,
  eventId: newId('event', uuidSource),
  occurredAt,
});
const adjusted = (delta: number, occurredAt?: string) =>
  past(onHandAdjusted.of({ ...key, delta, reason: 'r' }), occurredAt);

function evolve(state: WorkingState, delta: number, occurredAt?: string): Entry {
  return state.evolve({ entity: inventoryLevel, key, event: adjusted(delta, occurredAt), receiptId });
}

const loaded: Entry = {
  entity: variant,
  id: variantId,
  state: { id: variantId, sku: 'A', name: 'a' },
  version: 4,
  createdAt: '2025-01-01T00:00:00.000Z',
  updatedAt: '2025-06-01T00:00:00.000Z',
  changedBy: null,
  isNew: false,
};

describe('reading', () => {
  test('finds by key, by part of the key, by any field, or nothing', () => {
    const state = new WorkingState();
    expect(state.get(inventoryLevel, key)).toBeUndefined();
    expect(state.list(inventoryLevel, key)).toEqual([]);
    evolve(state, 5);
    expect(state.get(inventoryLevel, key)?.onHand).toBe(5);
    expect(state.list(inventoryLevel, { variantId })).toHaveLength(1);
    expect(state.get(inventoryLevel, { onHand: 5 })?.variantId).toBe(variantId);
    expect(state.get(inventoryLevel, { onHand: 6 })).toBeUndefined();
    expect(state.list(inventoryLevel, { locationId: `loc_${uuid(9)}` })).toEqual([]);
  });

  test('looks at every field that is asked for, also beside a whole key', () => {
    const state = new WorkingState();
    evolve(state, 5);
    expect(state.get(inventoryLevel, { ...key, onHand: 6 })).toBeUndefined();
    expect(state.list(inventoryLevel, { ...key, onHand: 6 })).toEqual([]);
    expect(state.versionOf(inventoryLevel, { ...key, onHand: 6 })).toBe(0);
  });

  test('keeps entities of one name apart from those of another', () => {
    const state = new WorkingState();
    state.add(loaded);
    expect(state.get(variant, { id: variantId })?.sku).toBe('A');
    expect(state.list(inventoryLevel, {})).toEqual([]);
  });
});

describe('evolving', () => {
  test('counts versions from 1 and keeps the times of the first and the last event', () => {
    const state = new WorkingState();
    expect(state.versionOf(inventoryLevel, key)).toBe(0);
    expect(evolve(state, 5, '2026-01-01T00:00:00.000Z')).toMatchObject({
      version: 1,
      isNew: true,
      changedBy: receiptId,
    });
    expect(evolve(state, 2, '2026-01-02T00:00:00.000Z')).toMatchObject({
      version: 2,
      isNew: true,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-02T00:00:00.000Z',
    });
    expect(state.takeNew(inventoryLevel)).toHaveLength(1);
  });

  test('goes on from what was loaded, and does not let a second load take it back', () => {
    const state = new WorkingState();
    const level: Entry = { ...evolve(new WorkingState(), 5), isNew: false, changedBy: null, version: 7 };
    state.add(level);
    expect(state.changed(inventoryLevel)).toEqual([]);
    expect(evolve(state, 1)).toMatchObject({ version: 8, isNew: false, state: { onHand: 6 } });
    expect(state.changed(inventoryLevel).map((entry) => entry.version)).toEqual([8]);
    expect(state.takeNew(inventoryLevel)).toEqual([]);
    state.add(level);
    expect(state.get(inventoryLevel, key)?.onHand).toBe(6);
  });

  test.each([
    ['an event that the entity does not know', () => past({ type: 'a.b.c', data: {} }), inventoryLevel, key],
    [
      'an entity that was loaded without a lock',
      () => past(variantRegistered.of({ variantId, sku: 'B', name: 'b' })),
      variant,
      { id: variantId },
    ],
  ] as const)('throws for %s, and leaves everything as it was', (_what, event, entity, entityKey) => {
    const state = new WorkingState();
    state.add(loaded);
    evolve(state, 5);
    state.keep();
    expect(() => state.evolve({ entity, key: entityKey, event: event(), receiptId })).toThrow();
    expect(state.get(variant, { id: variantId })?.sku).toBe('A');
    expect(state.get(inventoryLevel, key)?.onHand).toBe(5);
  });

  test('throws for a ledger row that is there already', () => {
    const state = new WorkingState();
    const event = adjusted(5);
    const move = { entity: stockMovement, key: { eventId: event.eventId, movementNumber: 0 }, event, receiptId };
    expect(state.evolve(move)).toMatchObject({ version: 0, isNew: true });
    expect(() => state.evolve(move)).toThrow('append-only');
  });
});

describe('taking what is new', () => {
  test('gives each new row once; what changes it afterwards is a change', () => {
    const state = new WorkingState();
    evolve(state, 5);
    expect(state.changed(inventoryLevel)).toEqual([]);
    expect(state.takeNew(inventoryLevel).map((entry) => entry.version)).toEqual([1]);
    expect(state.takeNew(inventoryLevel)).toEqual([]);
    expect(state.changed(inventoryLevel)).toEqual([]);
    expect(evolve(state, 2)).toMatchObject({ version: 2, isNew: false });
    expect(state.takeNew(inventoryLevel)).toEqual([]);
    expect(state.changed(inventoryLevel).map((entry) => entry.state)).toEqual([expect.objectContaining({ onHand: 7 })]);
  });

  test('gives nothing of what was taken back, and gives what came in its place once', () => {
    const state = new WorkingState();
    evolve(state, 5);
    state.takeBack();
    expect(state.takeNew(inventoryLevel)).toEqual([]);
    evolve(state, 3);
    state.takeBack();
    evolve(state, 4);
    expect(state.takeNew(inventoryLevel).map((entry) => entry.state)).toEqual([expect.objectContaining({ onHand: 4 })]);
    expect(state.takeNew(inventoryLevel)).toEqual([]);
  });

  test('that was written is not unwritten by taking back a later change', () => {
    const state = new WorkingState();
    evolve(state, 5);
    state.keep();
    state.takeNew(inventoryLevel);
    evolve(state, 2);
    state.takeBack();
    expect(state.get(inventoryLevel, key)?.onHand).toBe(5);
    expect(state.changed(inventoryLevel)).toEqual([]);
    expect(evolve(state, 1)).toMatchObject({ version: 2, isNew: false });
  });
});

describe('taking back', () => {
  test('undoes everything since the last keep, in whatever order it came, and nothing before', () => {
    const state = new WorkingState();
    evolve(state, 5);
    state.keep();
    const other: Id<'variant'> = `var_${uuid(8)}`;
    evolve(state, 1);
    state.evolve({
      entity: variant,
      key: { id: other },
      event: past(variantRegistered.of({ variantId: other, sku: 'N', name: 'n' })),
      receiptId,
    });
    evolve(state, 1);
    state.takeBack();
    expect(state.get(inventoryLevel, key)?.onHand).toBe(5);
    expect(state.versionOf(inventoryLevel, key)).toBe(1);
    expect(state.get(variant, { id: other })).toBeUndefined();
    expect(state.takeNew(variant)).toEqual([]);
    state.takeBack();
    expect(state.get(inventoryLevel, key)?.onHand).toBe(5);
  });

  test('leaves room for going on', () => {
    const state = new WorkingState();
    evolve(state, 5);
    state.takeBack();
    expect(evolve(state, 3)).toMatchObject({ version: 1, state: { onHand: 3 } });
  });
});

describe('holding', () => {
  const level: Entry = {
    ...loaded,
    entity: inventoryLevel,
    id: entityIdOf(inventoryLevel, key),
    state: { ...key, onHand: 1 },
  };

  test('is said of the one row that a whole key names, loaded or new', () => {
    const state = new WorkingState();
    expect(state.holds({ entity: inventoryLevel, where: key })).toBe(false);
    state.add(level);
    expect(state.holds({ entity: inventoryLevel, where: key })).toBe(true);
    const other = new WorkingState();
    evolve(other, 5);
    expect(other.holds({ entity: inventoryLevel, where: key })).toBe(true);
  });

  test('is not said of what others may change or add to', () => {
    const state = new WorkingState();
    state.add(level);
    state.add(loaded);
    expect(state.holds({ entity: inventoryLevel, where: { variantId } })).toBe(false);
    expect(state.holds({ entity: inventoryLevel, where: { ...key, onHand: 1 } })).toBe(false);
    expect(state.holds({ entity: variant, where: { id: variantId } })).toBe(false);
    expect(state.holds({ entity: inventoryLevel, where: key, control: true })).toBe(false);
  });

  test('is not said of a row of the control environment, which another transaction may lock', () => {
    const state = new WorkingState();
    state.add({ ...level, foreign: true });
    expect(state.holds({ entity: inventoryLevel, where: key })).toBe(false);
  });
});

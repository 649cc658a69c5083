import { describe, expect, test } from 'bun:test';
import { createInFlightSlots } from './in-flight-slots.ts';
import { createTenantRotation } from './tenant-rotation.ts';

const item = (tenantId: string, key: string) => ({ tenantId, key });

describe('the rotation of tenants', () => {
  test('gives each its turn, however much another has waiting', () => {
    const rotation = createTenantRotation();
    for (const key of ['1', '2', '3', '4']) rotation.add(item('loud', `loud${key}`));
    rotation.add(item('quiet', 'quiet1'));
    const taken = Array.from({ length: 4 }, () => rotation.take(() => true)?.key);
    expect(taken).toEqual(['loud1', 'quiet1', 'loud2', 'loud3']);
    rotation.add(item('quiet', 'quiet2'));
    expect([rotation.take(() => true)?.key, rotation.take(() => true)?.key]).toEqual(['loud4', 'quiet2']);
    expect(rotation.take(() => true)).toBeUndefined();
    expect(rotation.size).toBe(0);
  });

  test('has each thing once, and passes over what may not go yet', () => {
    const rotation = createTenantRotation();
    expect([rotation.add(item('a', 'a1')), rotation.add(item('a', 'a1'))]).toEqual([true, false]);
    rotation.add(item('b', 'b1'));
    expect(rotation.take(({ key }) => key !== 'a1')?.key).toBe('b1');
    expect(rotation.size).toBe(1);
    expect(rotation.take(() => true)?.key).toBe('a1');
  });
});

describe('the slots', () => {
  const bounds = { inFlightMax: 10, inFlightPerTenantMax: 6, inFlightTroubledMax: 4 };
  const user = (tenantId: string, isTroubled = false) => ({ tenantId, isTroubled });

  test('leave room for other tenants, and for endpoints that are well', () => {
    const slots = createInFlightSlots(bounds);
    expect(slots.room(user('a'))).toBe(6);
    expect(slots.room(user('a', true))).toBe(4);
    slots.take(user('a', true), 4);
    expect(slots.room(user('b', true))).toBe(0);
    expect(slots.room(user('a'))).toBe(2);
    expect(slots.room(user('b'))).toBe(6);
    slots.take(user('b'), 6);
    expect(slots.room(user('c'))).toBe(0);
    slots.giveBack(user('a', true), 4);
    expect(slots.room(user('c'))).toBe(4);
    expect(slots.taken).toBe(6);
    expect(() => slots.giveBack(user('c'), 1)).toThrow('more slots');
  });
});

import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import { type Id, limits } from '@karmanflow/schema';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import {
  adjust,
  channelRegistered,
  inventory,
  locationRegistered,
  onHandAdjusted,
  registerChannel,
  registerLocation,
  registerVariant,
  safetyStockSet,
  setSafetyStock,
  variantRegistered,
} from './index.ts';
import { reservationCreated } from '../reservation/index.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variantId: Id<'variant'> = `var_${uuid(101)}`;
const locationId: Id<'location'> = `loc_${uuid(201)}`;
const salesChannelId: Id<'salesChannel'> = `chn_${uuid(301)}`;
const key = { variantId, locationId };
const most = limits.quantityUnits;

const mug = variantRegistered.of({ variantId, sku: 'MUG-1', name: 'Mug' });
const berlin = locationRegistered.of({ locationId, code: 'BER-1', name: 'Berlin' });
const stocked = (delta: number): EventDraft => onHandAdjusted.of({ ...key, delta, reason: 'received' });
const reserved = (quantity: number): EventDraft =>
  reservationCreated.of({
    reservationId: `rsv_${uuid(900 + quantity)}`,
    salesChannelId: null,
    reference: null,
    expiresAt: '2026-01-01T01:00:00.000Z',
    lines: [{ ...key, quantity }],
  });

const exercised = new Set<string>();

/** Remembers which refusals were seen, so that the last test can tell whether all were. */
function refusal<Given extends { kind: string; code?: string }>(command: { type: string }, verdict: Given): Given {
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}

describe('inventory.register_variant', () => {
  test('registers a variant under its SKU', () => {
    const verdict = given(registry, []).when(registerVariant, { sku: 'MUG-1', name: 'Mug' });
    expect(verdict).toMatchObject({
      kind: 'accept',
      events: [{ type: 'inventory.variant.registered', data: { sku: 'MUG-1', name: 'Mug' } }],
      response: { variantId: expect.stringMatching(/^var_/) },
    });
  });

  test('refuses a SKU that is taken, and says by which; another case or name is another SKU', () => {
    const scenario = given(registry, [mug]);
    expect(refusal(registerVariant, scenario.when(registerVariant, { sku: 'MUG-1', name: 'Other' }))).toEqual({
      kind: 'refuse',
      code: 'sku_taken',
      detail: { variantId },
    });
    expect(scenario.when(registerVariant, { sku: 'mug-1', name: 'Mug' }).kind).toBe('accept');
  });
});

describe('inventory.register_location', () => {
  test('registers a location, and refuses a code that is taken', () => {
    const verdict = given(registry, []).when(registerLocation, { code: 'BER-1', name: 'Berlin' });
    expect(verdict).toMatchObject({ kind: 'accept', events: [{ type: 'inventory.location.registered' }] });
    const again = given(registry, [berlin]).when(registerLocation, { code: 'BER-1', name: 'Berlin' });
    expect(refusal(registerLocation, again)).toEqual({ kind: 'refuse', code: 'code_taken', detail: { locationId } });
  });
});

describe('inventory.register_channel', () => {
  const input = { code: 'web', name: 'Web', locations: [{ locationId, bufferQuantity: 2 }] };

  test('registers a channel with its locations and buffers', () => {
    expect(given(registry, [berlin]).when(registerChannel, input)).toMatchObject({
      kind: 'accept',
      events: [
        { type: 'inventory.channel.registered', data: { code: 'web', locations: [{ locationId, bufferQuantity: 2 }] } },
      ],
    });
  });

  test('refuses a code that is taken, then a location that does not exist', () => {
    const web = channelRegistered.of({ ...input, salesChannelId });
    const elsewhere: Id<'location'> = `loc_${uuid(202)}`;
    const withStranger = { ...input, locations: [...input.locations, { locationId: elsewhere, bufferQuantity: 0 }] };
    const taken = given(registry, [berlin, web]).when(registerChannel, withStranger);
    expect(refusal(registerChannel, taken)).toEqual({ kind: 'refuse', code: 'code_taken', detail: { salesChannelId } });
    const missing = given(registry, [berlin]).when(registerChannel, withStranger);
    expect(refusal(registerChannel, missing)).toEqual({
      kind: 'refuse',
      code: 'location_not_found',
      detail: { locationId: elsewhere },
    });
  });
});

describe('inventory.adjust', () => {
  const input = { ...key, delta: 5, reason: 'count' };

  test('opens the level with the first adjustment, and goes on from there', () => {
    const first = given(registry, [mug, berlin]).when(adjust, input);
    expect(first).toMatchObject({
      kind: 'accept',
      events: [{ type: 'inventory.level.adjusted', data: input }],
      response: { ...key, onHand: 5, availableToPromise: 5, shortfall: 0, version: 1 },
    });
    const second = given(registry, [mug, berlin, stocked(10)]).when(adjust, { ...input, delta: -4 });
    expect(second).toMatchObject({ response: { onHand: 6, availableToPromise: 6, shortfall: 0, version: 2 } });
  });

  test('may empty the level to the last unit and fill it to the limit, and not one further', () => {
    const scenario = given(registry, [mug, berlin, stocked(10)]);
    expect(scenario.when(adjust, { ...input, delta: -10 })).toMatchObject({
      response: { onHand: 0, availableToPromise: 0 },
    });
    expect(refusal(adjust, scenario.when(adjust, { ...input, delta: -11 }))).toEqual({
      kind: 'refuse',
      code: 'on_hand_insufficient',
      detail: { onHand: 10, delta: -11 },
    });
    expect(scenario.when(adjust, { ...input, delta: most - 10 })).toMatchObject({ response: { onHand: most } });
    expect(refusal(adjust, scenario.when(adjust, { ...input, delta: most - 9 }))).toEqual({
      kind: 'refuse',
      code: 'quantity_out_of_range',
      detail: { onHand: most + 1, max: most },
    });
  });

  test('a level that was never opened has nothing to take away', () => {
    const verdict = given(registry, [mug, berlin]).when(adjust, { ...input, delta: -1 });
    expect(verdict).toMatchObject({ kind: 'refuse', code: 'on_hand_insufficient' });
  });

  test('a count below what is promised is a physical truth: it is recorded, with the shortfall that it leaves', () => {
    const scenario = given(registry, [mug, berlin, stocked(10), reserved(8)]);
    expect(scenario.when(adjust, { ...input, delta: -5 })).toMatchObject({
      response: { onHand: 5, availableToPromise: -3, shortfall: 3, version: 3 },
    });
    const after = given(registry, [mug, berlin, stocked(10), reserved(8), stocked(-5)]);
    expect(after.when(adjust, { ...input, delta: 2 })).toMatchObject({
      response: { availableToPromise: -1, shortfall: 1 },
    });
    expect(after.when(adjust, { ...input, delta: 4 })).toMatchObject({
      response: { availableToPromise: 1, shortfall: 0 },
    });
  });

  test('names a missing variant before a missing location, and that before the quantities', () => {
    const tooMuch = { ...input, delta: -1 };
    const neither = refusal(adjust, given(registry, []).when(adjust, tooMuch));
    expect(neither).toEqual({ kind: 'refuse', code: 'variant_not_found', detail: { variantId } });
    const noLocation = refusal(adjust, given(registry, [mug]).when(adjust, tooMuch));
    expect(noLocation).toEqual({ kind: 'refuse', code: 'location_not_found', detail: { locationId } });
  });
});

describe('inventory.set_safety_stock', () => {
  test('keeps units back, and surfaces what that leaves uncovered', () => {
    const scenario = given(registry, [mug, berlin, stocked(10), reserved(4)]);
    const set = (safetyStock: number) => scenario.when(setSafetyStock, { ...key, safetyStock });
    expect(set(6)).toMatchObject({
      kind: 'accept',
      response: { safetyStock: 6, availableToPromise: 0, shortfall: 0, version: 3 },
    });
    expect(set(7)).toMatchObject({ response: { availableToPromise: -1, shortfall: 1 } });
    expect(set(most)).toMatchObject({ response: { availableToPromise: 6 - most, shortfall: most - 6 } });
    expect(set(0)).toMatchObject({ response: { availableToPromise: 6, shortfall: 0 } });
  });

  test('lowered again it takes the shortfall back', () => {
    const raised = safetyStockSet.of({ ...key, safetyStock: 9 });
    const scenario = given(registry, [mug, berlin, stocked(10), reserved(4), raised]);
    expect(scenario.when(setSafetyStock, { ...key, safetyStock: 1 })).toMatchObject({
      response: { shortfall: 0, version: 4 },
    });
  });

  test('refuses a level that was never opened', () => {
    const verdict = given(registry, [mug, berlin]).when(setSafetyStock, { ...key, safetyStock: 1 });
    expect(refusal(setSafetyStock, verdict)).toEqual({
      kind: 'refuse',
      code: 'inventory_level_not_found',
      detail: key,
    });
  });
});

// Oversell policies have tests of their own.
const declared = inventory.commands
  .filter(({ type }) => !type.endsWith('_oversell_policy'))
  .flatMap((command) => command.refusals.map((code) => `${command.type} ${code}`));

test('no command says one thing in its answer and another in its event', () => {
  const before = [mug, berlin, stocked(10), reserved(8)];
  const verdict = given(registry, before).when(adjust, { ...key, delta: -7, reason: 'count' });
  if (verdict.kind !== 'accept') throw new Error(verdict.code);
  const next = given(registry, [...before, ...verdict.events]).when(adjust, { ...key, delta: 1, reason: 'count' });
  expect(verdict.response).toMatchObject({ onHand: 3, availableToPromise: -5, shortfall: 5, version: 3 });
  expect(next).toMatchObject({ response: { onHand: 4, availableToPromise: -4, shortfall: 4, version: 4 } });
});

test('every declared refusal was seen above, and no other', () => {
  expect(declared.length).toBeGreaterThan(7);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});

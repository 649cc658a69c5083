import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import { type Id, limits } from '@karmanflow/schema';
import type * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import {
  channelRegistered,
  locationRegistered,
  onHandAdjusted,
  safetyStockSet,
  variantRegistered,
} from '../inventory/index.ts';
import {
  cancel,
  commit,
  create,
  expire,
  extend,
  reservationCancelled,
  reservationCommitted,
  reservationCreated,
  reservationExpired,
  reservationExtended,
  reservations,
} from './index.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const mug: Id<'variant'> = `var_${uuid(101)}`;
const plate: Id<'variant'> = `var_${uuid(102)}`;
const berlin: Id<'location'> = `loc_${uuid(201)}`;
const hamburg: Id<'location'> = `loc_${uuid(202)}`;
const web: Id<'salesChannel'> = `chn_${uuid(301)}`;
const reservationId: Id<'reservation'> = `rsv_${uuid(401)}`;

const now = '2026-01-01T00:00:00.000Z';
const expiresAt = '2026-01-01T00:15:00.000Z';
const justBefore = '2026-01-01T00:14:59.999Z';
const { reservationHoldMinSeconds: holdMin, reservationHoldMaxSeconds: holdMax, reservationExtensions } = limits;
const holdSeconds = limits.reservationHoldDefaultSeconds;

const line = (variantId: Id<'variant'>, locationId: Id<'location'>, quantity: number) => ({
  variantId,
  locationId,
  quantity,
});

/** Mugs: 10 in Berlin, 4 in Hamburg. Plates: 10 in Berlin. The web sells from Berlin, and leaves two of each alone. */
const stock: EventDraft[] = [
  variantRegistered.of({ variantId: mug, sku: 'MUG', name: 'Mug' }),
  variantRegistered.of({ variantId: plate, sku: 'PLATE', name: 'Plate' }),
  locationRegistered.of({ locationId: berlin, code: 'BER', name: 'Berlin' }),
  locationRegistered.of({ locationId: hamburg, code: 'HAM', name: 'Hamburg' }),
  channelRegistered.of({
    salesChannelId: web,
    code: 'web',
    name: 'Web',
    locations: [{ locationId: berlin, bufferQuantity: 2 }],
  }),
  onHandAdjusted.of({ variantId: mug, locationId: berlin, delta: 10, reason: 'received' }),
  onHandAdjusted.of({ variantId: mug, locationId: hamburg, delta: 4, reason: 'received' }),
  onHandAdjusted.of({ variantId: plate, locationId: berlin, delta: 10, reason: 'received' }),
];
const lines = [line(mug, berlin, 3), line(plate, berlin, 1)];
const held = [
  ...stock,
  reservationCreated.of({ reservationId, salesChannelId: null, reference: null, expiresAt, lines }),
];
const resolved = {
  EXPIRED: [...held, reservationExpired.of({ reservationId, lines })],
  CANCELLED: [...held, reservationCancelled.of({ reservationId, lines })],
  COMMITTED: [...held, reservationCommitted.of({ reservationId })],
};

const exercised = new Set<string>();

/** Remembers which refusals were seen, so that the last test can tell whether all were. */
function refusal<Given extends { kind: string; code?: string }>(command: { type: string }, verdict: Given): Given {
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}

const reserve = (input: Partial<v.InferOutput<typeof create.input>>, events: EventDraft[] = stock) =>
  refusal(create, given(registry, events, { now }).when(create, { holdSeconds, lines, ...input }));

describe('reservation.create', () => {
  test('holds every line, for the default time, in one event', () => {
    expect(reserve({ reference: 'order-1' })).toMatchObject({
      kind: 'accept',
      events: [
        {
          type: 'inventory.reservation.created',
          data: { salesChannelId: null, reference: 'order-1', expiresAt, lines },
        },
      ],
      response: { status: 'ACTIVE', expiresAt, version: 1 },
    });
  });

  test('takes the last unit, and not one more', () => {
    expect(reserve({ lines: [line(mug, berlin, 10)] }).kind).toBe('accept');
    expect(reserve({ lines: [line(mug, berlin, 11)] })).toEqual({
      kind: 'refuse',
      code: 'stock_insufficient',
      detail: { line: 1, variantId: mug, locationId: berlin, quantity: 11, available: 10 },
    });
  });

  test('counts lines on the same level together: all of it in two lines, and not one unit more', () => {
    expect(reserve({ lines: [line(mug, berlin, 6), line(plate, berlin, 1), line(mug, berlin, 4)] }).kind).toBe(
      'accept',
    );
    expect(reserve({ lines: [line(mug, berlin, 6), line(plate, berlin, 1), line(mug, berlin, 5)] })).toEqual({
      kind: 'refuse',
      code: 'stock_insufficient',
      detail: { line: 3, variantId: mug, locationId: berlin, quantity: 5, available: 4 },
    });
  });

  test('counts every line before, not only the last one', () => {
    const mugs = (...quantities: number[]) => ({ lines: quantities.map((quantity) => line(mug, berlin, quantity)) });
    expect(reserve(mugs(4, 4, 2)).kind).toBe('accept');
    expect(reserve(mugs(4, 4, 3))).toMatchObject({ code: 'stock_insufficient', detail: { line: 3, available: 2 } });
    expect(reserve(mugs(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)).kind).toBe('accept');
    expect(reserve(mugs(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))).toMatchObject({ detail: { line: 11, available: 0 } });
  });

  test('is all or nothing: a line that does not fit takes the others with it', () => {
    const verdict = reserve({ lines: [line(mug, berlin, 1), line(mug, hamburg, 5)] });
    expect(verdict).toMatchObject({ kind: 'refuse', code: 'stock_insufficient', detail: { line: 2, available: 4 } });
  });

  test('leaves alone what the channel leaves alone, once for each level and not once for each line', () => {
    const through = { salesChannelId: web };
    expect(reserve({ ...through, lines: [line(mug, berlin, 8)] }).kind).toBe('accept');
    expect(reserve({ ...through, lines: [line(mug, berlin, 9)] })).toMatchObject({ detail: { available: 8 } });
    expect(reserve({ ...through, lines: [line(mug, berlin, 4), line(mug, berlin, 4)] }).kind).toBe('accept');
    expect(reserve({ ...through, lines: [line(mug, berlin, 4), line(mug, berlin, 5)] })).toMatchObject({
      detail: { line: 2, available: 4 },
    });
    expect(reserve({ ...through, lines: [line(mug, berlin, 8), line(plate, berlin, 8)] }).kind).toBe('accept');
  });

  test('does not touch safety stock, and promises nothing while there is a shortfall', () => {
    const kept = [...stock, safetyStockSet.of({ variantId: mug, locationId: berlin, safetyStock: 7 })];
    expect(reserve({ lines: [line(mug, berlin, 3)] }, kept).kind).toBe('accept');
    expect(reserve({ lines: [line(mug, berlin, 4)] }, kept)).toMatchObject({ detail: { available: 3 } });
    const short = [...held, onHandAdjusted.of({ variantId: mug, locationId: berlin, delta: -9, reason: 'count' })];
    expect(reserve({ lines: [line(mug, berlin, 1)] }, short)).toMatchObject({
      code: 'stock_insufficient',
      detail: { available: 0 },
    });
  });

  test.each([
    [holdMin, 'accept'],
    [holdMax, 'accept'],
    [holdMin - 1, 'refuse'],
    [holdMax + 1, 'refuse'],
    [Number.MAX_SAFE_INTEGER, 'refuse'],
  ])('a hold of %p seconds: %s', (seconds, kind) => {
    const verdict = reserve({ holdSeconds: seconds });
    expect(verdict.kind).toBe(kind as 'accept');
    if (verdict.kind === 'accept') {
      expect(Date.parse(verdict.response.expiresAt) - Date.parse(now)).toBe(seconds * 1000);
    } else {
      expect(verdict).toEqual({
        kind: 'refuse',
        code: 'hold_out_of_range',
        detail: { holdSeconds: seconds, min: holdMin, max: holdMax },
      });
    }
  });

  const nobody: Id<'salesChannel'> = `chn_${uuid(399)}`;
  const unknown: Id<'variant'> = `var_${uuid(199)}`;
  /** Each makes one refusal apply; together they make several apply, and the first declared must win. */
  const troubles = {
    hold_out_of_range: { holdSeconds: holdMax + 1 },
    sales_channel_not_found: { salesChannelId: nobody },
    inventory_level_not_found: { lines: [line(unknown, berlin, 1)] },
    location_not_in_channel: { salesChannelId: web, lines: [line(mug, hamburg, 1)] },
    stock_insufficient: { lines: [line(mug, berlin, 11)] },
  };

  test.each(Object.entries(troubles))('%s', (code, input) => {
    expect(reserve(input)).toMatchObject({ kind: 'refuse', code });
  });

  const declaredOrder = Object.keys(troubles) as (keyof typeof troubles)[];
  const pairs = declaredOrder.flatMap((first, index) =>
    declaredOrder.slice(index + 1).map((second) => [first, second] as const),
  );

  test('declares its refusals in the order that is tried here', () => {
    expect(create.refusals).toEqual(declaredOrder);
    expect(pairs).toHaveLength(10);
  });

  test.each(pairs)('%s is told before %s', (first, second) => {
    const [one, other]: Partial<v.InferOutput<typeof create.input>>[] = [troubles[first], troubles[second]];
    // The later trouble stands on the earlier line, so that only precedence can tell the first one.
    const both = [...(other?.lines ?? []), ...(one?.lines ?? [])];
    const input = { ...other, ...one, ...(both.length > 0 ? { lines: both } : {}) };
    expect(reserve(input)).toMatchObject({ kind: 'refuse', code: first });
  });
});

describe('reservation.extend', () => {
  const longer = (seconds: number, options: { events?: EventDraft[]; at?: string } = {}) =>
    refusal(
      extend,
      given(registry, options.events ?? held, { now }).when(
        extend,
        { reservationId, holdSeconds: seconds },
        { now: options.at ?? now },
      ),
    );

  test('lets the hold end later, counted from now', () => {
    const at = '2026-01-01T00:05:00.000Z';
    expect(longer(holdSeconds, { at })).toEqual({
      kind: 'accept',
      events: [
        { type: 'inventory.reservation.extended', data: { reservationId, expiresAt: '2026-01-01T00:20:00.000Z' } },
      ],
      response: { reservationId, expiresAt: '2026-01-01T00:20:00.000Z', version: 2 },
    });
  });

  test.each([
    ['the same end', holdSeconds, 'hold_out_of_range'],
    ['an earlier end', holdSeconds - 1, 'hold_out_of_range'],
    ['one second more', holdSeconds + 1, null],
    ['the longest hold', holdMax, null],
    ['more than the longest hold', holdMax + 1, 'hold_out_of_range'],
    ['for ever', Number.MAX_SAFE_INTEGER, 'hold_out_of_range'],
    ['less than the shortest hold', holdMin - 1, 'hold_out_of_range'],
  ])('%s', (_what, seconds, code) => {
    const verdict = longer(seconds);
    expect(verdict.kind === 'refuse' ? verdict.code : null).toBe(code as 'hold_out_of_range');
  });

  test('works until the last millisecond of the hold, and not at its end', () => {
    expect(longer(holdMax, { at: justBefore }).kind).toBe('accept');
    expect(longer(holdMax, { at: expiresAt })).toEqual({
      kind: 'refuse',
      code: 'reservation_expired',
      detail: { expiresAt },
    });
  });

  test('works a limited number of times', () => {
    const extended = (times: number): EventDraft[] => [
      ...held,
      ...Array.from({ length: times }, () => reservationExtended.of({ reservationId, expiresAt })),
    ];
    expect(longer(holdMax, { events: extended(reservationExtensions - 1) })).toMatchObject({
      kind: 'accept',
      response: { version: reservationExtensions + 1 },
    });
    const tooOften = { events: extended(reservationExtensions) };
    expect(longer(holdMax, tooOften)).toEqual({
      kind: 'refuse',
      code: 'extension_limit_reached',
      detail: { extensions: reservationExtensions },
    });
    expect(longer(holdSeconds, tooOften)).toMatchObject({ code: 'hold_out_of_range' });
    expect(longer(holdSeconds, { ...tooOften, at: expiresAt })).toMatchObject({ code: 'reservation_expired' });
  });

  test('refuses a reservation that is not there, or no longer active, before it looks at the time', () => {
    expect(longer(1, { events: stock })).toEqual({
      kind: 'refuse',
      code: 'reservation_not_found',
      detail: { reservationId },
    });
    for (const status of ['CANCELLED', 'COMMITTED'] as const) {
      expect(longer(1, { events: resolved[status], at: expiresAt })).toEqual({
        kind: 'refuse',
        code: 'reservation_not_active',
        detail: { status },
      });
    }
    expect(longer(1, { events: resolved.EXPIRED })).toMatchObject({ code: 'reservation_expired' });
  });
});

describe('reservation.commit', () => {
  const firm = (events: EventDraft[], at = now) =>
    refusal(commit, given(registry, events, { now }).when(commit, { reservationId }, { now: at }));

  test('makes the hold firm until the last millisecond, and never at its end', () => {
    expect(firm(held, justBefore)).toEqual({
      kind: 'accept',
      events: [{ type: 'inventory.reservation.committed', data: { reservationId } }],
      response: { reservationId, status: 'COMMITTED', version: 2 },
    });
    expect(firm(held, expiresAt)).toEqual({ kind: 'refuse', code: 'reservation_expired', detail: { expiresAt } });
  });

  test('a quantity resolves once', () => {
    expect(firm(stock)).toEqual({ kind: 'refuse', code: 'reservation_not_found', detail: { reservationId } });
    expect(firm(resolved.COMMITTED)).toEqual({
      kind: 'refuse',
      code: 'reservation_not_active',
      detail: { status: 'COMMITTED' },
    });
    expect(firm(resolved.CANCELLED, expiresAt)).toMatchObject({ code: 'reservation_not_active' });
    expect(firm(resolved.EXPIRED)).toMatchObject({ code: 'reservation_expired' });
  });
});

describe('reservation.expire', () => {
  const end = (events: EventDraft[], at = expiresAt) =>
    refusal(expire, given(registry, events, { now }).when(expire, { reservationId }, { now: at }));

  test('gives every line back from the very end of the hold, and not a millisecond earlier', () => {
    expect(end(held)).toEqual({
      kind: 'accept',
      events: [{ type: 'inventory.reservation.expired', data: { reservationId, lines } }],
      response: { reservationId, status: 'EXPIRED', version: 2 },
    });
    expect(end(held, justBefore)).toEqual({ kind: 'refuse', code: 'reservation_not_expired', detail: { expiresAt } });
  });

  test('never ends what was committed, and ends nothing twice', () => {
    expect(end(stock)).toEqual({ kind: 'refuse', code: 'reservation_not_found', detail: { reservationId } });
    for (const status of ['COMMITTED', 'CANCELLED', 'EXPIRED'] as const) {
      const expected = { kind: 'refuse' as const, code: 'reservation_not_active' as const, detail: { status } };
      expect(end(resolved[status])).toEqual(expected);
      expect(end(resolved[status], justBefore)).toEqual(expected);
    }
  });

  test('gives back what was held, also when a level was named twice', () => {
    const twice = [line(mug, berlin, 2), line(mug, berlin, 3)];
    const events = [
      ...stock,
      reservationCreated.of({ reservationId, salesChannelId: null, reference: null, expiresAt, lines: twice }),
    ];
    expect(end(events)).toMatchObject({ events: [{ data: { lines: twice } }] });
    const after = [...events, reservationExpired.of({ reservationId, lines: twice })];
    expect(reserve({ lines: [line(mug, berlin, 10)] }, after).kind).toBe('accept');
  });
});

describe('reservation.cancel', () => {
  const takeBack = (events: EventDraft[], at = now) =>
    refusal(cancel, given(registry, events, { now }).when(cancel, { reservationId }, { now: at }));

  test('is of class R2, and gives back what is active or committed, whatever the time', () => {
    expect(cancel.risk).toBe('R2');
    for (const [events, version] of [
      [held, 2],
      [resolved.COMMITTED, 3],
    ] as const) {
      expect(takeBack([...events], expiresAt)).toEqual({
        kind: 'accept',
        events: [{ type: 'inventory.reservation.cancelled', data: { reservationId, lines } }],
        response: { reservationId, status: 'CANCELLED', version },
      });
    }
  });

  test('gives nothing back twice', () => {
    expect(takeBack(stock)).toEqual({ kind: 'refuse', code: 'reservation_not_found', detail: { reservationId } });
    for (const status of ['CANCELLED', 'EXPIRED'] as const) {
      expect(takeBack(resolved[status])).toEqual({
        kind: 'refuse',
        code: 'reservation_not_active',
        detail: { status },
      });
    }
  });
});

test('every declared refusal was seen above, and no other', () => {
  // Cancelling in mass has tests of its own.
  const declared = reservations.commands
    .filter(({ type }) => [create, extend, commit, expire, cancel].some((command) => command.type === type))
    .flatMap((command) => command.refusals.map((code) => `${command.type} ${code}`));
  expect(declared.length).toBeGreaterThan(15);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});

import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import { type Id, limits } from '@karmanflow/schema';
import type * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import {
  allocationCreated,
  allocationOverridden,
  allocationReleased,
  channelRegistered,
  locationRegistered,
  onHandAdjusted,
  oversellLimitSet,
  variantRegistered,
} from '../inventory/index.ts';
import {
  cancel,
  create as reserve,
  reservationCancelled,
  reservationCommitted,
  reservationCreated,
} from '../reservation/index.ts';
import { create, override } from './index.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const mug: Id<'variant'> = `var_${uuid(101)}`;
const plate: Id<'variant'> = `var_${uuid(102)}`;
const berlin: Id<'location'> = `loc_${uuid(201)}`;
const hamburg: Id<'location'> = `loc_${uuid(202)}`;
const munich: Id<'location'> = `loc_${uuid(203)}`;
const web: Id<'salesChannel'> = `chn_${uuid(301)}`;
const reservationId: Id<'reservation'> = `rsv_${uuid(401)}`;
const expiresAt = '2026-01-01T01:00:00.000Z';

const at = (variantId: Id<'variant'>, locationId: Id<'location'>, quantity: number) => ({
  variantId,
  locationId,
  quantity,
});
const received = (variantId: Id<'variant'>, locationId: Id<'location'>, delta: number): EventDraft =>
  onHandAdjusted.of({ variantId, locationId, delta, reason: 'received' });

/** Mugs: 5 in Berlin, 9 in Hamburg, 4 in Munich. Plates: 5 in Berlin, 9 in Hamburg. The web leaves two alone in Hamburg. */
const stock: EventDraft[] = [
  variantRegistered.of({ variantId: mug, sku: 'MUG', name: 'Mug' }),
  variantRegistered.of({ variantId: plate, sku: 'PLATE', name: 'Plate' }),
  locationRegistered.of({ locationId: berlin, code: 'BER', name: 'Berlin' }),
  locationRegistered.of({ locationId: hamburg, code: 'HAM', name: 'Hamburg' }),
  locationRegistered.of({ locationId: munich, code: 'MUC', name: 'Munich' }),
  channelRegistered.of({
    salesChannelId: web,
    code: 'web',
    name: 'Web',
    locations: [
      { locationId: berlin, bufferQuantity: 0 },
      { locationId: hamburg, bufferQuantity: 2 },
    ],
  }),
  received(mug, berlin, 5),
  received(mug, hamburg, 9),
  received(mug, munich, 4),
  received(plate, berlin, 5),
  received(plate, hamburg, 9),
];
const lines = [at(mug, berlin, 3), at(plate, hamburg, 2)];
function held(through: Id<'salesChannel'> | null = null, of = lines): EventDraft[] {
  return [
    ...stock,
    reservationCreated.of({ reservationId, salesChannelId: through, reference: null, expiresAt, lines: of }),
  ];
}
const committed = (through: Id<'salesChannel'> | null = null, of = lines): EventDraft[] => [
  ...held(through, of),
  reservationCommitted.of({ reservationId }),
];

const exercised = new Set<string>();
function refusal<Given extends { kind: string; code?: string }>(command: { type: string }, verdict: Given): Given {
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}
const allocate = (events: EventDraft[], input: Partial<v.InferOutput<typeof create.input>> = {}) =>
  refusal(
    create,
    given(registry, events).when(create, { reservationId, strategy: 'reserved_location' as const, ...input }),
  );

/** The events of what a command accepted. */
function eventsOf(verdict: { kind: string; events?: readonly EventDraft[] }): EventDraft[] {
  if (!verdict.events) throw new Error('refused');
  return [...verdict.events];
}

describe('allocation.create', () => {
  test('allocates each line where it is reserved: what was reserved is allocated, in place', () => {
    expect(allocate(committed())).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'inventory.allocation.created',
          data: {
            reservationId,
            strategy: 'reserved_location',
            allocations: [
              { allocationId: expect.stringMatching(/^alc_/), lineNumber: 1, ...lines[0] },
              { allocationId: expect.stringMatching(/^alc_/), lineNumber: 2, ...lines[1] },
            ],
            moves: [
              { ...lines[0], fromState: 'RESERVED', toState: 'ALLOCATED' },
              { ...lines[1], fromState: 'RESERVED', toState: 'ALLOCATED' },
            ],
          },
        },
      ],
      response: {
        reservationId,
        strategy: 'reserved_location',
        allocations: expect.any(Array),
        version: 3,
      },
    });
  });

  test('to another location releases here and takes there, by double entry', () => {
    expect(allocate(committed(), { strategy: 'fewest_locations', locationIds: [hamburg, berlin] })).toMatchObject({
      events: [
        {
          data: {
            // Hamburg has room for all of it; Berlin would have too, and stands second.
            allocations: [
              { lineNumber: 1, ...at(mug, hamburg, 3) },
              { lineNumber: 2, ...at(plate, hamburg, 2) },
            ],
            moves: [
              { ...at(mug, berlin, 3), fromState: 'RESERVED', toState: 'AVAILABLE' },
              { ...at(plate, hamburg, 2), fromState: 'RESERVED', toState: 'ALLOCATED' },
              { ...at(mug, hamburg, 3), fromState: 'AVAILABLE', toState: 'ALLOCATED' },
            ],
          },
        },
      ],
    });
  });

  test('takes no unit elsewhere that is promised already', () => {
    const others: EventDraft[] = [
      ...committed(),
      reservationCreated.of({
        reservationId: `rsv_${uuid(402)}`,
        salesChannelId: null,
        reference: null,
        expiresAt,
        lines: [at(mug, hamburg, 7)],
      }),
    ];
    expect(allocate(others, { strategy: 'most_available', locationIds: [hamburg] })).toEqual({
      kind: 'refuse',
      code: 'stock_insufficient',
      detail: { variantId: mug, quantity: 3, available: 2 },
    });
    // The policy of that level lets it be oversold by one.
    const oversold = oversellLimitSet.of({
      levels: [{ variantId: mug, locationId: hamburg, oversellLimit: 1, decidedBy: null }],
    });
    expect(allocate([...others, oversold], { strategy: 'most_available', locationIds: [hamburg] }).kind).toBe('accept');
  });

  test('splits a line where no location has all of it', () => {
    const many = committed(null, [at(mug, berlin, 5)]);
    const verdict = allocate(many, { strategy: 'fewest_locations', locationIds: [munich, hamburg] });
    expect(verdict).toMatchObject({ events: [{ data: { allocations: [at(mug, hamburg, 5)] } }] });
    expect(
      allocate([...many, received(mug, hamburg, -7)], { strategy: 'fewest_locations', locationIds: [munich, hamburg] }),
    ).toMatchObject({ events: [{ data: { allocations: [at(mug, munich, 4), at(mug, hamburg, 1)] } }] });
  });

  test('keeps to the channel of the reservation: its locations, its buffer', () => {
    expect(allocate(committed(web), { strategy: 'most_available' })).toMatchObject({
      events: [{ data: { allocations: [at(mug, hamburg, 3), at(plate, hamburg, 2)] } }],
    });
    const much = committed(web, [at(mug, berlin, 5), at(mug, berlin, 3)].slice(0, 1));
    expect(allocate(much, { strategy: 'fewest_locations', locationIds: [hamburg] }).kind).toBe('accept');
    const eight = [...stock, received(mug, berlin, 5)];
    const all = [
      ...eight,
      reservationCreated.of({
        reservationId,
        salesChannelId: web,
        reference: null,
        expiresAt,
        lines: [at(mug, berlin, 8)],
      }),
      reservationCommitted.of({ reservationId }),
    ];
    expect(allocate(all, { strategy: 'fewest_locations', locationIds: [hamburg] })).toMatchObject({
      code: 'stock_insufficient',
      detail: { available: 7 },
    });
  });

  test('in place works even where a stock count left a shortfall', () => {
    expect(allocate([...committed(), received(mug, berlin, -5)]).kind).toBe('accept');
  });

  test.each([
    ['reservation_not_found', stock, {}],
    ['reservation_not_committed', held(), {}],
    ['reservation_not_committed', [...committed(), reservationCancelled.of({ reservationId, lines })], {}],
    ['reservation_allocated', [...committed(), ...eventsOf(allocate(committed()))], {}],
    ['location_not_found', committed(), { locationIds: [`loc_${uuid(299)}` as const] }],
    ['location_not_in_channel', committed(web), { locationIds: [munich] }],
    ['stock_insufficient', committed(), { strategy: 'most_available' as const, locationIds: [munich] }],
  ])('%s', (code, events, input) => {
    expect(allocate(events, input)).toMatchObject({ kind: 'refuse', code: code as never });
  });

  test('makes a bounded number of allocations', () => {
    const places = Array.from({ length: 60 }, (_one, index): Id<'location'> => `loc_${uuid(3_000 + index)}`);
    const kinds = Array.from({ length: 4 }, (_one, index): Id<'variant'> => `var_${uuid(4_000 + index)}`);
    const scattered = [
      ...stock,
      ...places.map((locationId, index) => locationRegistered.of({ locationId, code: `P${index}`, name: 'p' })),
      ...kinds.flatMap((variantId) => places.map((locationId) => received(variantId, locationId, 1))),
      ...kinds.map((variantId) => received(variantId, berlin, 60)),
      reservationCreated.of({
        reservationId,
        salesChannelId: null,
        reference: null,
        expiresAt,
        lines: kinds.map((variantId) => at(variantId, berlin, 60)),
      }),
      reservationCommitted.of({ reservationId }),
    ];
    expect(allocate(scattered, { strategy: 'most_available', locationIds: places })).toEqual({
      kind: 'refuse',
      code: 'allocation_limit_reached',
      detail: { allocations: 240, max: limits.allocationsPerReservation },
    });
  });
});

describe('allocation.override', () => {
  const allocationId: Id<'allocation'> = `alc_${uuid(501)}`;
  const allocated = [
    ...committed(),
    allocationCreated.of({
      reservationId,
      strategy: 'reserved_location',
      allocations: [
        { allocationId, lineNumber: 1, ...at(mug, berlin, 3) },
        { allocationId: `alc_${uuid(502)}`, lineNumber: 2, ...at(plate, hamburg, 2) },
      ],
      moves: lines.map((line) => ({ ...line, fromState: 'RESERVED' as const, toState: 'ALLOCATED' as const })),
    }),
  ];
  type Place = { locationId: Id<'location'>; quantity: number };
  const move = (events: EventDraft[], locations: Place[], id = allocationId) =>
    refusal(override, given(registry, events).when(override, { reservationId, allocationId: id, locations }));

  test('is of class R2, and moves an allocation whole: what stays is not moved', () => {
    expect(override.risk).toBe('R2');
    expect(
      move(allocated, [
        { locationId: munich, quantity: 2 },
        { locationId: berlin, quantity: 1 },
      ]),
    ).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'inventory.allocation.overridden',
          data: {
            reservationId,
            allocationId,
            lineNumber: 1,
            variantId: mug,
            replacements: [
              { allocationId: expect.stringMatching(/^alc_/), locationId: munich, quantity: 2 },
              { allocationId: expect.stringMatching(/^alc_/), locationId: berlin, quantity: 1 },
            ],
            moves: [
              { ...at(mug, berlin, 2), fromState: 'ALLOCATED', toState: 'AVAILABLE' },
              { ...at(mug, munich, 2), fromState: 'AVAILABLE', toState: 'ALLOCATED' },
            ],
          },
        },
      ],
      response: { reservationId, allocations: expect.any(Array), version: 4 },
    });
  });

  test('takes the last unit there, and not one that is promised', () => {
    const four = committed(null, [at(mug, berlin, 4)]);
    const whole = [
      ...four,
      allocationCreated.of({
        reservationId,
        strategy: 'reserved_location',
        allocations: [{ allocationId, lineNumber: 1, ...at(mug, berlin, 4) }],
        moves: [{ ...at(mug, berlin, 4), fromState: 'RESERVED', toState: 'ALLOCATED' }],
      }),
    ];
    expect(move(whole, [{ locationId: munich, quantity: 4 }]).kind).toBe('accept');
    expect(move([...whole, received(mug, munich, -1)], [{ locationId: munich, quantity: 4 }])).toEqual({
      kind: 'refuse',
      code: 'stock_insufficient',
      detail: { variantId: mug, locationId: munich, quantity: 4, available: 3 },
    });
  });

  test.each([
    ['reservation_not_found', stock, [{ locationId: munich, quantity: 3 }], allocationId],
    ['allocation_not_found', allocated, [{ locationId: munich, quantity: 3 }], `alc_${uuid(599)}` as const],
    ['allocation_quantity_differs', allocated, [{ locationId: munich, quantity: 2 }], allocationId],
    ['allocation_quantity_differs', allocated, [{ locationId: munich, quantity: 4 }], allocationId],
    ['inventory_level_not_found', allocated, [{ locationId: `loc_${uuid(299)}` as const, quantity: 3 }], allocationId],
    [
      'stock_insufficient',
      [...allocated, received(mug, munich, -4)],
      [{ locationId: munich, quantity: 3 }],
      allocationId,
    ],
    [
      'allocation_not_active',
      [...allocated, ...eventsOf(move(allocated, [{ locationId: munich, quantity: 3 }]))],
      [{ locationId: munich, quantity: 3 }],
      allocationId,
    ],
  ])('%s', (code, events, locations, id) => {
    expect(move(events, locations, id)).toMatchObject({ kind: 'refuse', code: code as never });
  });

  test('does not move one allocation for ever: those that were moved count as well', () => {
    let events = allocated;
    let standing: Id<'allocation'> = allocationId;
    for (let count = 2; count < limits.allocationsPerReservation; count += 1) {
      const next: Id<'allocation'> = `alc_${uuid(10_000 + count)}`;
      events = [
        ...events,
        allocationOverridden.of({
          reservationId,
          allocationId: standing,
          lineNumber: 1,
          variantId: mug,
          replacements: [{ allocationId: next, locationId: berlin, quantity: 3 }],
          moves: [],
        }),
      ];
      standing = next;
    }
    expect(move(events, [{ locationId: munich, quantity: 3 }], standing)).toMatchObject({
      code: 'allocation_limit_reached',
    });
  });
});

describe('reservation.cancel of what is allocated', () => {
  const allocated = [
    ...committed(),
    ...eventsOf(allocate(committed(), { strategy: 'most_available', locationIds: [hamburg] })),
  ];
  const takeBack = () => given(registry, allocated).when(cancel, { reservationId });

  test('frees what is allocated where it is allocated, and gives back nothing that is not reserved any more', () => {
    expect(takeBack()).toMatchObject({
      kind: 'accept',
      events: [
        {
          type: allocationReleased.type,
          data: {
            allocationIds: [expect.any(String), expect.any(String)],
            moves: [
              { ...at(mug, hamburg, 3), fromState: 'ALLOCATED', toState: 'AVAILABLE' },
              { ...at(plate, hamburg, 2), fromState: 'ALLOCATED', toState: 'AVAILABLE' },
            ],
          },
        },
        { type: 'inventory.reservation.cancelled', data: { reservationId, lines: [] } },
      ],
      response: { status: 'CANCELLED', version: 4 },
    });
  });

  test('leaves all units to others, and nothing to allocate or to move', () => {
    const after = [...allocated, ...eventsOf(takeBack())];
    const all = { holdSeconds: 900, lines: [at(mug, berlin, 5), at(mug, hamburg, 9), at(plate, hamburg, 9)] };
    expect(given(registry, after).when(reserve, all).kind).toBe('accept');
    expect(allocate(after)).toMatchObject({ code: 'reservation_not_committed' });
    expect(given(registry, after).when(cancel, { reservationId })).toMatchObject({ code: 'reservation_not_active' });
  });
});

test('every declared refusal was seen above, and no other', () => {
  const declared = [create, override].flatMap((command) => command.refusals.map((code) => `${command.type} ${code}`));
  expect(declared.length).toBeGreaterThan(10);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});

import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import { type Id, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../../registry.ts';
import { given } from '../../../testing/index.ts';
import {
  allocationCreated,
  channelRegistered,
  locationRegistered,
  onHandAdjusted,
  variantRegistered,
} from '../../inventory/index.ts';
import {
  cancelPart,
  finishMassCancel,
  massCancelAdvanced,
  massCancelFinished,
  massCancelReservations,
  massCancelStarted,
  massCancelStopped,
  reservationCancelled,
  reservationCommitted,
  reservationCreated,
  stopMassCancel,
} from '../index.ts';
import type { MassCancelFilter } from './filter.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variantId: Id<'variant'> = `var_${uuid(101)}`;
const locationId: Id<'location'> = `loc_${uuid(201)}`;
const web: Id<'salesChannel'> = `chn_${uuid(301)}`;
const reservationId: Id<'reservation'> = `rsv_${uuid(401)}`;
const massCancelId: Id<'massCancel'> = `mcl_${uuid(501)}`;
const now = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:10:00.000Z';
const earlier = '2025-12-31T00:00:00.000Z';
const lines = [{ variantId, locationId, quantity: 2 }];

const stock: EventDraft[] = [
  variantRegistered.of({ variantId, sku: 'MUG', name: 'Mug' }),
  locationRegistered.of({ locationId, code: 'BER', name: 'Berlin' }),
  channelRegistered.of({
    salesChannelId: web,
    code: 'web',
    name: 'Web',
    locations: [{ locationId, bufferQuantity: 0 }],
  }),
  onHandAdjusted.of({ variantId, locationId, delta: 10, reason: 'received' }),
];
const held: EventDraft[] = [
  ...stock,
  reservationCreated.of({
    reservationId,
    salesChannelId: web,
    reference: 'drop-7/1',
    expiresAt: '2026-01-01T01:00:00.000Z',
    lines,
  }),
];
const committed = [...held, reservationCommitted.of({ reservationId })];

const all: MassCancelFilter = {
  salesChannelId: null,
  referencePrefix: null,
  reservationStatus: null,
  createdBefore: later,
};
const started = (filter: Partial<MassCancelFilter> = {}, expectedCount = 2): EventDraft =>
  massCancelStarted.of({ massCancelId, ...all, ...filter, expectedCount, startedAt: later });
const advanced = massCancelAdvanced.of({ massCancelId, reservationId: `rsv_${uuid(499)}` });
const ends = [
  massCancelFinished.of({ massCancelId, outcome: 'COMPLETED' }),
  massCancelFinished.of({ massCancelId, outcome: 'STOPPED_AT_BOUND' }),
  massCancelStopped.of({ massCancelId }),
];

const exercised = new Set<string>();
function refusal<Given extends { kind: string; code?: string }>(command: { type: string }, verdict: Given): Given {
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}
type StartInput = v.InferOutput<typeof massCancelReservations.input>;
const start = (input: Partial<StartInput> = {}) =>
  refusal(
    massCancelReservations,
    given(registry, held, { now }).when(massCancelReservations, { expectedCount: 2, ...input }, { now: later }),
  );
const part = (events: EventDraft[]) =>
  refusal(
    cancelPart,
    given(registry, events, { now }).when(cancelPart, { massCancelId, reservationId }, { now: later }),
  );
const finish = (events: EventDraft[], moreMatch: boolean) =>
  refusal(finishMassCancel, given(registry, events).when(finishMassCancel, { massCancelId, moreMatch }));
const stop = (events: EventDraft[]) =>
  refusal(stopMassCancel, given(registry, events).when(stopMassCancel, { massCancelId }));

describe('reservation.mass_cancel', () => {
  test('is of class R3, binds its filter to now, and cancels nothing yet', () => {
    expect(massCancelReservations.risk).toBe('R3');
    expect(start({ salesChannelId: web, referencePrefix: 'drop-7', status: 'ACTIVE' })).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'inventory.mass_cancel.started',
          data: {
            massCancelId: expect.stringMatching(/^mcl_/),
            salesChannelId: web,
            referencePrefix: 'drop-7',
            reservationStatus: 'ACTIVE',
            createdBefore: later,
            expectedCount: 2,
            startedAt: later,
          },
        },
      ],
      response: {
        massCancelId: expect.stringMatching(/^mcl_/),
        status: 'RUNNING',
        expectedCount: 2,
        createdBefore: later,
        version: 1,
      },
    });
  });

  test('never reaches beyond now, and may reach less far', () => {
    expect(start({ createdBefore: '2027-01-01T00:00:00.000Z' })).toMatchObject({ response: { createdBefore: later } });
    expect(start({ createdBefore: earlier })).toMatchObject({ response: { createdBefore: earlier } });
  });

  test('is for a channel that exists, and for a bounded number', () => {
    expect(start({ salesChannelId: `chn_${uuid(399)}` })).toMatchObject({ code: 'sales_channel_not_found' });
    const accepts = (expectedCount: number) => v.is(massCancelReservations.input, { expectedCount });
    const max = limits.massCancelReservations;
    expect([0, 1, 1.5, max, max + 1].map(accepts)).toEqual([false, true, false, true, false]);
  });
});

describe('reservation.cancel_part', () => {
  test('is internal, for the system alone, and of class R1: humans approved the whole', () => {
    expect([cancelPart.internal, cancelPart.actorTypes, cancelPart.risk]).toEqual([true, ['SYSTEM'], 'R1']);
  });

  test('cancels one reservation as cancelling it alone would, and counts it', () => {
    for (const events of [held, committed]) {
      expect(part([...events, started()])).toEqual({
        kind: 'accept',
        events: [
          { type: 'inventory.reservation.cancelled', data: { reservationId, lines } },
          { type: 'inventory.mass_cancel.advanced', data: { massCancelId, reservationId } },
        ],
        response: { massCancelId, reservationId, status: 'CANCELLED', cancelledCount: 1 },
      });
    }
  });

  test('frees what is allocated', () => {
    const allocated = allocationCreated.of({
      reservationId,
      strategy: 'reserved_location',
      allocations: lines.map((line) => ({ allocationId: `alc_${uuid(601)}` as const, lineNumber: 1, ...line })),
      moves: lines.map((line) => ({ ...line, fromState: 'RESERVED' as const, toState: 'ALLOCATED' as const })),
    });
    expect(part([...committed, allocated, started()])).toMatchObject({
      events: [
        { type: 'inventory.allocation.released', data: { moves: [{ fromState: 'ALLOCATED', quantity: 2 }] } },
        { type: 'inventory.reservation.cancelled', data: { lines: [] } },
        { type: 'inventory.mass_cancel.advanced' },
      ],
    });
  });

  test.each([
    [{ salesChannelId: web }, true],
    [{ salesChannelId: `chn_${uuid(302)}` as const }, false],
    [{ referencePrefix: 'drop-7' }, true],
    [{ referencePrefix: 'drop-7/1' }, true],
    [{ referencePrefix: 'drop-7/11' }, false],
    [{ referencePrefix: 'Drop' }, false],
    [{ reservationStatus: 'ACTIVE' as const }, true],
    [{ reservationStatus: 'COMMITTED' as const }, false],
    [{ createdBefore: '2026-01-01T00:00:00.001Z' }, true],
    [{ createdBefore: now }, false],
  ])('that matches %p: %p', (filter, matches) => {
    const verdict = part([...held, started(filter)]);
    expect(verdict.kind === 'refuse' ? verdict.code : null).toBe(matches ? null : 'reservation_not_matching');
  });

  test('cancels nothing twice, and nothing that is resolved', () => {
    const gone = [...held, reservationCancelled.of({ reservationId, lines }), started()];
    expect(part(gone)).toMatchObject({ code: 'reservation_not_matching', detail: { status: 'CANCELLED' } });
  });

  test('cancels no more than was approved, and nothing once the operation has ended', () => {
    expect(part([...held, started({}, 1), advanced])).toMatchObject({ code: 'mass_cancel_bound_reached' });
    expect(part([...held, started({}, 2), advanced])).toMatchObject({ response: { cancelledCount: 2 } });
    for (const end of ends) expect(part([...held, started(), end])).toMatchObject({ code: 'mass_cancel_not_running' });
    expect(part(held)).toMatchObject({ code: 'mass_cancel_not_found' });
    expect(part([...stock, started()])).toMatchObject({ code: 'reservation_not_found' });
  });
});

describe('the end of a mass cancellation', () => {
  test('comes when nothing is left, or at the bound, and not before', () => {
    expect(finish([...held, started()], false)).toMatchObject({ response: { status: 'COMPLETED', cancelledCount: 0 } });
    expect(finish([...held, started({}, 1), advanced], true)).toMatchObject({
      events: [{ type: 'inventory.mass_cancel.finished', data: { outcome: 'STOPPED_AT_BOUND' } }],
      response: { status: 'STOPPED_AT_BOUND', cancelledCount: 1 },
    });
    expect(finish([...held, started({}, 1), advanced], false)).toMatchObject({ response: { status: 'COMPLETED' } });
    expect(finish([...held, started({}, 2), advanced], true)).toMatchObject({
      code: 'mass_cancel_unfinished',
      detail: { cancelledCount: 1, expectedCount: 2 },
    });
  });

  test('comes at once when a human stops it', () => {
    expect([stopMassCancel.risk, stopMassCancel.actorTypes]).toEqual(['R1', ['USER']]);
    expect(stop([...held, started(), advanced])).toMatchObject({
      events: [{ type: 'inventory.mass_cancel.stopped' }],
      response: { status: 'STOPPED', cancelledCount: 1, version: 3 },
    });
  });

  test('comes once', () => {
    for (const end of ends) {
      expect(finish([...held, started(), end], false)).toMatchObject({ code: 'mass_cancel_not_running' });
      expect(stop([...held, started(), end])).toMatchObject({ code: 'mass_cancel_not_running' });
    }
    expect(finish(held, false)).toMatchObject({ code: 'mass_cancel_not_found' });
    expect(stop(held)).toMatchObject({ code: 'mass_cancel_not_found' });
  });
});

test('every declared refusal was seen above, and no other', () => {
  const declared = [massCancelReservations, cancelPart, finishMassCancel, stopMassCancel].flatMap((command) =>
    command.refusals.map((code) => `${command.type} ${code}`),
  );
  expect(declared.length).toBeGreaterThan(10);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});

import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import { type Id, limits } from '@karmanflow/schema';
import * as fc from 'fast-check';
import { registry } from '../../../registry.ts';
import { given } from '../../../testing/index.ts';
import { create, reservationCreated } from '../../reservation/index.ts';
import {
  adjust,
  applyOversellPolicy,
  channelRegistered,
  clearOversellPolicy,
  locationRegistered,
  onHandAdjusted,
  oversellLimitSet,
  oversellPolicyApplied,
  oversellPolicySet,
  setOversellPolicy,
  variantRegistered,
} from '../index.ts';
import {
  effectiveOversell,
  type OversellMode,
  type OversellRule,
  type OversellScope,
  oversellScopes,
  scopeKeyOf,
  scopeOf,
} from './oversell-policy.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variantId: Id<'variant'> = `var_${uuid(101)}`;
const locationId: Id<'location'> = `loc_${uuid(201)}`;
const elsewhere: Id<'location'> = `loc_${uuid(202)}`;
const salesChannelId: Id<'salesChannel'> = `chn_${uuid(301)}`;
const level = { variantId, locationId };
const setAt = '2026-01-01T00:00:00.000Z';
const most = limits.quantityUnits;

const catalogue: EventDraft[] = [
  variantRegistered.of({ variantId, sku: 'MUG', name: 'Mug' }),
  locationRegistered.of({ locationId, code: 'BER', name: 'Berlin' }),
  locationRegistered.of({ locationId: elsewhere, code: 'HAM', name: 'Hamburg' }),
  channelRegistered.of({ salesChannelId, code: 'web', name: 'Web', locations: [{ locationId, bufferQuantity: 1 }] }),
];
const stocked = [...catalogue, onHandAdjusted.of({ ...level, delta: 3, reason: 'received' })];
const held = (quantity: number): EventDraft =>
  reservationCreated.of({
    reservationId: `rsv_${uuid(900)}`,
    salesChannelId: null,
    reference: null,
    expiresAt: '2026-01-01T01:00:00.000Z',
    lines: [{ ...level, quantity }],
  });

type Subject = { variantId?: Id<'variant'>; locationId?: Id<'location'>; salesChannelId?: Id<'salesChannel'> };
const bare = { variantId: null, locationId: null, salesChannelId: null };

/** A policy as it was set before, at the revision named. */
function policy(subject: Subject, mode: OversellMode, quantity: number, revision = 1): EventDraft {
  const ids = { ...bare, ...subject };
  const scope = scopeOf(ids);
  if (!scope) throw new Error('no scope');
  const scopeKey = scopeKeyOf(ids);
  const oversellPolicyId: Id<'oversellPolicy'> = `osp_${uuid(500 + oversellScopes.indexOf(scope))}`;
  return oversellPolicySet.of({ oversellPolicyId, scopeKey, scope, ...ids, mode, quantity, revision, setAt });
}
const limitAt = (oversellLimit: number) =>
  oversellLimitSet.of({ levels: [{ ...level, oversellLimit, decidedBy: null }] });

const exercised = new Set<string>();
function refusal<Given extends { kind: string; code?: string }>(command: { type: string }, verdict: Given): Given {
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}
const named = (subject: Subject) => ({ ...subject, scope: scopeOf({ ...bare, ...subject }) ?? ('VARIANT' as const) });
const set = (
  events: EventDraft[],
  input: Subject & { scope?: OversellScope; mode: 'STRICT' | 'LIMIT' | 'BACKORDER'; quantity?: number },
) =>
  refusal(
    setOversellPolicy,
    given(registry, events).when(setOversellPolicy, { quantity: 0, ...named(input), ...input }),
  );
const clear = (events: EventDraft[], subject: Subject) =>
  refusal(clearOversellPolicy, given(registry, events).when(clearOversellPolicy, named(subject)));

describe('inventory.set_oversell_policy', () => {
  test('is of class R2', () => {
    expect([setOversellPolicy.risk, clearOversellPolicy.risk]).toEqual(['R2', 'R2']);
  });

  test('for a variant at a location gives its level the limit in the same step', () => {
    const scopeKey = `${variantId}:${locationId}`;
    expect(set(stocked, { ...level, mode: 'LIMIT', quantity: 5 })).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'inventory.oversell_policy.set',
          data: {
            oversellPolicyId: expect.stringMatching(/^osp_/),
            scopeKey,
            scope: 'VARIANT_LOCATION',
            ...bare,
            ...level,
            mode: 'LIMIT',
            quantity: 5,
            revision: 1,
            setAt,
          },
        },
        {
          type: 'inventory.level.oversell_limit_set',
          data: { levels: [{ ...level, oversellLimit: 5, decidedBy: scopeKey }] },
        },
      ],
      response: {
        oversellPolicyId: expect.stringMatching(/^osp_/),
        scope: 'VARIANT_LOCATION',
        mode: 'LIMIT',
        quantity: 5,
        version: 1,
        application: 'RUNNING',
        level: { oversellLimit: 5, availableToPromise: 8, shortfall: 0 },
      },
    });
  });

  test.each([
    [{ variantId }, 'VARIANT', 'RUNNING'],
    [{ locationId }, 'LOCATION', 'RUNNING'],
    [{ salesChannelId }, 'SALES_CHANNEL', 'DONE'],
  ] as const)('for %p is recorded, and touches no level', (subject, scope, application) => {
    expect(set(stocked, { ...subject, mode: 'BACKORDER', quantity: most })).toMatchObject({
      kind: 'accept',
      events: [{ type: 'inventory.oversell_policy.set', data: { scope, quantity: most } }],
      response: { scope, version: 1, application, level: null },
    });
  });

  test('before the level is opened is recorded for it', () => {
    expect(set(catalogue, { ...level, mode: 'LIMIT', quantity: 5 })).toMatchObject({
      events: [{ type: 'inventory.oversell_policy.set' }],
      response: { level: null, application: 'RUNNING' },
    });
  });

  test('keeps the policy and counts its versions', () => {
    const before = [...stocked, policy(level, 'LIMIT', 5), limitAt(5)];
    const verdict = set(before, { ...level, mode: 'LIMIT', quantity: 5 });
    // The level has that limit already.
    expect(verdict).toMatchObject({ response: { version: 2 }, events: [{ data: { revision: 2 } }] });
  });

  test('lowering a limit cancels nothing: what is promised beyond it shows as shortfall', () => {
    const promised = [...stocked, policy(level, 'LIMIT', 5), limitAt(5), held(7)];
    expect(set(promised, { ...level, mode: 'STRICT' })).toMatchObject({
      response: { level: { oversellLimit: 0, availableToPromise: -4, shortfall: 4 } },
    });
    const lowered = [...promised, limitAt(0)];
    const reserve = { holdSeconds: 900, lines: [{ ...level, quantity: 1 }] };
    expect(given(registry, lowered).when(create, reserve)).toMatchObject({ code: 'stock_insufficient' });
    // Raised again, the shortfall is gone.
    expect(given(registry, [...lowered, limitAt(6)]).when(create, reserve).kind).toBe('accept');
  });

  test.each([
    [{}, 'oversell_scope_invalid'],
    [{ salesChannelId, variantId }, 'oversell_scope_invalid'],
    [{ salesChannelId, locationId }, 'oversell_scope_invalid'],
    [{ variantId: `var_${uuid(1)}` as Id<'variant'> }, 'variant_not_found'],
    [{ locationId: `loc_${uuid(1)}` as Id<'location'> }, 'location_not_found'],
    [{ salesChannelId: `chn_${uuid(1)}` as Id<'salesChannel'> }, 'sales_channel_not_found'],
  ])('%p: %s', (subject, code) => {
    expect(set(stocked, { ...subject, mode: 'STRICT' })).toMatchObject({ kind: 'refuse', code: code as never });
    expect(clear(stocked, subject)).toMatchObject({ kind: 'refuse', code: code as never });
  });

  test('for another scope than the ids name is refused: what was approved is meant', () => {
    expect(set(stocked, { variantId, scope: 'LOCATION', mode: 'STRICT' })).toMatchObject({
      code: 'oversell_scope_invalid',
    });
    expect(set(stocked, { ...level, scope: 'VARIANT', mode: 'STRICT' })).toMatchObject({
      code: 'oversell_scope_invalid',
    });
  });

  test.each([
    ['STRICT', 1],
    ['LIMIT', 0],
    ['BACKORDER', 0],
  ] as const)('%s with a bound of %i does not fit', (mode, quantity) => {
    expect(set(stocked, { variantId, mode, quantity })).toMatchObject({ code: 'oversell_bound_invalid' });
  });

  test('happens a bounded number of times for one scope', () => {
    const often = Array.from({ length: limits.oversellRevisions }, (_, at) =>
      policy({ variantId }, at % 2 === 0 ? 'LIMIT' : 'STRICT', at % 2 === 0 ? 1 : 0, at + 1),
    );
    expect(set([...catalogue, ...often], { variantId, mode: 'STRICT' })).toMatchObject({
      code: 'oversell_revision_limit_reached',
    });
    expect(clear([...catalogue, ...often], { variantId })).toMatchObject({ code: 'oversell_revision_limit_reached' });
    expect(set([...catalogue, ...often.slice(0, -1)], { variantId, mode: 'STRICT' }).kind).toBe('accept');
  });
});

describe('inventory.clear_oversell_policy', () => {
  test('lets the next scope decide at once about the level that it was for', () => {
    const before = [...stocked, policy({ variantId }, 'LIMIT', 2), policy(level, 'LIMIT', 5), limitAt(5)];
    expect(clear(before, level)).toMatchObject({
      events: [
        { type: 'inventory.oversell_policy.set', data: { mode: 'INHERIT', quantity: 0, revision: 2 } },
        { data: { levels: [{ ...level, oversellLimit: 2, decidedBy: variantId }] } },
      ],
      response: { mode: 'INHERIT', version: 2, level: { oversellLimit: 2 } },
    });
  });

  test('needs a policy that says something', () => {
    expect(clear(stocked, level)).toMatchObject({ kind: 'refuse', code: 'oversell_policy_not_found' });
    const cleared = [...stocked, policy(level, 'LIMIT', 5), policy(level, 'INHERIT', 0, 2)];
    expect(clear(cleared, level)).toMatchObject({ kind: 'refuse', code: 'oversell_policy_not_found' });
  });
});

describe('a level that is opened', () => {
  const open = (events: EventDraft[]) =>
    given(registry, events).when(adjust, { ...level, delta: 2, reason: 'received' });

  test('has the policy that there is at once', () => {
    expect(open([...catalogue, policy({ locationId }, 'LIMIT', 4)])).toMatchObject({
      events: [
        { type: 'inventory.level.adjusted' },
        { data: { levels: [{ ...level, oversellLimit: 4, decidedBy: locationId }] } },
      ],
      response: { onHand: 2, availableToPromise: 6, version: 2 },
    });
  });

  test('is strict without one, and costs no further event', () => {
    expect(open(catalogue)).toMatchObject({ events: [{ type: 'inventory.level.adjusted' }], response: { version: 1 } });
    const strict = [...catalogue, policy({ variantId }, 'STRICT', 0), policy({ locationId }, 'LIMIT', 4)];
    expect(open(strict)).toMatchObject({ response: { availableToPromise: 2, version: 1 } });
  });

  test('later adjustments leave the limit alone', () => {
    expect(open([...stocked, policy({ variantId }, 'LIMIT', 9)])).toMatchObject({
      events: [{ type: 'inventory.level.adjusted' }],
      response: { availableToPromise: 5 },
    });
  });
});

describe('a sales channel', () => {
  const sell = (events: EventDraft[], quantity: number) =>
    given(registry, events).when(create, { holdSeconds: 900, salesChannelId, lines: [{ ...level, quantity }] });
  const deep = [...stocked, policy(level, 'LIMIT', 10), limitAt(10)];

  test.each([
    ['no policy', 12, []],
    ['LIMIT 4', 6, [policy({ salesChannelId }, 'LIMIT', 4)]],
    ['STRICT', 2, [policy({ salesChannelId }, 'STRICT', 0)]],
    ['a bound beyond the level', 12, [policy({ salesChannelId }, 'BACKORDER', most)]],
    ['INHERIT', 12, [policy({ salesChannelId }, 'LIMIT', 4), policy({ salesChannelId }, 'INHERIT', 0, 2)]],
    ['LIMIT 1, once 4', 3, [policy({ salesChannelId }, 'LIMIT', 4), policy({ salesChannelId }, 'LIMIT', 1, 2)]],
  ])('with %s may promise %i, and not one more', (_what, available, policies) => {
    expect(sell([...deep, ...policies], available).kind).toBe('accept');
    expect(sell([...deep, ...policies], available + 1)).toMatchObject({ detail: { available } });
  });

  test('never widens what the level allows', () => {
    const strict = [...stocked, policy({ salesChannelId }, 'LIMIT', 100)];
    expect(sell(strict, 3)).toMatchObject({ code: 'stock_insufficient', detail: { available: 2 } });
  });
});

describe('inventory.apply_oversell_policy', () => {
  const other = { variantId, locationId: elsewhere };
  const two = [...stocked, onHandAdjusted.of({ ...other, delta: 1, reason: 'received' })];
  const apply = (events: EventDraft[], change: Partial<Parameters<typeof applyOversellPolicy.decide>[1]> = {}) =>
    refusal(
      applyOversellPolicy,
      given(registry, events).when(applyOversellPolicy, {
        scopeKey: variantId,
        revision: 1,
        levels: [level, other],
        finished: false,
        ...change,
      }),
    );

  test('is internal, and for the system alone', () => {
    expect([applyOversellPolicy.internal, applyOversellPolicy.actorTypes]).toEqual([true, ['SYSTEM']]);
  });

  test('brings levels to what all scopes together say, each once, and changes no other', () => {
    const before = [...two, policy({ variantId }, 'LIMIT', 6), policy(other, 'LIMIT', 1)];
    expect(apply(before, { levels: [level, other, level] })).toMatchObject({
      events: [
        {
          type: 'inventory.level.oversell_limit_set',
          data: {
            levels: [
              { ...level, oversellLimit: 6, decidedBy: variantId },
              { ...other, oversellLimit: 1, decidedBy: `${variantId}:${elsewhere}` },
            ],
          },
        },
      ],
      response: { changed: 2, application: 'RUNNING' },
    });
    expect(apply([...before, limitAt(6)], { levels: [level] })).toMatchObject({ events: [], response: { changed: 0 } });
  });

  test('ignores a level that does not exist, and says when it is finished', () => {
    const before = [...catalogue, policy({ variantId }, 'LIMIT', 6)];
    expect(apply(before, { finished: true })).toEqual({
      kind: 'accept',
      events: [{ type: 'inventory.oversell_policy.applied', data: { scopeKey: variantId, revision: 1 } }],
      response: { changed: 0, application: 'DONE' },
    });
  });

  test('does nothing for a policy that was set again, or has been applied, or never was', () => {
    const first = [...two, policy({ variantId }, 'LIMIT', 6)];
    const again = [...first, policy({ variantId }, 'LIMIT', 7, 2)];
    const done = [...first, oversellPolicyApplied.of({ scopeKey: variantId, revision: 1 })];
    for (const events of [again, done, two]) {
      expect(apply(events)).toMatchObject({ kind: 'refuse', code: 'oversell_application_superseded' });
    }
    // Setting it again begins anew.
    expect(apply([...done, policy({ variantId }, 'LIMIT', 7, 2)], { revision: 2 }).kind).toBe('accept');
  });
});

test('the most specific scope that says something decides, whatever the others say', () => {
  const anyRule: fc.Arbitrary<OversellRule | undefined> = fc.option(
    fc.record({ mode: fc.constantFrom('STRICT', 'LIMIT', 'BACKORDER', 'INHERIT'), quantity: fc.nat({ max: 9 }) }),
    { nil: undefined },
  );
  let decided = 0;
  fc.assert(
    fc.property(anyRule, anyRule, anyRule, (own, ofVariant, ofLocation) => {
      const rules: Record<string, OversellRule | undefined> = {
        [`${variantId}:${locationId}`]: own,
        [variantId]: ofVariant,
        [locationId]: ofLocation,
      };
      const result = effectiveOversell(level, (scopeKey) => rules[scopeKey]);
      const says = (rule: OversellRule | undefined): rule is OversellRule =>
        rule !== undefined && rule.mode !== 'INHERIT';
      const first = says(own) ? own : says(ofVariant) ? ofVariant : says(ofLocation) ? ofLocation : null;
      if (first) decided += 1;
      expect({ mode: result.mode, quantity: result.quantity }).toEqual(first ?? { mode: 'STRICT', quantity: 0 });
      expect(result.decidedBy === null).toBe(first === null);
    }),
  );
  expect(decided).toBeGreaterThan(10);
});

test('every declared refusal was seen above, and no other', () => {
  const declared = [setOversellPolicy, clearOversellPolicy, applyOversellPolicy].flatMap((command) =>
    command.refusals.map((code) => `${command.type} ${code}`),
  );
  expect(declared.length).toBeGreaterThan(10);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});

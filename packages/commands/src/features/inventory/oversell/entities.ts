import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { OversellPolicySet } from './events.ts';
import type { OversellMode, OversellRevision, OversellScope, OversellSubject } from './oversell-policy.ts';

/** The policy of one scope as it stands. Its version counts how often it was set. */
export interface OversellPolicyState extends OversellSubject {
  readonly id: Id<'oversellPolicy'>;
  readonly scopeKey: string;
  readonly scope: OversellScope;
  readonly mode: OversellMode;
  readonly quantity: number;
}

export const oversellPolicy = defineEntity<OversellPolicyState>({
  name: 'oversell_policy',
  table: 'oversell_policies',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'oversellPolicy' },
    scopeKey: { column: 'scope_key' },
    scope: { column: 'scope' },
    variantId: { column: 'variant_id', id: 'variant' },
    locationId: { column: 'location_id', id: 'location' },
    salesChannelId: { column: 'sales_channel_id', id: 'salesChannel' },
    mode: { column: 'mode' },
    quantity: { column: 'quantity' },
  },
  evolve: {
    'inventory.oversell_policy.set': (_state, { data }: PastEvent<OversellPolicySet>) => ({
      id: data.oversellPolicyId,
      scopeKey: data.scopeKey,
      scope: data.scope,
      variantId: data.variantId,
      locationId: data.locationId,
      salesChannelId: data.salesChannelId,
      mode: data.mode,
      quantity: data.quantity,
    }),
  },
});

/** Whether the levels that a policy is for have been brought to it; the worker carries it out. */
export interface OversellApplicationState {
  readonly scopeKey: string;
  readonly revision: number;
  readonly status: 'RUNNING' | 'DONE';
  readonly startedAt: string;
}

export const oversellApplication = defineEntity<OversellApplicationState>({
  name: 'oversell_application',
  table: 'oversell_applications',
  locked: true,
  key: ['scopeKey'],
  fields: {
    scopeKey: { column: 'scope_key' },
    revision: { column: 'revision' },
    status: { column: 'status' },
    startedAt: { column: 'started_at' },
  },
  evolve: {
    'inventory.oversell_policy.set': (_state, { data }: PastEvent<OversellPolicySet>) => ({
      scopeKey: data.scopeKey,
      revision: data.revision,
      status: 'RUNNING' as const,
      startedAt: data.setAt,
    }),
    'inventory.oversell_policy.applied': (state) => {
      if (!state) throw new Error('a policy was applied that was never set');
      return { ...state, status: 'DONE' as const };
    },
  },
});

export interface OversellRevisionState extends OversellRevision {
  readonly setAt: string;
}

/** What a policy said at each of its versions: never changed, and so read without a lock wherever stock is promised. */
export const oversellRevision = defineEntity<OversellRevisionState>({
  name: 'oversell_revision',
  table: 'oversell_revisions',
  locked: false,
  key: ['scopeKey', 'revision'],
  fields: {
    scopeKey: { column: 'scope_key' },
    revision: { column: 'revision' },
    mode: { column: 'mode' },
    quantity: { column: 'quantity' },
    setAt: { column: 'set_at' },
  },
  evolve: {
    'inventory.oversell_policy.set': (_state, { data }: PastEvent<OversellPolicySet>) => ({
      scopeKey: data.scopeKey,
      revision: data.revision,
      mode: data.mode,
      quantity: data.quantity,
      setAt: data.setAt,
    }),
  },
});

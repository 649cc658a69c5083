import { idShape, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type DecisionContext, refuse, type StateReader, type Verdict } from '../../../definition/command.ts';
import { type Load, rowsWhere } from '../../../definition/entity.ts';
import { inventoryLevel, location, salesChannel, variant } from '../entities.ts';
import { availableToPromise, withShortfall } from '../level.ts';
import { oversellApplication, oversellPolicy, oversellRevision, type OversellPolicyState } from './entities.ts';
import { oversellLimitSet, oversellPolicySet } from './events.ts';
import {
  effectiveOversell,
  latestOf,
  oversellModes,
  type OversellRule,
  type OversellScope,
  oversellScopes,
  type OversellSubject,
  precedenceOf,
  scopeKeyOf,
  scopeOf,
} from './oversell-policy.ts';

/** What setting a policy and taking it back have in common: who it is for, what is looked at, and what follows. */
export const oversellSubjectInput = {
  variantId: v.optional(idShape('variant')),
  locationId: v.optional(idShape('location')),
  salesChannelId: v.optional(idShape('salesChannel')),
};
/** The scope in one word, though the ids say it too; it must be the one that they name. */
export const oversellScopeInput = v.picklist(oversellScopes);
type SubjectInput = v.InferOutput<v.StrictObjectSchema<typeof oversellSubjectInput, undefined>> & {
  readonly scope?: OversellScope | undefined;
};

export const policyOutput = {
  scope: v.picklist(oversellScopes),
  mode: v.picklist(oversellModes),
  quantity: v.number(),
  version: v.number(),
  /** RUNNING: the worker brings the levels to it, which the query inventory.oversell_policies tells. */
  application: v.picklist(['RUNNING', 'DONE']),
  /** The level of a policy for a variant at a location, if there is one: it has its new limit at once. */
  level: v.nullable(
    v.strictObject({ oversellLimit: v.number(), availableToPromise: v.number(), shortfall: v.number() }),
  ),
};
type PolicyOutput = v.InferOutput<v.StrictObjectSchema<typeof policyOutput, undefined>> & {
  readonly oversellPolicyId: OversellPolicyState['id'];
};

export const policyRefusals = [
  'oversell_scope_invalid',
  'variant_not_found',
  'location_not_found',
  'sales_channel_not_found',
] as const;

const subjectOf = (input: SubjectInput): OversellSubject => ({
  variantId: input.variantId ?? null,
  locationId: input.locationId ?? null,
  salesChannelId: input.salesChannelId ?? null,
});

export function policyLoads(input: SubjectInput): Load[] {
  const { variantId, locationId, salesChannelId } = input;
  const scopeKey = scopeKeyOf(subjectOf(input));
  const level = variantId && locationId ? { variantId, locationId } : null;
  return [
    rowsWhere(oversellPolicy, { scopeKey }),
    rowsWhere(oversellApplication, { scopeKey }),
    ...(variantId ? [rowsWhere(variant, { id: variantId })] : []),
    ...(locationId ? [rowsWhere(location, { id: locationId })] : []),
    ...(salesChannelId ? [rowsWhere(salesChannel, { id: salesChannelId })] : []),
    ...(level ? [rowsWhere(inventoryLevel, level)] : []),
    ...(level ? precedenceOf(level).map((key) => rowsWhere(oversellRevision, { scopeKey: key })) : []),
  ];
}

export function policyVersioned(input: SubjectInput): Load {
  return rowsWhere(oversellPolicy, { scopeKey: scopeKeyOf(subjectOf(input)) });
}

/** Gives a scope another rule, and the one level that it may be for its new limit in the same step. */
export function decideRule<Refusal extends 'oversell_bound_invalid' | 'oversell_policy_not_found'>(
  { state, ctx }: { state: StateReader; ctx: DecisionContext },
  input: SubjectInput,
  ruleOn: (before: OversellPolicyState | undefined) => OversellRule | Verdict<never, Refusal>,
): Verdict<PolicyOutput, Refusal | (typeof policyRefusals)[number] | 'oversell_revision_limit_reached'> {
  const subject = subjectOf(input);
  const scope = scopeOf(subject);
  if (scope === null || (input.scope ?? scope) !== scope) return refuse('oversell_scope_invalid', { ...input });
  const { variantId, locationId, salesChannelId } = subject;
  if (variantId && !state.get(variant, { id: variantId })) return refuse('variant_not_found', { variantId });
  if (locationId && !state.get(location, { id: locationId })) return refuse('location_not_found', { locationId });
  if (salesChannelId && !state.get(salesChannel, { id: salesChannelId })) {
    return refuse('sales_channel_not_found', { salesChannelId });
  }
  const scopeKey = scopeKeyOf(subject);
  const before = state.get(oversellPolicy, { scopeKey });
  const rule = ruleOn(before);
  if ('kind' in rule) return rule;
  // Somebody may set the same scope for the first time right now, so that its revision is seen and its policy is not yet.
  // What is decided then breaks the scope's unique key, and is decided again with both in sight.
  const seen = latestOf(state.list(oversellRevision, { scopeKey }))?.revision ?? 0;
  const revision = Math.max(state.versionOf(oversellPolicy, { scopeKey }), seen) + 1;
  if (revision > limits.oversellRevisions) return refuse('oversell_revision_limit_reached', { revision: revision - 1 });
  const oversellPolicyId = before?.id ?? ctx.newId('oversellPolicy');
  const { mode, quantity } = rule;
  const set = { oversellPolicyId, scopeKey, scope, ...subject, mode, quantity, revision, setAt: ctx.now };
  const level = levelUnder(state, subject, { scopeKey, rule });
  return accept({
    events: [oversellPolicySet.of(set), ...(level?.events ?? [])],
    response: {
      oversellPolicyId,
      scope,
      mode,
      quantity,
      version: revision,
      application: scope === 'SALES_CHANNEL' ? 'DONE' : 'RUNNING',
      level: level?.response ?? null,
    },
  });
}

/** What becomes of the level that a policy is for: the limit that the scopes give it together, with the new rule in place. */
function levelUnder(
  state: StateReader,
  { variantId, locationId }: OversellSubject,
  set: { readonly scopeKey: string; readonly rule: OversellRule },
) {
  if (!variantId || !locationId) return null;
  const level = state.get(inventoryLevel, { variantId, locationId });
  if (!level) return null;
  const { quantity: oversellLimit, decidedBy } = effectiveOversell(level, (scopeKey) =>
    scopeKey === set.scopeKey ? set.rule : latestOf(state.list(oversellRevision, { scopeKey })),
  );
  const after = withShortfall({ ...level, oversellLimit });
  const changes = oversellLimit !== level.oversellLimit;
  return {
    events: changes ? [oversellLimitSet.of({ levels: [{ variantId, locationId, oversellLimit, decidedBy }] })] : [],
    response: { oversellLimit, availableToPromise: availableToPromise(after), shortfall: after.shortfall },
  };
}

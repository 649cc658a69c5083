import { amountShape, idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineCommand, refuse } from '../../../definition/command.ts';
import { isBoundOf } from '../oversell/oversell-policy.ts';
import {
  decideRule,
  oversellScopeInput,
  oversellSubjectInput,
  policyLoads,
  policyOutput,
  policyRefusals,
  policyVersioned,
} from '../oversell/decide-rule.ts';

export const setOversellPolicy = defineCommand({
  type: 'inventory.set_oversell_policy',
  version: 1,
  summary:
    'Says how far promises may exceed the stock of a variant at a location, of a variant, of a location (the first that is set decides), or through a sales channel, which only narrows. Never cancels anything.',
  risk: 'R2',
  scope: 'inventory.oversell_policy:set',
  environment: 'caller',
  input: v.strictObject({
    ...oversellSubjectInput,
    scope: v.optional(oversellScopeInput),
    mode: v.picklist(['STRICT', 'LIMIT', 'BACKORDER']),
    /** Units; always a number, however large, so that there is no promise without a bound. */
    quantity: v.optional(amountShape, 0),
  }),
  output: v.strictObject({ ...policyOutput, oversellPolicyId: idShape('oversellPolicy') }),
  refusals: [...policyRefusals, 'oversell_bound_invalid', 'oversell_revision_limit_reached'],
  load: policyLoads,
  versioned: policyVersioned,
  decide: (state, { mode, quantity, ...subject }, ctx) => {
    const rule = { mode, quantity };
    return decideRule({ state, ctx }, subject, () =>
      isBoundOf(rule) ? rule : refuse('oversell_bound_invalid', { mode, quantity }),
    );
  },
});

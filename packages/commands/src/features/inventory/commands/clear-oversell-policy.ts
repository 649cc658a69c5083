import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineCommand, refuse } from '../../../definition/command.ts';
import {
  decideRule,
  oversellScopeInput,
  oversellSubjectInput,
  policyLoads,
  policyOutput,
  policyRefusals,
  policyVersioned,
} from '../oversell/decide-rule.ts';

export const clearOversellPolicy = defineCommand({
  type: 'inventory.clear_oversell_policy',
  version: 1,
  summary: 'Takes an oversell policy back: the next scope decides again, and STRICT where there is none.',
  risk: 'R2',
  scope: 'inventory.oversell_policy:set',
  environment: 'caller',
  input: v.strictObject({ ...oversellSubjectInput, scope: oversellScopeInput }),
  output: v.strictObject({ ...policyOutput, oversellPolicyId: idShape('oversellPolicy') }),
  refusals: [...policyRefusals, 'oversell_policy_not_found', 'oversell_revision_limit_reached'],
  load: policyLoads,
  versioned: policyVersioned,
  decide: (state, subject, ctx) =>
    decideRule({ state, ctx }, subject, (before) =>
      before && before.mode !== 'INHERIT'
        ? { mode: 'INHERIT', quantity: 0 }
        : refuse('oversell_policy_not_found', { ...subject }),
    ),
});

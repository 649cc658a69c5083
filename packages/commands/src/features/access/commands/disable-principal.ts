import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { administratorGrants, administratorPrincipals, isLastAdministrator } from '../administrators.ts';
import { principal } from '../entities/principal.ts';
import { principalDisabled } from '../events.ts';

/** R1 for a human administrator: taking authority away must never wait. Keys, sessions and owned agents stop with it. */
export const disablePrincipal = defineCommand({
  type: 'access.disable_principal',
  version: 1,
  summary: 'Disables a principal for good; within a second none of its keys and sessions is accepted any more.',
  risk: 'R1',
  scope: 'access.principal:disable',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ principalId: idShape('principal') }),
  output: v.strictObject({ principalId: idShape('principal'), disabledAt: timestampShape }),
  refusals: ['principal_not_found', 'principal_disabled', 'last_administrator'],
  load: () => [administratorGrants],
  loadNext: ({ principalId }, state) => [rowsWhere(principal, { id: principalId }), ...administratorPrincipals(state)],
  versioned: ({ principalId }) => rowsWhere(principal, { id: principalId }),
  decide: (state, { principalId }, ctx) => {
    const found = state.get(principal, { id: principalId });
    if (!found) return refuse('principal_not_found', { principalId });
    if (found.status !== 'ACTIVE') return refuse('principal_disabled', { principalId });
    if (isLastAdministrator(state, { now: ctx.now, without: principalId })) return refuse('last_administrator');
    return accept({
      events: [principalDisabled.of({ principalId })],
      response: { principalId, disabledAt: ctx.now },
    });
  },
});

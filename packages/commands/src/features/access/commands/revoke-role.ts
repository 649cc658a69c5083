import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { administratorGrants, administratorPrincipals, isLastAdministrator } from '../administrators.ts';
import { roleGrant } from '../entities/role-grant.ts';
import { roleRevoked } from '../events.ts';

/** R1 for a human administrator: taking authority away must never wait. */
export const revokeRole = defineCommand({
  type: 'access.revoke_role',
  version: 1,
  summary: 'Revokes a role grant; within a second it gives nothing any more.',
  risk: 'R1',
  scope: 'access.role:revoke',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ roleGrantId: idShape('roleGrant') }),
  output: v.strictObject({ roleGrantId: idShape('roleGrant'), revokedAt: timestampShape }),
  refusals: ['role_grant_not_found', 'role_grant_revoked', 'last_administrator'],
  load: ({ roleGrantId }) => [administratorGrants, rowsWhere(roleGrant, { id: roleGrantId })],
  loadNext: (_input, state) => administratorPrincipals(state),
  versioned: ({ roleGrantId }) => rowsWhere(roleGrant, { id: roleGrantId }),
  decide: (state, { roleGrantId }, ctx) => {
    const found = state.get(roleGrant, { id: roleGrantId });
    if (!found) return refuse('role_grant_not_found', { roleGrantId });
    if (found.revokedAt !== null) return refuse('role_grant_revoked', { revokedAt: found.revokedAt });
    if (isLastAdministrator(state, { now: ctx.now, without: roleGrantId })) return refuse('last_administrator');
    return accept({
      events: [roleRevoked.of({ roleGrantId, principalId: found.principalId })],
      response: { roleGrantId, revokedAt: ctx.now },
    });
  },
});

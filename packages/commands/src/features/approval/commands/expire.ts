import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { approval } from '../entities.ts';
import { approvalExpired } from '../events.ts';
import { unusedValues } from '../unused-values.ts';

/** The end of a request that nobody decided. Issued by the sweeper, in the environment in which the request stands. */
export const expire = defineCommand({
  type: 'approval.expire',
  version: 1,
  summary: 'Ends a paused command that nobody decided in time.',
  risk: 'R1',
  scope: 'governance.approval:expire',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({ approvalId: idShape('approval') }),
  output: v.strictObject({ approvalId: idShape('approval'), status: v.literal('EXPIRED') }),
  refusals: ['approval_not_found', 'approval_not_pending', 'approval_not_expired'],
  load: ({ approvalId }) => [rowsWhere(approval, { id: approvalId })],
  decide: (state, { approvalId }, ctx) => {
    const request = state.get(approval, { id: approvalId });
    if (!request) return refuse('approval_not_found', { approvalId });
    if (request.status !== 'REQUESTED') return refuse('approval_not_pending', { status: request.status });
    if (ctx.now < request.expiresAt) return refuse('approval_not_expired', { expiresAt: request.expiresAt });
    return accept({
      events: [approvalExpired.of({ approvalId })],
      response: { approvalId, status: 'EXPIRED' as const },
      erase: unusedValues(request),
    });
  },
});

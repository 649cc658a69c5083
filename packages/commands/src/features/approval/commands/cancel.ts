import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { approval } from '../entities.ts';
import { approvalCancelled } from '../events.ts';
import { unusedValues } from '../unused-values.ts';
import { approvalInput, environmentOfApproval } from '../vote.ts';

/** Whoever asked, or on whose behalf it was asked, takes the request back. */
export const cancel = defineCommand({
  type: 'approval.cancel',
  version: 1,
  summary: 'Takes back a paused command that one asked for.',
  risk: 'R1',
  scope: 'governance.approval:cancel',
  environment: environmentOfApproval,
  input: approvalInput,
  output: v.strictObject({ approvalId: idShape('approval'), status: v.literal('CANCELLED') }),
  refusals: ['approval_not_found', 'approval_not_pending', 'approval_not_yours'],
  load: ({ approvalId }) => [rowsWhere(approval, { id: approvalId })],
  decide: (state, { approvalId }, ctx) => {
    const request = state.get(approval, { id: approvalId });
    if (!request) return refuse('approval_not_found', { approvalId });
    if (request.status !== 'REQUESTED') return refuse('approval_not_pending', { status: request.status });
    if (ctx.actor.id !== request.requestedBy && ctx.actor.id !== request.onBehalfOf) {
      return refuse('approval_not_yours');
    }
    return accept({
      events: [approvalCancelled.of({ approvalId })],
      response: { approvalId, status: 'CANCELLED' as const },
      erase: unusedValues(request),
    });
  },
});

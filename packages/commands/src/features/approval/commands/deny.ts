import { accept, defineCommand } from '../../../definition/command.ts';
import { approvalDenied, voteRecorded } from '../events.ts';
import { unusedValues } from '../unused-values.ts';
import {
  approvalInput,
  environmentOfApproval,
  loadForVote,
  loadRequest,
  openForVote,
  voteOutput,
  voteRefusals,
} from '../vote.ts';

/** One human's no, which is the end of it. */
export const deny = defineCommand({
  type: 'approval.deny',
  version: 1,
  summary: 'Denies a paused command for good.',
  risk: 'R1',
  scope: 'governance.approval:decide',
  environment: environmentOfApproval,
  actorTypes: ['USER'],
  alone: true,
  input: approvalInput,
  output: voteOutput,
  refusals: voteRefusals,
  load: loadRequest,
  loadNext: (input, state, ctx) => loadForVote(input, state, ctx, false),
  decide: (state, { approvalId }, ctx) => {
    const open = openForVote(approvalId, state, ctx);
    if (open.kind === 'refuse') return open;
    const { request } = open;
    const { requestedBy, approvals, quorum } = request;
    const recorded = voteRecorded.of({
      approvalId,
      voterId: ctx.actor.id,
      requestedBy,
      vote: 'DENY',
      reason: ctx.reason,
    });
    return accept({
      events: [recorded, approvalDenied.of({ approvalId })],
      response: {
        approvalId,
        status: 'DENIED' as const,
        approvals,
        quorum,
        executionReceiptId: null,
        result: null,
        failure: null,
      },
      erase: unusedValues(request),
    });
  },
});

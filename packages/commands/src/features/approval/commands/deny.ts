import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { approval } from '../entities.ts';
import { approvalDenied, voteRecorded } from '../events.ts';
import { unusedValues } from '../unused-values.ts';
import { approvalInput, environmentOfApproval, judgeVote, loadForVote, loadRequest, voteOutput } from '../vote.ts';

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
  refusals: ['approval_not_found', 'approval_not_pending', 'approval_expired', 'vote_not_allowed'],
  load: loadRequest,
  loadNext: (input, state, ctx) => loadForVote(input, state, ctx, false),
  decide: (state, { approvalId }, ctx) => {
    const request = state.get(approval, { id: approvalId });
    if (!request) return refuse('approval_not_found', { approvalId });
    if (request.status !== 'REQUESTED') return refuse('approval_not_pending', { status: request.status });
    if (ctx.now >= request.expiresAt) return refuse('approval_expired', { expiresAt: request.expiresAt });
    const ruling = judgeVote(request, state, ctx);
    if (!ruling.allowed) return refuse('vote_not_allowed', { rule: ruling.rule });
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

import { accept, defineCommand, type DecisionContext, type StateReader } from '../../../definition/command.ts';
import type { ApprovalState } from '../entities.ts';
import { approvalExecuted, approvalFailed, approvalSuperseded, voteRecorded } from '../events.ts';
import { approversOf, pausedCommandOf, pausedIn } from '../paused-command.ts';
import { approvalPolicyHash } from '../policy-hash.ts';
import { unusedValues } from '../unused-values.ts';
import {
  approvalInput,
  environmentOfApproval,
  loadForVote,
  loadRequest,
  openForVote,
  voteOutput,
  type VoteOutput,
  voteRefusals,
} from '../vote.ts';

/**
 * One human's approval. The vote that completes the quorum runs the paused command in its own transaction, once, after
 * policy and state have been asked again; a command that they now refuses ends the approval as FAILED, with the reason.
 */
export const approve = defineCommand({
  type: 'approval.approve',
  version: 1,
  summary: 'Approves a paused command; the vote that completes the quorum runs it.',
  risk: 'R1',
  scope: 'governance.approval:decide',
  environment: environmentOfApproval,
  actorTypes: ['USER'],
  alone: true,
  input: approvalInput,
  output: voteOutput,
  refusals: voteRefusals,
  load: loadRequest,
  loadNext: (input, state, ctx) => loadForVote(input, state, ctx, true),
  decide: (state, { approvalId }, ctx) => {
    const open = openForVote(approvalId, state, ctx);
    if (open.kind === 'refuse') return open;
    const { request } = open;
    return vote(request, state, ctx);
  },
});

function vote(request: ApprovalState, state: StateReader, ctx: DecisionContext) {
  const { id: approvalId, quorum } = request;
  const approvals = request.approvals + 1;
  const answer = (over: Partial<VoteOutput>): VoteOutput => ({
    approvalId,
    status: 'REQUESTED',
    approvals,
    quorum,
    executionReceiptId: null,
    result: null,
    failure: null,
    ...over,
  });
  const superseded = (failure: string) =>
    accept({
      events: [approvalSuperseded.of({ approvalId, failure })],
      response: answer({ status: 'SUPERSEDED', approvals: request.approvals, failure }),
      erase: unusedValues(request),
    });
  const paused = pausedIn(ctx.registry, request);
  if (!paused) return superseded('command_changed');
  const approvers = [...approversOf(state, approvalId), ctx.actor.id];
  const command = pausedCommandOf(request, paused, { state, scope: ctx, now: ctx.now, approvers });
  if (approvalPolicyHash(command.decision) !== request.policyHash) return superseded('policy_changed');
  const voted = voteRecorded.of({
    approvalId,
    voterId: ctx.actor.id,
    requestedBy: request.requestedBy,
    vote: 'APPROVE',
    reason: ctx.reason,
  });
  if (command.decision.decision === 'needs_approval') return accept({ events: [voted], response: answer({}) });
  const { receiptId: executionReceiptId, status, failure, response } = ctx.execute(command);
  const done = { approvalId, executionReceiptId };
  if (status === 'SUCCEEDED') {
    return accept({
      events: [voted, approvalExecuted.of(done)],
      response: answer({ status: 'EXECUTED', executionReceiptId, result: response }),
    });
  }
  const why = failure ?? status.toLowerCase();
  return accept({
    events: [voted, approvalFailed.of({ ...done, failure: why })],
    response: answer({ status: 'FAILED', executionReceiptId, failure: why }),
    erase: unusedValues(request),
  });
}

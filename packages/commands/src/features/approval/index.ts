import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { approve } from './commands/approve.ts';
import { cancel } from './commands/cancel.ts';
import { deny } from './commands/deny.ts';
import { expire } from './commands/expire.ts';
import { approval, approvalVote } from './entities.ts';
import {
  approvalCancelled,
  approvalDenied,
  approvalExecuted,
  approvalExpired,
  approvalFailed,
  approvalRequested,
  approvalSuperseded,
  voteRecorded,
} from './events.ts';
import { getApproval, getTenantApproval } from './queries/approval.ts';
import { listApprovals, listTenantApprovals } from './queries/approvals.ts';

export { type ApprovalState, type ApprovalStatus, approvalStatuses } from './entities.ts';
export { approvalPolicyHash } from './policy-hash.ts';
export { approvalShape, type ApprovalView, approvalView } from './queries/approval-view.ts';
export { approval, approvalRequested, approvalVote, approve, cancel, deny, expire };

/** Part of every registry: the pipeline itself issues its first event. */
export const approvals: FeatureDefinition = defineFeature({
  name: 'approval',
  commands: [approve, deny, cancel, expire],
  queries: [listApprovals, listTenantApprovals, getApproval, getTenantApproval],
  events: [
    approvalRequested,
    voteRecorded,
    approvalExecuted,
    approvalFailed,
    approvalDenied,
    approvalExpired,
    approvalCancelled,
    approvalSuperseded,
  ],
  entities: [approval, approvalVote],
  agentSurface: { summary: 'Commands of class R2 and R3 wait here for a named human. Agents can look, and take back.' },
});

import { defineEvent, pastVersion } from '@karmanflow/events';
import { actorTypes, riskClasses } from '@karmanflow/policy';
import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';

const base64 = v.pipe(v.string(), v.base64());
const approvalId = idShape('approval');
const touchesApproval = (data: { approvalId: string }) => [{ entity: 'approval', key: { id: data.approvalId } }];

/** As it was before an approval kept its command's caller: whoever reads it does without. */
const requestedFirst = v.strictObject({
  approvalId,
  commandType: v.string(),
  commandHash: base64,
  commandBody: base64,
  risk: v.picklist(riskClasses),
  requestedBy: idShape('principal'),
  onBehalfOf: v.nullable(idShape('principal')),
  policyHash: v.string(),
  expiresAt: timestampShape,
});

/** Version 1 had none of the optional members. */
export const approvalRequested = defineEvent({
  type: 'governance.approval.requested',
  version: 2,
  data: v.strictObject({
    approvalId,
    commandType: v.string(),
    commandVersion: v.optional(v.number()),
    commandHash: base64,
    commandBody: base64,
    risk: v.picklist(riskClasses),
    requestedBy: idShape('principal'),
    requesterType: v.optional(v.picklist(actorTypes)),
    onBehalfOf: v.nullable(idShape('principal')),
    credential: v.optional(v.nullable(v.strictObject({ type: v.string(), id: v.string() }))),
    correlationId: v.optional(v.string()),
    reason: v.optional(v.nullable(v.string())),
    /** References to the personal values of the command, by the name of the field that held them. */
    personal: v.optional(v.record(v.string(), idShape('personalData'))),
    quorum: v.optional(v.number()),
    policyHash: v.string(),
    expiresAt: timestampShape,
  }),
  past: [pastVersion({ version: 1, data: requestedFirst, upcast: (data) => data })],
  touches: touchesApproval,
  dueAt: (data) => data.expiresAt,
});
export type ApprovalRequested = v.InferOutput<typeof approvalRequested.data>;

export const voteRecorded = defineEvent({
  type: 'governance.approval.voted',
  version: 1,
  data: v.strictObject({
    approvalId,
    voterId: idShape('principal'),
    requestedBy: idShape('principal'),
    vote: v.picklist(['APPROVE', 'DENY']),
    reason: v.nullable(v.string()),
  }),
  touches: (data) => [
    ...touchesApproval(data),
    { entity: 'approval_vote', key: { approvalId: data.approvalId, voterId: data.voterId } },
  ],
});
export type VoteRecorded = v.InferOutput<typeof voteRecorded.data>;

const executionReceiptId = idShape('receipt');

/** The deciding vote ran the command, and it did what was asked. */
export const approvalExecuted = defineEvent({
  type: 'governance.approval.executed',
  version: 1,
  data: v.strictObject({ approvalId, executionReceiptId }),
  touches: touchesApproval,
});
export type ApprovalExecuted = v.InferOutput<typeof approvalExecuted.data>;

/** The deciding vote ran the command, and state or policy no longer allowed it. */
export const approvalFailed = defineEvent({
  type: 'governance.approval.failed',
  version: 1,
  data: v.strictObject({ approvalId, executionReceiptId, failure: v.string() }),
  touches: touchesApproval,
});
export type ApprovalFailed = v.InferOutput<typeof approvalFailed.data>;

const ended = v.strictObject({ approvalId });

export const approvalDenied = defineEvent({
  type: 'governance.approval.denied',
  version: 1,
  data: ended,
  touches: touchesApproval,
});
export const approvalExpired = defineEvent({
  type: 'governance.approval.expired',
  version: 1,
  data: ended,
  touches: touchesApproval,
});
export const approvalCancelled = defineEvent({
  type: 'governance.approval.cancelled',
  version: 1,
  data: ended,
  touches: touchesApproval,
});

/** The rules or the command changed since: what would run now is not what was judged when it was asked for. */
export const approvalSuperseded = defineEvent({
  type: 'governance.approval.superseded',
  version: 1,
  data: v.strictObject({ approvalId, failure: v.string() }),
  touches: touchesApproval,
});
export type ApprovalSuperseded = v.InferOutput<typeof approvalSuperseded.data>;

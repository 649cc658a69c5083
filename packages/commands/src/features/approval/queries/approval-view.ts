import { actorTypes, riskClasses } from '@karmanflow/policy';
import { idShape, timestampShape, toId } from '@karmanflow/schema';
import type { Row } from '@karmanflow/schema';
import * as v from 'valibot';
import { approvalStatuses } from '../entities.ts';

export const approvalShape = v.strictObject({
  approvalId: idShape('approval'),
  status: v.picklist(approvalStatuses),
  commandType: v.string(),
  risk: v.picklist(riskClasses),
  /** SHA-256 of the exact command, in hex: what the votes are bound to. */
  commandHash: v.string(),
  policyHash: v.string(),
  requestedBy: idShape('principal'),
  requesterType: v.picklist(actorTypes),
  onBehalfOf: v.nullable(idShape('principal')),
  reason: v.nullable(v.string()),
  approvals: v.number(),
  quorum: v.number(),
  requestedAt: timestampShape,
  expiresAt: timestampShape,
  decidedAt: v.nullable(timestampShape),
  executionReceiptId: v.nullable(idShape('receipt')),
  failure: v.nullable(v.string()),
  version: v.number(),
});
export type ApprovalView = v.InferOutput<typeof approvalShape>;

export function approvalView(row: Row<'approvals'>): ApprovalView {
  return {
    approvalId: toId('approval', row.id),
    // The columns' CHECKs keep these three to the values of their types.
    status: row.status as ApprovalView['status'],
    commandType: row.command_type,
    risk: row.risk as ApprovalView['risk'],
    commandHash: Buffer.from(row.command_hash).toString('hex'),
    policyHash: row.policy_hash,
    requestedBy: toId('principal', row.requested_by),
    requesterType: row.requester_type as ApprovalView['requesterType'],
    onBehalfOf: row.on_behalf_of === null ? null : toId('principal', row.on_behalf_of),
    reason: row.reason,
    approvals: row.approvals,
    quorum: row.quorum,
    requestedAt: row.created_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    executionReceiptId: row.execution_receipt_id === null ? null : toId('receipt', row.execution_receipt_id),
    failure: row.failure,
    version: row.version,
  };
}

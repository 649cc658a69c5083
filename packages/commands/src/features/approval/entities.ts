import type { ActorType, RiskClass } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type {
  ApprovalExecuted,
  ApprovalFailed,
  ApprovalRequested,
  ApprovalSuperseded,
  VoteRecorded,
} from './events.ts';

export const approvalStatuses = [
  'REQUESTED',
  'APPROVED',
  'DENIED',
  'EXPIRED',
  'CANCELLED',
  'SUPERSEDED',
  'EXECUTED',
  'FAILED',
] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

/**
 * A command that waits for a human. It holds the exact command, so that what is approved is what was asked for. Its id is
 * that of the receipt that says so, with another prefix: whoever has the one knows the other.
 */
export interface ApprovalState {
  readonly id: Id<'approval'>;
  readonly commandType: string;
  readonly commandVersion: number;
  readonly commandHash: Uint8Array;
  /** Canonical JSON of the command's payload. */
  readonly commandBody: Uint8Array;
  readonly risk: RiskClass;
  readonly status: ApprovalStatus;
  readonly requestedBy: Id<'principal'>;
  readonly requesterType: ActorType;
  readonly onBehalfOf: Id<'principal'> | null;
  readonly credentialType: string | null;
  readonly credentialId: string | null;
  readonly correlationId: Id<'correlation'> | null;
  readonly reason: string | null;
  /** JSON object: references to personal values by field. */
  readonly personal: string;
  readonly policyHash: string;
  readonly quorum: number;
  /** Approving votes so far. */
  readonly approvals: number;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  readonly executionReceiptId: Id<'receipt'> | null;
  /** The refusal or the rule for which it ended without effect. */
  readonly failure: string | null;
}

function existing(state: ApprovalState | undefined): ApprovalState {
  if (!state) throw new Error('an approval changed before it was requested');
  return state;
}

const ended =
  (status: ApprovalStatus) =>
  (state: ApprovalState | undefined, { occurredAt }: PastEvent): ApprovalState => ({
    ...existing(state),
    status,
    decidedAt: occurredAt,
  });

export const approval = defineEntity<ApprovalState>({
  name: 'approval',
  table: 'approvals',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'approval' },
    commandType: { column: 'command_type' },
    commandVersion: { column: 'command_version' },
    commandHash: { column: 'command_hash' },
    commandBody: { column: 'command_body' },
    risk: { column: 'risk' },
    status: { column: 'status' },
    requestedBy: { column: 'requested_by', id: 'principal' },
    requesterType: { column: 'requester_type' },
    onBehalfOf: { column: 'on_behalf_of', id: 'principal' },
    credentialType: { column: 'credential_type' },
    credentialId: { column: 'credential_id' },
    correlationId: { column: 'correlation_id', id: 'correlation' },
    reason: { column: 'reason' },
    personal: { column: 'personal' },
    policyHash: { column: 'policy_hash' },
    quorum: { column: 'quorum' },
    approvals: { column: 'approvals' },
    expiresAt: { column: 'expires_at' },
    decidedAt: { column: 'decided_at' },
    executionReceiptId: { column: 'execution_receipt_id', id: 'receipt' },
    failure: { column: 'failure' },
  },
  evolve: {
    'governance.approval.requested': (_state, { data }: PastEvent<ApprovalRequested>) => ({
      id: data.approvalId,
      commandType: data.commandType,
      commandVersion: data.commandVersion ?? 1,
      commandHash: Buffer.from(data.commandHash, 'base64'),
      commandBody: Buffer.from(data.commandBody, 'base64'),
      risk: data.risk,
      status: 'REQUESTED' as const,
      requestedBy: data.requestedBy,
      requesterType: data.requesterType ?? 'USER',
      onBehalfOf: data.onBehalfOf,
      credentialType: data.credential?.type ?? null,
      credentialId: data.credential?.id ?? null,
      // An id of this kind by the schema of the command's envelope.
      correlationId: (data.correlationId as Id<'correlation'> | undefined) ?? null,
      reason: data.reason ?? null,
      personal: JSON.stringify(data.personal ?? {}),
      policyHash: data.policyHash,
      quorum: data.quorum ?? 1,
      approvals: 0,
      expiresAt: data.expiresAt,
      decidedAt: null,
      executionReceiptId: null,
      failure: null,
    }),
    'governance.approval.voted': (state, { data }: PastEvent<VoteRecorded>) => ({
      ...existing(state),
      approvals: existing(state).approvals + (data.vote === 'APPROVE' ? 1 : 0),
    }),
    'governance.approval.executed': (state, event: PastEvent<ApprovalExecuted>) => ({
      ...ended('EXECUTED')(state, event),
      executionReceiptId: event.data.executionReceiptId,
    }),
    'governance.approval.failed': (state, event: PastEvent<ApprovalFailed>) => ({
      ...ended('FAILED')(state, event),
      executionReceiptId: event.data.executionReceiptId,
      failure: event.data.failure,
    }),
    'governance.approval.denied': ended('DENIED'),
    'governance.approval.expired': ended('EXPIRED'),
    'governance.approval.cancelled': ended('CANCELLED'),
    'governance.approval.superseded': (state, event: PastEvent<ApprovalSuperseded>) => ({
      ...ended('SUPERSEDED')(state, event),
      failure: event.data.failure,
    }),
  },
});

/** One human's vote. The table has no room for a second one, nor for one's own. */
export interface ApprovalVoteState {
  readonly approvalId: Id<'approval'>;
  readonly voterId: Id<'principal'>;
  readonly requestedBy: Id<'principal'>;
  readonly vote: 'APPROVE' | 'DENY';
  readonly reason: string | null;
  readonly votedAt: string;
}

export const approvalVote = defineEntity<ApprovalVoteState>({
  name: 'approval_vote',
  table: 'approval_votes',
  locked: false,
  key: ['approvalId', 'voterId'],
  fields: {
    approvalId: { column: 'approval_id', id: 'approval' },
    voterId: { column: 'voter_id', id: 'principal' },
    requestedBy: { column: 'requested_by', id: 'principal' },
    vote: { column: 'vote' },
    reason: { column: 'reason' },
    votedAt: { column: 'voted_at' },
  },
  evolve: {
    'governance.approval.voted': (_state, { data, occurredAt }: PastEvent<VoteRecorded>) => ({
      approvalId: data.approvalId,
      voterId: data.voterId,
      requestedBy: data.requestedBy,
      vote: data.vote,
      reason: data.reason,
      votedAt: occurredAt,
    }),
  },
});

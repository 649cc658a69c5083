import { quorumOf } from '@karmanflow/policy';
import { type ReceiptBody, sha256 } from '@karmanflow/receipts';
import { type Id, newId, toId, toUuid, type UuidSource } from '@karmanflow/schema';
import type { PausedCommand } from '../definition/command.ts';
import { approvalPolicyHash, approvalRequested } from '../features/approval/index.ts';
import type { Decision } from './decide-command.ts';
import type { QueuedCommand } from './queued-command.ts';

/** R2 and R3 wait: the exact command is kept, and nothing else happens. */
export function pause(
  command: QueuedCommand,
  { now, personal }: { now: string; personal: ReadonlyMap<string, Id<'personalData'>> },
): Decision {
  const { definition, metadata, decision } = command;
  const { actor, credential, tenantPolicy } = metadata.caller;
  const approvalId = approvalIdOf(command.receiptId);
  const expiresAt = new Date(Date.parse(now) + tenantPolicy.approvalTtlSeconds * 1000).toISOString();
  const quorum = quorumOf({ tenantPolicy, commandType: definition.type });
  const response = { approvalId, status: 'REQUESTED', approvals: 0, quorum, expiresAt, failure: null };
  const event = approvalRequested.of({
    approvalId,
    commandType: definition.type,
    commandVersion: definition.version,
    commandHash: Buffer.from(command.payloadHash).toString('base64'),
    commandBody: Buffer.from(command.payload).toString('base64'),
    risk: decision.risk,
    requestedBy: actor.id,
    requesterType: actor.type,
    onBehalfOf: actor.onBehalfOf,
    credential: credential && { type: credential.type, id: credential.id },
    correlationId: metadata.correlationId,
    reason: metadata.reason,
    personal: Object.fromEntries(personal),
    quorum,
    policyHash: approvalPolicyHash(decision),
    expiresAt,
  });
  return { status: 'PENDING_APPROVAL', refusal: null, events: [event], response };
}

/** The receipt of a command that waits names what it waits for. */
export function approvalOf(command: QueuedCommand, { status }: Decision): ReceiptBody['approval'] {
  return status === 'PENDING_APPROVAL' ? { approvalId: approvalIdOf(command.receiptId), approvers: [] } : null;
}

/** A request and the receipt that says so share one UUID. */
function approvalIdOf(receiptId: Id<'receipt'>): Id<'approval'> {
  return toId('approval', toUuid(receiptId));
}

/** The key under which an execution is unique. No caller can send it: theirs are visible ASCII, and this begins with 0. */
function executionKey(approvalId: Id<'approval'>): Uint8Array {
  return sha256(new TextEncoder().encode(`\0approval ${approvalId}`));
}

/** A paused command as the pipeline runs it: with the actor of its request, inside the vote that decided. */
export function executionOf(vote: QueuedCommand, paused: PausedCommand, uuidSource: UuidSource): QueuedCommand {
  const { metadata } = vote;
  return {
    ...vote,
    definition: paused.definition,
    input: paused.input,
    payload: paused.payload,
    payloadHash: paused.payloadHash,
    personal: [],
    decision: paused.decision,
    receiptId: newId('receipt', uuidSource),
    keyHash: paused.decision.decision === 'deny' ? null : executionKey(paused.approvalId),
    metadata: {
      ...metadata,
      caller: { ...metadata.caller, actor: paused.actor, credential: paused.credential },
      correlationId: paused.correlationId ?? metadata.correlationId,
      causationId: vote.receiptId,
      expectedVersion: paused.expectedVersion,
      reason: paused.reason,
    },
    settled: false,
    settle: () => {},
  };
}

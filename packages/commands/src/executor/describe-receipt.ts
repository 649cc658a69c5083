import type { EventEnvelope } from '@karmanflow/events';
import { hashString, type ReceiptBody } from '@karmanflow/receipts';
import type { Decision } from './decide-command.ts';
import type { QueuedCommand } from './queued-command.ts';
import type { writeEvent } from './write-event.ts';

/** What the receipt of a decided command states. */
export function describeReceipt(
  command: QueuedCommand,
  options: {
    approval: ReceiptBody['approval'];
    decision: Decision;
    events: readonly ReturnType<typeof writeEvent>[];
    response: Uint8Array | null;
    now: string;
    elapsedMilliseconds: number;
  },
): ReceiptBody {
  const { definition, metadata, decision: policy } = command;
  const { caller } = metadata;
  const versions = new Map<string, EventEnvelope['entities'][number]>();
  for (const { entities } of options.events) for (const one of entities) versions.set(`${one.type} ${one.id}`, one);
  return {
    actor: { id: caller.actor.id, onBehalfOf: caller.actor.onBehalfOf, type: caller.actor.type },
    approval: options.approval,
    causationId: metadata.causationId,
    command: {
      payloadHash: `sha256:${command.payloadHash.toHex()}`,
      type: definition.type,
      version: definition.version,
    },
    completedAt: options.now,
    correlationId: metadata.correlationId,
    credential: caller.credential && { id: caller.credential.id, type: caller.credential.type },
    entities: [...versions.values()],
    environmentId: command.scope.environmentId,
    events: options.events.map(({ written }) => ({
      hash: `sha256:${written.hash.toHex()}`,
      id: `evt_${written.id}`,
      type: written.type,
    })),
    format: 'karmanflow.receipt/1',
    idempotencyKeyHash: command.keyHash ? `sha256:${command.keyHash.toHex()}` : null,
    policy: {
      decision: policy.decision,
      facts: policy.facts,
      rule: policy.rule,
      ruleSetHash: `sha256:${policy.ruleSetHash}`,
      ruleSetVersion: policy.ruleSetVersion,
    },
    reason: metadata.reason,
    receiptId: command.receiptId,
    refusal: options.decision.refusal as ReceiptBody['refusal'],
    requestId: metadata.requestId,
    // Both times are on the database's clock: an instance with a skewed one cannot date a receipt.
    requestedAt: new Date(Date.parse(options.now) - Math.max(0, Math.ceil(options.elapsedMilliseconds))).toISOString(),
    responseHash: options.response === null ? null : hashString(options.response),
    risk: policy.risk,
    scope: definition.scope,
    status: options.decision.status,
    tenantId: command.scope.tenantId,
    traceparent: metadata.traceparent,
  };
}

import type { EventDraft, EventEnvelope } from '@karmanflow/events';
import { canonicalBytes, type JsonValue, sha256 } from '@karmanflow/receipts';
import { limits, newId, toUuid } from '@karmanflow/schema';
import { isLedger } from '../definition/entity.ts';
import type { WorkingState } from '../working-state.ts';
import type { DecisionPorts } from './decide-command.ts';
import type { QueuedCommand } from './queued-command.ts';

/** An event as it is written: its canonical bytes and what the table keeps beside them. */
export interface WrittenEvent {
  readonly id: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

interface EventWork {
  readonly command: QueuedCommand;
  readonly draft: EventDraft;
  readonly ordinal: number;
  readonly ports: DecisionPorts;
  readonly state: WorkingState;
  readonly now: string;
}

/** Applies an event to the entities that it touches, and makes its envelope. Throws on a bug of the feature. */
export function writeEvent(work: EventWork): {
  written: WrittenEvent;
  entities: EventEnvelope['entities'];
  dueAt: string | undefined;
} {
  const { command, draft, ports, state, now } = work;
  const definition = ports.registry.events.get(draft.type);
  if (!definition) throw new Error(`${command.definition.type} emitted ${draft.type}, which no feature declares`);
  const eventId = newId('event', ports.uuidSource);
  const past = { type: draft.type, data: draft.data, eventId, occurredAt: now };
  const entities: EventEnvelope['entities'][number][] = [];
  for (const { entity: name, key } of definition.touches(draft.data as never, eventId)) {
    const entity = ports.registry.entities.get(name);
    if (!entity) throw new Error(`${draft.type} touches ${name}, which no feature declares`);
    const entry = state.evolve({ entity, key, event: past, receiptId: command.receiptId });
    if (!isLedger(entity)) entities.push({ id: entry.id, type: name, version: entry.version });
  }
  // Members in the order of RFC 8785, here and in the receipt: what is in order need not be sorted.
  const envelope: EventEnvelope = {
    correlationId: command.metadata.correlationId,
    data: draft.data,
    entities,
    environmentId: command.scope.environmentId,
    eventId,
    eventType: draft.type,
    eventVersion: definition.version,
    format: 'karmanflow.event/1',
    occurredAt: now,
    ordinal: work.ordinal,
    receiptId: command.receiptId,
    tenantId: command.scope.tenantId,
    traceparent: command.metadata.traceparent,
  };
  // Event data is JSON by its schema; canonicalBytes refuses anything that is not.
  const bytes = canonicalBytes(envelope as unknown as JsonValue);
  if (bytes.length > limits.eventBytes) throw new Error(`event ${draft.type} is too large`);
  const hash = sha256(bytes);
  const dueAt = definition.dueAt?.(draft.data as never);
  return { written: { id: toUuid(eventId), type: draft.type, bytes, hash }, entities, dueAt };
}

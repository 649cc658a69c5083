import type { EventDraft, EventEnvelope } from '@karmanflow/events';
import {
  canonicalBytes,
  hashString,
  type JsonValue,
  type ReceiptBody,
  type ReceiptSigner,
  sha256,
  prepareReceipt,
} from '@karmanflow/receipts';
import { type Id, limits, type RefusalCode, newId, toUuid, type UuidSource } from '@karmanflow/schema';
import { approvalRequested } from '../approvals.ts';
import { type JsonObject, refuse, type Verdict } from '../definition/command.ts';
import { isLedger } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import type { WorkingState } from '../working-state.ts';
import type { ReceiptStatus, StoredReceipt } from './outcome.ts';
import type { QueuedCommand } from './queued-command.ts';

/** An event as it is written: its canonical bytes and what the table keeps beside them. */
export interface WrittenEvent {
  readonly id: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

export interface WrittenPersonalValue {
  readonly id: string;
  readonly field: string;
  readonly value: string;
}

/** A decided command: everything that its transaction writes besides the entities in the working state. */
export interface DecidedCommand {
  readonly command: QueuedCommand;
  readonly receipt: StoredReceipt;
  readonly events: readonly WrittenEvent[];
  readonly personal: readonly WrittenPersonalValue[];
  readonly dueAt: readonly string[];
  readonly completedAt: string;
}

/** A decided command whose receipt is not signed yet: signing is the dearest part, and done for many at once. */
export type UnsignedCommand = Omit<DecidedCommand, 'receipt'> & { readonly receipt: Omit<StoredReceipt, 'signature'> };

export async function signCommand(command: UnsignedCommand, signer: ReceiptSigner): Promise<DecidedCommand> {
  const signature = await signer.signConcurrently(command.receipt.bytes);
  return { ...command, receipt: { ...command.receipt, signature } };
}

export interface DecisionPorts {
  readonly registry: Registry;
  readonly signer: ReceiptSigner;
  readonly uuidSource: UuidSource;
}

interface Decision {
  readonly status: ReceiptStatus;
  readonly events: readonly EventDraft[];
  readonly response: unknown;
  readonly refusal: { readonly code: string; readonly detail: JsonObject } | null;
}

/**
 * Decides one command on the evolving state of its batch and makes its receipt, unsigned. Pure but for the ids.
 * Throws on a bug of the feature; the caller then takes the state back.
 */
export function decideCommand(
  command: QueuedCommand,
  options: { ports: DecisionPorts; state: WorkingState; now: string; elapsedMilliseconds: number },
): UnsignedCommand {
  const { ports, state, now } = options;
  const personal = new Map(command.personal.map(({ field }) => [field, newId('personalData', ports.uuidSource)]));
  const decision = verdictOf(command, { ports, state, now, personal });
  const events = decision.events.map((draft, ordinal) => writeEvent({ command, draft, ordinal, ports, state, now }));
  const response = decision.response === null ? null : canonicalBytes(decision.response as JsonValue);
  if (response && response.length > limits.responseBytes) {
    throw new Error(`response of ${command.definition.type} is too large`);
  }
  const body = receiptBody(command, {
    decision,
    events,
    response,
    now,
    elapsedMilliseconds: options.elapsedMilliseconds,
  });
  const prepared = prepareReceipt(body);
  if (prepared.bytes.length > limits.receiptBytes)
    throw new Error(`receipt of ${command.definition.type} is too large`);
  return {
    command,
    receipt: {
      id: command.receiptId,
      commandType: command.definition.type,
      status: decision.status,
      bytes: prepared.bytes,
      hash: prepared.hash,
      keyId: ports.signer.keyId,
      response,
    },
    events: events.map(({ written }) => written),
    dueAt: events.flatMap(({ dueAt }) => dueAt ?? []),
    personal:
      decision.status === 'SUCCEEDED'
        ? command.personal.map(({ field, value }) => ({ id: toUuid(personal.get(field) ?? ''), field, value }))
        : [],
    completedAt: now,
  };
}

function verdictOf(
  command: QueuedCommand,
  options: {
    ports: DecisionPorts;
    state: WorkingState;
    now: string;
    personal: ReadonlyMap<string, Id<'personalData'>>;
  },
): Decision {
  const { decision: policy, definition } = command;
  const nothing = { events: [], response: null, refusal: null };
  if (policy.decision === 'deny') return { ...nothing, status: 'DENIED' };
  if (policy.decision === 'needs_approval') return pause(command, options);
  const verdict = decideOnVersion(command, options);
  if (verdict.kind === 'accept') {
    return { status: 'SUCCEEDED', events: verdict.events, response: verdict.response ?? {}, refusal: null };
  }
  const declared = verdict.code === 'version_conflict' || definition.refusals.includes(verdict.code);
  if (!declared) throw new Error(`${definition.type} refused with ${verdict.code}, which it does not declare`);
  return { ...nothing, status: 'REFUSED', refusal: { code: verdict.code, detail: verdict.detail } };
}

function decide(
  command: QueuedCommand,
  { ports, state, now, personal }: Parameters<typeof verdictOf>[1],
): Verdict<unknown, RefusalCode> {
  const { actor } = command.metadata.caller;
  // The registry pairs each definition with the input that its own schema parsed.
  return command.definition.decide(state, command.input as never, {
    ...command.scope,
    actor: { type: actor.type, id: actor.id },
    now,
    newId: (kind) => newId(kind, ports.uuidSource),
    personal,
  });
}

/**
 * Decides, unless the entity has another version than the caller saw. One that does not exist is left to `decide`, which
 * says so more precisely; but a command that would bring it into being did not see the version that it claims.
 */
function decideOnVersion(
  command: QueuedCommand,
  options: Parameters<typeof verdictOf>[1],
): Verdict<unknown, RefusalCode> {
  const { expectedVersion } = command.metadata;
  if (expectedVersion === null || command.definition.versioned === undefined) return decide(command, options);
  const { entity, where } = command.definition.versioned(command.input as never);
  const version = options.state.versionOf(entity as never, where as never);
  const conflict = refuse('version_conflict', { expectedVersion, version });
  if (version === expectedVersion) return decide(command, options);
  if (version !== 0) return conflict;
  const verdict = decide(command, options);
  return verdict.kind === 'accept' ? conflict : verdict;
}

/** R2 and R3 wait: the exact command is kept, and nothing else happens. */
function pause(command: QueuedCommand, { ports, now }: { ports: DecisionPorts; now: string }): Decision {
  const approvalId = newId('approval', ports.uuidSource);
  const { actor } = command.metadata.caller;
  const expiresAt = new Date(Date.parse(now) + limits.approvalTtlSeconds * 1000).toISOString();
  const response = { approvalId, status: 'REQUESTED', expiresAt };
  const event = approvalRequested.of({
    approvalId,
    commandType: command.definition.type,
    commandHash: Buffer.from(command.payloadHash).toString('base64'),
    commandBody: Buffer.from(command.payload).toString('base64'),
    risk: command.definition.risk,
    requestedBy: actor.id,
    onBehalfOf: actor.onBehalfOf,
    policyHash: command.decision.ruleSetHash,
    expiresAt,
  });
  return { status: 'PENDING_APPROVAL', refusal: null, events: [event], response };
}

interface EventWork {
  readonly command: QueuedCommand;
  readonly draft: EventDraft;
  readonly ordinal: number;
  readonly ports: DecisionPorts;
  readonly state: WorkingState;
  readonly now: string;
}

function writeEvent(work: EventWork): {
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

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function receiptBody(
  command: QueuedCommand,
  options: {
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
    approval: null,
    causationId: metadata.causationId,
    command: { payloadHash: `sha256:${hex(command.payloadHash)}`, type: definition.type, version: definition.version },
    completedAt: options.now,
    correlationId: metadata.correlationId,
    credential: caller.credential && { id: caller.credential.id, type: caller.credential.type },
    entities: [...versions.values()],
    environmentId: command.scope.environmentId,
    events: options.events.map(({ written }) => ({
      hash: `sha256:${hex(written.hash)}`,
      id: `evt_${written.id}`,
      type: written.type,
    })),
    format: 'karmanflow.receipt/1',
    idempotencyKeyHash: command.keyHash ? `sha256:${hex(command.keyHash)}` : null,
    policy: {
      decision: policy.decision,
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
    risk: definition.risk,
    scope: definition.scope,
    status: options.decision.status,
    tenantId: command.scope.tenantId,
    traceparent: metadata.traceparent,
  };
}

import type { EventDraft } from '@karmanflow/events';
import {
  canonicalBytes,
  type JsonValue,
  type ReceiptBody,
  type ReceiptSigner,
  prepareReceipt,
} from '@karmanflow/receipts';
import { type Id, limits, type RefusalCode, newId, toUuid, type UuidSource } from '@karmanflow/schema';
import { type Execution, type JsonObject, type PausedCommand, refuse, type Verdict } from '../definition/command.ts';
import type { Registry } from '../definition/registry.ts';
import type { WorkingState } from '../working-state.ts';
import type { ReceiptStatus, StoredReceipt } from './outcome.ts';
import { describeReceipt } from './describe-receipt.ts';
import { approvalOf, executionOf, pause } from './pause-command.ts';
import type { QueuedCommand } from './queued-command.ts';
import { writeEvent, type WrittenEvent } from './write-event.ts';

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
  /** UUIDs of personal values that cease to be. */
  readonly erased: readonly string[];
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

export interface Decision {
  readonly status: ReceiptStatus;
  readonly erase?: readonly Id<'personalData'>[];
  readonly events: readonly EventDraft[];
  readonly response: unknown;
  readonly refusal: { readonly code: string; readonly detail: JsonObject } | null;
}

export interface DecisionOptions {
  readonly ports: DecisionPorts;
  readonly state: WorkingState;
  readonly now: string;
  readonly elapsedMilliseconds: number;
}

/** What a command that waited for approval brings with it when it is run. */
interface Approved {
  readonly approval: NonNullable<ReceiptBody['approval']>;
  readonly personal: ReadonlyMap<string, Id<'personalData'>>;
}

interface Deciding extends DecisionOptions {
  readonly personal: ReadonlyMap<string, Id<'personalData'>>;
  readonly execute: (paused: PausedCommand) => Execution;
}

/**
 * Decides one command on the evolving state of its batch and makes its receipt, unsigned; before it stand the commands
 * that it ran inside itself. Pure but for the ids. Throws on a bug of the feature; the caller then takes the state back.
 */
export function decideCommand(command: QueuedCommand, options: DecisionOptions): readonly UnsignedCommand[] {
  const executed: UnsignedCommand[] = [];
  const execute = (paused: PausedCommand): Execution => {
    const inner = executionOf(command, paused, options.ports.uuidSource);
    const approved = {
      approval: { approvalId: paused.approvalId, approvers: paused.approvers },
      personal: paused.personal,
    };
    const { unsigned, decision } = decideOne(inner, options, { execute: refuseNesting, approved });
    executed.push(unsigned);
    return {
      receiptId: inner.receiptId,
      status: decision.status as Execution['status'],
      failure: decision.refusal?.code ?? (decision.status === 'DENIED' ? inner.decision.rule : null),
      response: decision.response,
    };
  };
  const { unsigned } = decideOne(command, options, { execute, approved: null });
  return [...executed, unsigned];
}

function refuseNesting(): never {
  throw new Error('a command that was approved runs no other');
}

function decideOne(
  command: QueuedCommand,
  options: DecisionOptions,
  inside: { execute: (paused: PausedCommand) => Execution; approved: Approved | null },
): { unsigned: UnsignedCommand; decision: Decision } {
  const { ports, state, now } = options;
  const personal =
    inside.approved?.personal ??
    new Map(command.personal.map(({ field }) => [field, newId('personalData', ports.uuidSource)]));
  const decision = verdictOf(command, { ...options, personal, execute: inside.execute });
  const events = decision.events.map((draft, ordinal) => writeEvent({ command, draft, ordinal, ports, state, now }));
  const response = decision.response === null ? null : canonicalBytes(decision.response as JsonValue);
  if (response && response.length > limits.responseBytes) {
    throw new Error(`response of ${command.definition.type} is too large`);
  }
  const body = describeReceipt(command, {
    approval: inside.approved?.approval ?? approvalOf(command, decision),
    decision,
    events,
    response,
    now,
    elapsedMilliseconds: options.elapsedMilliseconds,
  });
  const prepared = prepareReceipt(body);
  if (prepared.bytes.length > limits.receiptBytes)
    throw new Error(`receipt of ${command.definition.type} is too large`);
  const keepsPersonal = decision.status === 'SUCCEEDED' || decision.status === 'PENDING_APPROVAL';
  const unsigned: UnsignedCommand = {
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
    personal: keepsPersonal
      ? command.personal.map(({ field, value }) => ({ id: toUuid(personal.get(field) ?? ''), field, value }))
      : [],
    erased: (decision.erase ?? []).map(toUuid),
    completedAt: now,
  };
  return { unsigned, decision };
}

function verdictOf(command: QueuedCommand, options: Deciding): Decision {
  const { decision: policy, definition } = command;
  const nothing = { events: [], response: null, refusal: null };
  if (policy.decision === 'deny') return { ...nothing, status: 'DENIED' };
  if (policy.decision === 'needs_approval') return pause(command, options);
  const verdict = decideOnVersion(command, options);
  if (verdict.kind === 'accept') {
    return {
      status: 'SUCCEEDED',
      events: verdict.events,
      response: verdict.response ?? {},
      refusal: null,
      erase: verdict.erase ?? [],
    };
  }
  const declared = verdict.code === 'version_conflict' || definition.refusals.includes(verdict.code);
  if (!declared) throw new Error(`${definition.type} refused with ${verdict.code}, which it does not declare`);
  return { ...nothing, status: 'REFUSED', refusal: { code: verdict.code, detail: verdict.detail } };
}

function decide(
  command: QueuedCommand,
  { ports, state, now, personal, execute }: Deciding,
): Verdict<unknown, RefusalCode> {
  const { actor, credential, loginAgeSeconds } = command.metadata.caller;
  // The registry pairs each definition with the input that its own schema parsed.
  return command.definition.decide(state, command.input as never, {
    ...command.scope,
    actor: { type: actor.type, id: actor.id },
    credential,
    loginAgeSeconds,
    reason: command.metadata.reason,
    now,
    newId: (kind) => newId(kind, ports.uuidSource),
    personal,
    registry: ports.registry,
    execute,
  });
}

/**
 * Decides, unless the entity has another version than the caller saw. One that does not exist is left to `decide`, which
 * says so more precisely; but a command that would bring it into being did not see the version that it claims.
 */
function decideOnVersion(command: QueuedCommand, options: Deciding): Verdict<unknown, RefusalCode> {
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

import type { PolicyDecision } from '@karmanflow/policy';
import type { Id, Scope, TransportErrorCode } from '@karmanflow/schema';
import type { Span } from '@opentelemetry/api';
import type { AnyCommand } from '../definition/command.ts';
import type { CommandMetadata } from './metadata.ts';
import { type Outcome, rejected } from './outcome.ts';

/** A value that identifies a person, on its way into the one table that may hold it. */
export interface PersonalValue {
  readonly field: string;
  readonly value: string;
}

/** A command between acceptance and answer. */
export interface QueuedCommand {
  readonly definition: AnyCommand;
  /** Parsed, without personal values. */
  readonly input: unknown;
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
  readonly personal: readonly PersonalValue[];
  readonly metadata: CommandMetadata;
  readonly scope: Scope;
  readonly decision: PolicyDecision;
  /** Chosen at acceptance and kept over retries: a repeat that finds it in the database knows that it was its own. */
  readonly receiptId: Id<'receipt'>;
  /** The name of the row that it contends for, or one of its own. Commands of one name share a lane. */
  readonly contendsFor: string;
  /** null for a denied command, which does not consume its key. */
  readonly keyHash: Uint8Array | null;
  /** Monotonic milliseconds. */
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  readonly span: Span;
  readonly waiting: Span;
  /** True once a COMMIT that would include it was sent and its answer was not seen. */
  commitUnseen: boolean;
  /** True when its key may have been used before, so that its receipt is looked for first. */
  mayBeRepeat: boolean;
  settled: boolean;
  settle(outcome: Outcome): void;
}

/** An answer that says that nothing was done, or, when a COMMIT may have included the command, that nobody knows. */
export function notDone(command: QueuedCommand, code: TransportErrorCode, detail: string): Outcome {
  return command.commitUnseen
    ? rejected('outcome_unknown', 'the connection was lost while the command committed')
    : rejected(code, detail);
}

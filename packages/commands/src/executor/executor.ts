import { evaluatePolicy } from '@karmanflow/policy';
import { canonicalBytes, type JsonValue, sha256 } from '@karmanflow/receipts';
import { limits, newId, type Scope, type TransportErrorCode } from '@karmanflow/schema';
import { context, type Span, trace } from '@opentelemetry/api';
import { loadName } from './load-statements.ts';
import { amountOf, callerQuestion, commandEnvironmentOf, scopeOf } from './policy-question.ts';
import type { ParsedCommand } from './parse-command.ts';
import { LaneScheduler, type QueueLoad } from './lane-scheduler.ts';
import type { CommandMetadata } from './metadata.ts';
import { type Outcome, rejected } from './outcome.ts';
import type { QueuedCommand } from './queued-command.ts';
import { RecentNames } from './recent-names.ts';
import { runBatch } from './run-batch.ts';
import type { TransactionPorts } from './run-transaction.ts';

/** What an operator wants to know of each command and batch; the application turns it into metrics. */
export interface ExecutorObserver {
  onCommand(event: { type: string; outcome: string; replayed: boolean; milliseconds: number }): void;
  onBatch(event: { commands: number; milliseconds: number; failed: boolean }): void;
}

export interface ExecutorPorts extends Omit<TransactionPorts, 'onBug'> {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Calls back until the returned function is called. */
  readonly every: (milliseconds: number, callback: () => void) => () => void;
  readonly observer?: ExecutorObserver;
  /** Bugs of features and failures of batches: for the log, never for the caller. */
  readonly onError?: (error: unknown, detail: { commandType?: string; requestId?: string }) => void;
  /**
   * Transactions at once in one environment. Fewer make larger batches, which cost less for each command; more use further
   * processors. One for every two processors that this process and its database share is a good number.
   */
  readonly lanesPerScope?: number;
  /** Transactions at once; at most as many as the pool has connections. */
  readonly transactionsMax?: number;
}

export interface Executor {
  /** Runs a command to its end, or tells why it did not. Never throws for anything that a caller can cause. */
  execute(command: ParsedCommand, metadata: CommandMetadata): Promise<Outcome>;
  load(): QueueLoad;
  /** Takes no new commands and waits until the accepted ones are answered, or until the time is over. */
  drain(milliseconds?: number): Promise<{ readonly finished: boolean }>;
}

interface InFlight {
  readonly command: QueuedCommand;
  readonly end: Promise<Outcome>;
}

const encoder = new TextEncoder();

export function createExecutor(ports: ExecutorPorts): Executor {
  const inFlight = new Map<string, InFlight>();
  /**
   * Keys that were used a moment ago. A repeat of one of them looks for its receipt first; any other learns from the unique
   * index that it is one, which costs its batch a second try. Forgetting a key is harmless.
   */
  const recentKeys = new RecentNames(limits.recentIdempotencyKeys);
  const lanes = Math.max(1, Math.min(ports.lanesPerScope ?? limits.lanesPerScope, limits.lanesPerScope));
  let draining = false;
  /** Repeats that wait for the first command with their key; bounded like everything that waits. */
  let joined = 0;
  const onError = (error: unknown, detail: { commandType?: string; requestId?: string }): void =>
    quietly(() => ports.onError?.(error, detail));
  const transactionPorts: TransactionPorts = {
    ...ports,
    onBug: (error, command) =>
      onError(error, { commandType: command.definition.type, requestId: command.metadata.requestId }),
  };
  const scheduler = new LaneScheduler({
    transactionsMax: ports.transactionsMax ?? limits.poolConnections,
    monotonicNow: ports.monotonicNow,
    every: ports.every,
    run: async (batch) => {
      const startedAt = ports.monotonicNow();
      const { failed } = await runBatch(batch, { ...transactionPorts, sleep: ports.sleep, onError });
      const milliseconds = ports.monotonicNow() - startedAt;
      quietly(() => ports.observer?.onBatch({ commands: batch.commands.length, milliseconds, failed }));
    },
  });

  async function settleInFlight(name: string, end: Promise<Outcome>): Promise<void> {
    const outcome = await end;
    inFlight.delete(name);
    if (outcome.kind === 'receipt') recentKeys.add(name);
  }

  async function execute(parsed: ParsedCommand, metadata: CommandMetadata): Promise<Outcome> {
    const startedAt = ports.monotonicNow();
    const { definition } = parsed;
    const outcome = await ports.tracer.startActiveSpan(`command ${definition.type}`, async (span) => {
      try {
        return await admit(parsed, metadata, span);
      } catch (error) {
        // A feature that throws before its command is queued, in `load` for example: nothing was done.
        onError(error, { commandType: definition.type, requestId: metadata.requestId });
        return rejected('internal_error', 'the command failed and changed nothing');
      } finally {
        span.end();
      }
    });
    const milliseconds = ports.monotonicNow() - startedAt;
    const word = outcome.kind === 'receipt' ? outcome.receipt.status : outcome.code;
    const replayed = outcome.kind === 'receipt' && outcome.replayed;
    quietly(() => ports.observer?.onCommand({ type: definition.type, outcome: word, replayed, milliseconds }));
    return outcome;
  }

  async function admit(parsed: ParsedCommand, metadata: CommandMetadata, span: Span): Promise<Outcome> {
    if (draining) return rejected('draining', 'this instance is shutting down');
    const { definition } = parsed;
    const { caller } = metadata;
    if (metadata.expectedVersion !== null && !definition.versioned) {
      return rejected('header_invalid', `${definition.type} concerns no entity whose version could be expected`);
    }
    const environment = commandEnvironmentOf(definition, parsed.input);
    const scope = scopeOf(caller, environment);
    // Before anything else, and so also before a replay: who may not run the command may not see its outcome either.
    const decision = evaluatePolicy({
      ...callerQuestion(caller, environment),
      command: definition,
      amount: amountOf(definition, parsed.input),
    });
    const payload = canonicalBytes({ expectedVersion: metadata.expectedVersion, input: parsed.input } as JsonValue);
    const payloadHash = sha256(payload);
    const keyHash = decision.decision === 'deny' ? null : sha256(encoder.encode(metadata.idempotencyKey));
    const name = keyHash ? `${caller.tenantId} ${definition.type} ${keyHash.toBase64()}` : null;
    const earlier = name === null ? undefined : inFlight.get(name);
    if (earlier) return join(earlier, { scope, payloadHash, metadata });

    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const receiptId = newId('receipt', ports.uuidSource);
    const acceptedAt = ports.monotonicNow();
    const waiting = ports.tracer.startSpan('command.queue', {}, trace.setSpan(context.active(), span));
    const command: QueuedCommand = {
      ...parsed,
      payload,
      payloadHash,
      metadata,
      scope,
      decision,
      receiptId,
      contendsFor: rowContendedFor({ ...parsed, scope, decision }) ?? receiptId,
      keyHash,
      acceptedAt,
      deadlineAt:
        acceptedAt +
        Math.min(
          metadata.deadlineMilliseconds ?? limits.commandDeadlineMilliseconds,
          limits.commandDeadlineMilliseconds,
        ),
      span,
      waiting,
      commitUnseen: false,
      mayBeRepeat: name !== null && recentKeys.has(name),
      settled: false,
      settle(outcome) {
        if (command.settled) return;
        command.settled = true;
        waiting.end();
        resolve(outcome);
      },
    };
    const full = scheduler.add(command, laneOf(command));
    if (full) {
      waiting.end();
      return rejected('overloaded', full);
    }
    if (name !== null) {
      inFlight.set(name, { command, end: promise });
      void settleInFlight(name, promise);
    }
    return promise;
  }

  /** A repeat that arrives while the first is under way waits for it: one effect, one receipt for both. */
  async function join(
    earlier: InFlight,
    repeat: { scope: Scope; payloadHash: Uint8Array; metadata: CommandMetadata },
  ): Promise<Outcome> {
    const { command } = earlier;
    if (command.scope.environmentId !== repeat.scope.environmentId) {
      return rejected('idempotency_key_elsewhere', 'the key is in use in another environment');
    }
    if (!Buffer.from(command.payloadHash).equals(repeat.payloadHash)) {
      return rejected('idempotency_key_reused', `the key belongs to ${command.receiptId}`);
    }
    if (joined >= limits.queueCommands) return rejected('overloaded', `${joined} repeats are waiting`);
    joined += 1;
    const outcome = await endWithin(earlier, repeat.metadata).finally(() => {
      joined -= 1;
    });
    if (outcome === null) {
      return rejected('idempotency_key_in_flight', 'the first command with this key is still running');
    }
    return outcome.kind === 'receipt' ? { ...outcome, replayed: true } : outcome;
  }

  /** The end of the first command, or null when the repeat wants to know sooner than the first has to end. */
  function endWithin({ command, end }: InFlight, { deadlineMilliseconds }: CommandMetadata): Promise<Outcome | null> {
    const left = command.deadlineAt - ports.monotonicNow();
    if (deadlineMilliseconds === undefined || deadlineMilliseconds >= left) return end;
    return Promise.race([end, ports.sleep(deadlineMilliseconds).then((): null => null)]);
  }

  /**
   * Commands that contend for the same entity share a lane, where they share a transaction instead of a lock. Those that
   * follow references have lanes of their own: their last rows are locked in a second step, and mixed with commands that
   * lock such rows in the first one, two processes could wait for each other.
   */
  function laneOf({ definition, decision, contendsFor }: QueuedCommand): number {
    const lane = spread(contendsFor) % lanes;
    return decision.decision === 'allow' && definition.loadNext ? lanes + lane : lane;
  }

  return {
    execute,
    load: () => scheduler.load(),
    drain: async (milliseconds = limits.drainMilliseconds) => {
      draining = true;
      const timeout = ports.sleep(milliseconds).then(() => false);
      return { finished: await Promise.race([scheduler.idle().then(() => true), timeout]) };
    },
  };
}

/** The name of the first row that a command loads; null when it loads none. */
function rowContendedFor({
  definition,
  input,
  scope,
  decision,
}: Pick<QueuedCommand, 'definition' | 'input' | 'scope' | 'decision'>): string | null {
  if (decision.decision !== 'allow') return null;
  const [contended] = definition.load(input as never, scope);
  return contended ? loadName(contended) : null;
}

/** A metric or a log that fails must not take a command's answer with it. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // There is nobody left to tell.
  }
}

/** FNV-1a, 32 bits: spreads texts evenly, which is all that a lane number needs. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Codes after which the same request may be sent again; used by callers inside the process, such as the sweeper. */
export function isWorthRetrying(code: TransportErrorCode): boolean {
  return (
    code === 'overloaded' ||
    code === 'deadline_exceeded' ||
    code === 'database_unavailable' ||
    code === 'outcome_unknown'
  );
}

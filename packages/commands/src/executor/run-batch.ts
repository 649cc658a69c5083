import { limits } from '@karmanflow/schema';
import { classifyFailure, isConnectionLoss, isKeyTakenElsewhere } from './failure.ts';
import type { Batch } from './lane-scheduler.ts';
import { rejected } from './outcome.ts';
import { notDone, type QueuedCommand } from './queued-command.ts';
import { runTransaction, type TransactionPorts } from './run-transaction.ts';

export interface BatchPorts extends TransactionPorts {
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onError?: ((error: unknown, detail: { commandType?: string; requestId?: string }) => void) | undefined;
}

const firstPauseMilliseconds = 20;
const longestPauseMilliseconds = 500;
/** A conflict is usually over when one looks again; one that stays belongs to a single command, which splitting finds. */
const conflictsMax = 3;

/**
 * Brings every command of a batch to its end. A transaction that failed for a passing reason is tried again until the
 * deadlines; a repeat first looks for receipts, so what did commit is answered and not run again. A batch that fails for
 * a reason of its own is halved until the command that causes it stands alone.
 */
export async function runBatch(batch: Batch, ports: BatchPorts): Promise<{ readonly failed: boolean }> {
  let failed = false;
  let conflicts = 0;
  for (let attempt = 0; ; attempt += 1) {
    const trying = openOf(batch);
    if (trying.length === 0) return { failed };
    try {
      // What failed once is not made longer.
      const join = failed ? nobodyJoins : batch.join;
      const settlement = await runTransaction({ ...batch, commands: trying, join }, ports);
      for (const [command, outcome] of settlement) command.settle(outcome);
      return { failed };
    } catch (error) {
      failed = true;
      const open = openOf(batch);
      // Whatever happened, some of them may be in the database by now.
      for (const command of open) command.mayBeRepeat = true;
      const failure = classifyFailure(error);
      if (failure === 'conflict') conflicts += 1;
      if (failure === 'permanent' || conflicts > conflictsMax) {
        await split({ ...batch, commands: open }, ports, error);
        return { failed };
      }
      if (expire(open, { now: ports.monotonicNow(), error, all: attempt >= limits.batchAttempts })) return { failed };
      if (failure === 'transient') {
        await ports.sleep(Math.min(longestPauseMilliseconds, firstPauseMilliseconds * 2 ** Math.min(attempt, 5)));
      }
    }
  }
}

const nobodyJoins: Batch['join'] = () => [];

function openOf({ commands }: Batch): readonly QueuedCommand[] {
  return commands.filter((command) => !command.settled);
}

async function split({ scope, commands }: Batch, ports: BatchPorts, error: unknown): Promise<void> {
  const [only] = commands;
  if (only && commands.length === 1) {
    if (isKeyTakenElsewhere(error)) {
      only.settle(rejected('idempotency_key_elsewhere', 'the key was used in another environment'));
      return;
    }
    ports.onError?.(error, { commandType: only.definition.type, requestId: only.metadata.requestId });
    only.settle(notDone(only, 'internal_error', 'the command failed and changed nothing'));
    return;
  }
  const middle = Math.ceil(commands.length / 2);
  for (const half of [commands.slice(0, middle), commands.slice(middle)]) {
    await runBatch({ scope, commands: half, join: nobodyJoins }, ports);
  }
}

/** Answers those whose time is over, or all of them when there will be no further try. True when none is left. */
function expire(
  commands: readonly QueuedCommand[],
  { now, error, all }: { now: number; error: unknown; all: boolean },
): boolean {
  let left = 0;
  for (const command of commands) {
    if (!all && now < command.deadlineAt) left += 1;
    else if (isConnectionLoss(error))
      command.settle(notDone(command, 'database_unavailable', 'the database does not answer'));
    else command.settle(notDone(command, 'deadline_exceeded', 'the database was too busy until the deadline'));
  }
  return left === 0;
}

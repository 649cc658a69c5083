import { limits, type Scope } from '@karmanflow/schema';
import { rejected } from './outcome.ts';
import type { QueuedCommand } from './queued-command.ts';

export interface QueueLoad {
  /** Commands that wait for a transaction. */
  readonly waiting: number;
  /** Commands inside one. */
  readonly running: number;
  readonly transactions: number;
}

interface Lane {
  readonly scope: Scope;
  readonly scopeName: string;
  readonly name: string;
  waiting: QueuedCommand[];
  running: readonly QueuedCommand[];
}

export interface LaneSchedulerOptions {
  readonly transactionsMax: number;
  readonly monotonicNow: () => number;
  readonly every: (milliseconds: number, callback: () => void) => () => void;
  /** Brings every command of the batch to its end. Must not throw. */
  readonly run: (scope: Scope, commands: readonly QueuedCommand[]) => Promise<void>;
}

const sweepMilliseconds = 100;

/**
 * Group commit without timers. Each environment has a few lanes; a lane has at most one transaction under way, and what
 * arrives meanwhile forms the next. Lanes take turns for the connections, so that a busy environment cannot starve others.
 */
export class LaneScheduler {
  readonly #options: LaneSchedulerOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #perScope = new Map<string, number>();
  #ready: Lane[] = [];
  #waiting = 0;
  #running = 0;
  #transactions = 0;
  #stopSweep: (() => void) | null = null;
  #onIdle: (() => void)[] = [];

  constructor(options: LaneSchedulerOptions) {
    this.#options = options;
  }

  /** Takes the command, or says why there is no room for it. */
  add(command: QueuedCommand, laneNumber: number): string | null {
    const scopeName = `${command.scope.tenantId} ${command.scope.environmentId}`;
    const inScope = this.#perScope.get(scopeName) ?? 0;
    if (this.#waiting >= limits.queueCommands) return `${limits.queueCommands} commands are waiting`;
    if (inScope >= limits.queueCommandsPerScope)
      return `${limits.queueCommandsPerScope} commands of this environment are waiting`;
    const name = `${scopeName} ${laneNumber}`;
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { scope: command.scope, scopeName, name, waiting: [], running: [] };
      this.#lanes.set(name, lane);
    }
    lane.waiting.push(command);
    this.#perScope.set(scopeName, inScope + 1);
    this.#waiting += 1;
    this.#stopSweep ??= this.#options.every(sweepMilliseconds, () => this.#expire());
    if (lane.waiting.length === 1 && lane.running.length === 0) this.#startWhenQuiet(lane, limits.gatheringTurns);
    return null;
  }

  load(): QueueLoad {
    return { waiting: this.#waiting, running: this.#running, transactions: this.#transactions };
  }

  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
    });
  }

  /**
   * Starts an idle lane when a turn of the event loop has brought it no further command: of requests that arrive together the
   * first would otherwise get a transaction to itself, for which all the others wait.
   */
  #startWhenQuiet(lane: Lane, turnsLeft: number): void {
    const seen = lane.waiting.length;
    setImmediate(() => {
      if (lane.waiting.length > seen && lane.waiting.length < limits.batchCommands && turnsLeft > 1) {
        this.#startWhenQuiet(lane, turnsLeft - 1);
        return;
      }
      this.#ready.push(lane);
      this.#start();
    });
  }

  #start(): void {
    while (this.#ready.length > 0 && this.#transactions < this.#options.transactionsMax) {
      const lane = this.#ready.shift();
      if (!lane) return;
      const batch = lane.waiting.splice(0, batchSize(lane.waiting));
      this.#left(lane, batch.length);
      const live = batch.filter((command) => !command.settled);
      if (live.length === 0) {
        this.#next(lane);
        continue;
      }
      for (const command of live) command.waiting.end();
      lane.running = live;
      this.#running += live.length;
      this.#transactions += 1;
      void this.#options.run(lane.scope, live).finally(() => {
        this.#transactions -= 1;
        this.#running -= live.length;
        lane.running = [];
        this.#next(lane);
        this.#start();
      });
    }
  }

  #left(lane: Lane, commands: number): void {
    this.#waiting -= commands;
    const inScope = (this.#perScope.get(lane.scopeName) ?? 0) - commands;
    if (inScope > 0) this.#perScope.set(lane.scopeName, inScope);
    else this.#perScope.delete(lane.scopeName);
  }

  #next(lane: Lane): void {
    if (lane.waiting.length > 0) {
      this.#ready.push(lane);
      return;
    }
    this.#lanes.delete(lane.name);
    if (this.#lanes.size > 0) return;
    this.#stopSweep?.();
    this.#stopSweep = null;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Answers commands whose deadline passed: a lane that is stuck must not hold its callers for ever. */
  #expire(): void {
    const now = this.#options.monotonicNow();
    for (const lane of this.#lanes.values()) {
      for (const command of lane.running) {
        if (now < command.deadlineAt || command.settled) continue;
        command.settle(
          command.commitUnseen
            ? rejected('outcome_unknown', 'the database did not answer in time')
            : rejected('deadline_exceeded', 'the deadline passed before the command could commit'),
        );
      }
      for (const command of lane.waiting) {
        if (now >= command.deadlineAt)
          command.settle(rejected('deadline_exceeded', 'the deadline passed while the command waited'));
      }
    }
  }
}

/** As many as fit into one transaction, in order; a command that must be alone neither joins others nor is joined. */
function batchSize(waiting: readonly QueuedCommand[]): number {
  if (waiting[0]?.definition.alone) return 1;
  const alone = waiting.findIndex(({ definition }) => definition.alone === true);
  return alone < 0 ? limits.batchCommands : Math.min(alone, limits.batchCommands);
}

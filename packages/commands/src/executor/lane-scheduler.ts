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

/** What runs in one transaction. */
export interface Batch {
  readonly scope: Scope;
  /** Grows by those that join. */
  readonly commands: readonly QueuedCommand[];
  /**
   * Takes what waits for the next transaction into this one, in order, up to the first that `accepts` does not let in. The
   * batch answers for them from then on.
   */
  readonly join: (accepts: (command: QueuedCommand) => boolean) => readonly QueuedCommand[];
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
  readonly run: (batch: Batch) => Promise<void>;
}

const sweepMilliseconds = 100;

/**
 * Group commit without timers. Each environment has a few lanes; a lane has at most one transaction under way. What arrives
 * meanwhile joins it while it can, or forms the next. Lanes take turns for the connections, so that a busy environment
 * cannot starve others.
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
   * first would otherwise get a transaction to itself, for which all the others wait. Those that contend for one row need no
   * gathering, since the ones that come later join.
   */
  #startWhenQuiet(lane: Lane, turnsLeft: number): void {
    const seen = lane.waiting.length;
    setImmediate(() => {
      const grows = lane.waiting.length > seen && lane.waiting.length < limits.batchCommands;
      if (grows && turnsLeft > 1 && !contendForOneRow(lane.waiting)) {
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
      lane.running = live;
      this.#startRunning(live);
      this.#transactions += 1;
      const join: Batch['join'] = (accepts) => this.#join(lane, live, accepts);
      void this.#options.run({ scope: lane.scope, commands: live, join }).finally(() => {
        this.#transactions -= 1;
        this.#running -= live.length;
        lane.running = [];
        this.#next(lane);
        this.#start();
      });
    }
  }

  #join(lane: Lane, running: QueuedCommand[], accepts: (command: QueuedCommand) => boolean): readonly QueuedCommand[] {
    if (running[0]?.definition.alone) return [];
    const most = Math.min(lane.waiting.length, limits.batchCommands - running.length);
    let count = 0;
    for (; count < most; count += 1) {
      const command = lane.waiting[count];
      if (!command || command.definition.alone || !(command.settled || accepts(command))) break;
    }
    if (count === 0) return [];
    const joining = lane.waiting.splice(0, count).filter((command) => !command.settled);
    this.#left(lane, count);
    this.#startRunning(joining);
    running.push(...joining);
    return joining;
  }

  #startRunning(commands: readonly QueuedCommand[]): void {
    for (const command of commands) command.waiting.end();
    this.#running += commands.length;
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

function contendForOneRow(commands: readonly QueuedCommand[]): boolean {
  return commands.every(({ contendsFor }) => contendsFor === commands[0]?.contendsFor);
}

/** As many as fit into one transaction, in order; a command that must be alone neither joins others nor is joined. */
function batchSize(waiting: readonly QueuedCommand[]): number {
  if (waiting[0]?.definition.alone) return 1;
  const alone = waiting.findIndex(({ definition }) => definition.alone === true);
  return alone < 0 ? limits.batchCommands : Math.min(alone, limits.batchCommands);
}

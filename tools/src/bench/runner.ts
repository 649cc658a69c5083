import { cpus } from 'node:os';
import { type CpuTime, cpuTimeOf, machineTime, processTime } from './cpu-time.ts';
import { type Contender, poolSizes, poolSizeUntried } from './contender.ts';
import type { LoadGenerator } from './load-generator.ts';
import type { LoadResult } from './load-protocol.ts';

export interface MeasuredRun extends LoadResult {
  readonly cpuPerRequest: CpuTime | null;
  /** The part of the machine's processors that neither contender nor load generator used: everybody else. */
  readonly neighbourShare: number | null;
  /** The part of them that the machine did not get from its host. */
  readonly stolenShare: number | null;
}

interface Times extends CpuTime {
  readonly load: number;
  readonly worked: number;
  readonly stolen: number;
}

export interface RunOrder {
  readonly milliseconds: number;
  readonly variantIds: readonly string[];
  /** Refusals for want of stock are expected. */
  readonly scarce?: true;
  readonly requestsMax?: number;
  readonly poolSize?: number;
}

/** A contender together with everything that its callers were told over the whole bench. */
export class Runner {
  readonly contender: Contender;
  readonly told: { succeeded: number; refused: number } = { succeeded: 0, refused: 0 };
  /** Answers as callers received them: the first of each connection of each run since they were last taken. */
  #bodies: string[] = [];
  #problems: string[] = [];
  poolSize: number = poolSizeUntried;
  readonly #load: LoadGenerator;
  readonly #connections: number;

  constructor(contender: Contender, options: { load: LoadGenerator; connections: number }) {
    this.contender = contender;
    this.#load = options.load;
    this.#connections = options.connections;
  }

  async run(order: RunOrder): Promise<LoadResult> {
    const { contender } = this;
    const result = await this.#load.run({
      port: contender.port,
      path: contender.pathFor(order.poolSize ?? this.poolSize),
      connections: this.#connections,
      milliseconds: order.milliseconds,
      variantIds: order.variantIds,
      ...(order.requestsMax === undefined ? {} : { requestsMax: order.requestsMax }),
    });
    for (const [status, count] of Object.entries(result.statuses)) {
      if (status === '200') this.told.succeeded += count;
      else if (status === '409' && order.scarce) this.told.refused += count;
      else this.#problems.push(`${count} answers with status ${status}, such as ${result.unexpected ?? 'none'}`);
    }
    this.#bodies.push(...result.bodies);
    return result;
  }

  /** A run with the processor time that it took. */
  async measure(order: RunOrder): Promise<MeasuredRun> {
    const startedAt = performance.now();
    const before = await this.#times();
    const result = await this.run(order);
    const after = await this.#times();
    if (before === null || after === null) {
      return { ...result, cpuPerRequest: null, neighbourShare: null, stolenShare: null };
    }
    const spent = (name: keyof Times): number => after[name] - before[name];
    const requests = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
    const available = (performance.now() - startedAt) * 1000 * cpus().length;
    return {
      ...result,
      cpuPerRequest: { server: spent('server') / requests, postgres: spent('postgres') / requests },
      neighbourShare: (spent('worked') - spent('server') - spent('postgres') - spent('load')) / available,
      stolenShare: spent('stolen') / available,
    };
  }

  async #times(): Promise<Times | null> {
    const { processId, database } = this.contender;
    const own = await cpuTimeOf({ processId, database: database.name });
    const load = await processTime(this.#load.processId);
    const machine = await machineTime();
    return own === null || load === null || machine === null ? null : { ...own, load, ...machine };
  }

  /** Tries every pool size for a while and keeps the best one. */
  async choosePoolSize(order: { milliseconds: number; variantIds: readonly string[] }): Promise<void> {
    let best = 0;
    for (const poolSize of poolSizes) {
      // Connections are opened and statements prepared outside the trial.
      await this.run({ ...order, poolSize, milliseconds: 100 });
      const { perSecond } = await this.run({ ...order, poolSize });
      if (perSecond <= best) continue;
      best = perSecond;
      this.poolSize = poolSize;
    }
  }

  addProblems(problems: readonly string[]): void {
    this.#problems.push(...problems);
  }

  takeProblems(): string[] {
    return this.#problems.splice(0);
  }

  takeBodies(): string[] {
    return this.#bodies.splice(0);
  }
}

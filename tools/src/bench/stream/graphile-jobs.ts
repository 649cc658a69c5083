import { Logger, makeWorkerUtils, run, type WorkerUtils } from 'graphile-worker';
import { Pool } from 'pg';
import type { StreamBenchOptions } from './stream-options.ts';

/** The peer for jobs: a queue on Postgres. */
export interface GraphileJobs {
  /** Puts jobs into the queue, in batches. Not part of what is measured. */
  enqueue(): Promise<void>;
  /** Works off everything that waits; with a row for each job, or nothing. */
  work(kind: 'effect' | 'projection'): Promise<number>;
  close(): Promise<void>;
}

const jobsPerCall = 1_000;
const silent = new Logger(() => () => undefined);

export async function createGraphileJobs(options: {
  readonly connectionString: string;
  readonly bench: StreamBenchOptions;
}): Promise<GraphileJobs> {
  const { connectionString, bench } = options;
  const concurrentJobs = Math.min(24, bench.atOnce);
  const pool = new Pool({ connectionString, max: concurrentJobs + 2 });
  // A connection that breaks is replaced; what it was doing fails by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const utils: WorkerUtils = await makeWorkerUtils({ pgPool: pool, logger: silent });
  await utils.migrate();
  await pool.query('create table bench_jobs (event_id uuid not null)');
  return {
    async enqueue() {
      for (let from = 0; from < bench.events; from += jobsPerCall) {
        const count = Math.min(jobsPerCall, bench.events - from);
        const jobs = Array.from({ length: count }, () => ({
          identifier: 'job',
          payload: { eventId: Bun.randomUUIDv7() },
        }));
        await utils.addJobs(jobs);
      }
    },
    async work(kind) {
      let done = 0;
      const all = Promise.withResolvers<void>();
      const runner = await run({
        pgPool: pool,
        logger: silent,
        noHandleSignals: true,
        // As its own manual tunes it for many small jobs.
        preset: {
          worker: { concurrentJobs, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
        },
        taskList: {
          async job(payload, helpers) {
            if (kind === 'projection') {
              // What `enqueue` put there.
              const { eventId } = payload as { readonly eventId: string };
              await helpers.query('insert into bench_jobs (event_id) values ($1)', [eventId]);
            }
            done += 1;
            if (done === bench.events) all.resolve();
          },
        },
      });
      await all.promise;
      await runner.stop();
      return done;
    },
    async close() {
      await utils.release();
      await pool.end();
    },
  };
}

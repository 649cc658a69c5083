import { withClient, urlOf } from '@karmanflow/schema/testing';
import { startTemporaryCluster } from '../../postgres/index.ts';
import { loadNow, machineNow } from '../machine-fingerprint.ts';
import { createEmmettStream } from './emmett-stream.ts';
import { createGraphileJobs } from './graphile-jobs.ts';
import { type AppendWork, createOurStream } from './our-stream.ts';
import type { StreamBenchOptions } from './stream-options.ts';
import {
  formatStreamReport,
  measured,
  type StreamResult,
  type StreamRun,
  type StreamScenario,
  streamReportJson,
} from './stream-report.ts';

// As durable as a service's database: a throw-away cluster's shortcuts would hide what a flush costs.
const clusterSettings = { shared_buffers: '512MB' };

export interface StreamBenchReport {
  readonly text: string;
  readonly json: string;
  /** Whether ours did everything that it had to. */
  readonly isComplete: boolean;
}

/** Measures ours and the peers in turn, on one cluster that is thrown away afterwards. */
export async function runStreamBench(
  bench: StreamBenchOptions,
  log: (line: string) => void,
): Promise<StreamBenchReport> {
  const loadBefore = loadNow();
  const cluster = await startTemporaryCluster({ durable: true, settings: clusterSettings });
  try {
    const { adminUrl } = cluster;
    // The fixtures of our own tests make the database; they take the cluster from here.
    process.env['KF_TEST_DATABASE_URL'] = adminUrl;
    const peerUrl = async (name: string): Promise<string> => {
      await withClient(adminUrl, (admin) => admin.query(`CREATE DATABASE ${name}`));
      return urlOf(adminUrl, { database: name });
    };
    const ours = await createOurStream(bench);
    const emmett = await createEmmettStream({
      connectionString: await peerUrl('bench_emmett'),
      bench,
      eventBytes: 700,
    });
    const graphile = await createGraphileJobs({ connectionString: await peerUrl('bench_graphile'), bench });
    try {
      const scenarios = scenariosOf({ bench, ours, emmett, graphile });
      const results: StreamResult[] = scenarios.map((scenario) => ({ scenario, runs: new Map<string, StreamRun[]>() }));
      for (let repeat = 1; repeat <= bench.repeats; repeat += 1) {
        for (const { scenario, runs } of results) {
          for (const contender of scenario.contenders) {
            const done = await contender.run();
            const list = runs.get(contender.name) ?? [];
            (runs as Map<string, readonly StreamRun[]>).set(contender.name, [...list, done]);
            log(
              `${repeat}/${bench.repeats} ${scenario.name}, ${contender.name}: ${((done.done / done.milliseconds) * 1000).toFixed(0)}/s`,
            );
          }
        }
      }
      const postgres = await withClient(adminUrl, async (admin) => {
        const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
        return rows[0]?.server_version ?? 'unknown';
      });
      const machine = { ...machineNow(), postgres, loadBefore, loadAfter: loadNow() };
      return {
        text: formatStreamReport(results, machine),
        json: streamReportJson(results, machine),
        isComplete: results.every(({ runs }) => (runs.get('ours') ?? []).every(({ missing }) => missing === 0)),
      };
    } finally {
      await Promise.all([ours.close(), emmett.close(), graphile.close()]);
    }
  } finally {
    await cluster.dispose();
  }
}

function scenariosOf(parts: {
  readonly bench: StreamBenchOptions;
  readonly ours: Awaited<ReturnType<typeof createOurStream>>;
  readonly emmett: Awaited<ReturnType<typeof createEmmettStream>>;
  readonly graphile: Awaited<ReturnType<typeof createGraphileJobs>>;
}): StreamScenario[] {
  const { bench, ours, emmett, graphile } = parts;
  let emmettEvents = 0;
  const jobs = (kind: 'effect' | 'projection'): StreamScenario['contenders'] => [
    {
      name: 'ours',
      includes:
        kind === 'effect'
          ? 'a durable consumer, at least once'
          : 'a durable consumer, exactly once: a row for each event, with the checkpoint',
      run: async () => measured(await ours.length(), () => ours.consume(kind)),
    },
    {
      name: 'graphile-worker',
      includes:
        kind === 'effect'
          ? 'jobs from the queue, at least once'
          : 'jobs from the queue, at least once: a row for each job',
      async run() {
        await graphile.enqueue();
        return measured(bench.events, () => graphile.work(kind));
      },
    },
  ];
  const appending = (name: string, work: AppendWork): StreamScenario => ({
    name,
    unit: 'events',
    contenders: [
      {
        name: 'ours',
        includes: 'policy, validation, idempotency, stock, signed receipt, event, and its position in the stream',
        run: () => measured(work.events, () => ours.append(work)),
      },
      {
        name: 'emmett',
        includes: 'appendToStream of one event, tried again on a conflict',
        async run() {
          const run = await measured(work.events, () => emmett.append(work));
          emmettEvents += run.done;
          return run;
        },
      },
    ],
  });
  return [
    appending('append', { events: bench.events, entities: bench.entities }),
    appending('append, one entity', { events: Math.ceil(bench.events / 5), entities: 1 }),
    {
      name: 'catch up',
      unit: 'events',
      contenders: [
        {
          name: 'ours',
          includes: 'a durable consumer from the beginning, with its checkpoint, in batches of 500',
          run: async () => measured(await ours.length(), () => ours.consume('effect')),
        },
        {
          name: 'ours, reading alone',
          includes: 'readStream from the beginning in pages of 1000',
          run: async () => {
            let read = 0;
            return measured(0, async () => (read = await ours.read())).then((run) => ({
              ...run,
              missing: 0,
              done: read,
            }));
          },
        },
        {
          name: 'emmett',
          includes: 'a consumer from the beginning, with its checkpoint, in batches of 1000',
          run: () => measured(emmettEvents, () => emmett.consume()),
        },
      ],
    },
    { name: 'jobs', unit: 'jobs', contenders: jobs('effect') },
    { name: 'jobs that write', unit: 'jobs', contenders: jobs('projection') },
  ];
}

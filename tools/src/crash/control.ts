import { join } from 'node:path';
import { openHistory, readHistory } from './history.ts';
import { startLoad } from './load.ts';
import type { ReportLine } from './report.ts';
import type { System } from './system.ts';
import { acknowledgedIsStored } from './verify/acknowledged-checks.ts';
import { runCheck } from './verify/check.ts';
import { connectAsSuperuser, readDatabase } from './verify/database-image.ts';
import { gatherEvidence } from './verify/evidence.ts';

export const controlName = 'control: without synchronous commit, losses are reported';
const attemptsMax = 3;
const clients = 8;
const acknowledgedMin = 200;
const loadSecondsMax = 10;

/**
 * A server that answers COMMIT before anything is written: what is committed stays in its own memory until a buffer of
 * 64 MB is full. Nothing else may flush it: no writer that comes by, no vacuum, no checkpoint.
 */
const asynchronous: Readonly<Record<string, string>> = {
  synchronous_commit: 'off',
  wal_writer_delay: '10s',
  wal_writer_flush_after: '1GB',
  wal_buffers: '64MB',
  bgwriter_lru_maxpages: '0',
  autovacuum: 'off',
  checkpoint_timeout: '1h',
};

/**
 * Proves that a loss would be seen: the same clients and the same check, on a database that may lose what it has
 * acknowledged when it is killed. It passes when the check reports losses. Expects a system whose apps are stopped.
 */
export async function runControl(options: { system: System; directory: string; seed: number }): Promise<ReportLine> {
  const name = controlName;
  const { system } = options;
  await system.postgres.stop();
  await system.postgres.start(asynchronous);
  const details: string[] = [];
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const { acknowledged, lost } = await loseSome({ ...options, attempt });
    details.push(`${lost} of ${acknowledged} acknowledged lost`);
    if (lost > 0) return { name, isPassed: true, detail: details.join(', '), problems: [] };
  }
  return {
    name,
    isPassed: false,
    detail: details.join(', '),
    problems: ['the detector saw no loss where there must be some'],
  };
}

async function loseSome(options: {
  readonly system: System;
  readonly directory: string;
  readonly seed: number;
  readonly attempt: number;
}): Promise<{ acknowledged: number; lost: number }> {
  const { system, attempt } = options;
  const { api, apiKey, catalogue, consoleApi, postgres } = system;
  const history = openHistory(join(options.directory, `control-${attempt}.jsonl`));
  // Without the worker, whose commits would wait for the disk and take ours along.
  await consoleApi.start({ KF_SYNCHRONOUS_COMMIT: 'off' });
  const keySet = await api.fetchKeySet();
  // Another seed than that of the run: its keys have been used.
  const load = startLoad({
    seed: options.seed + attempt * 1_000_003,
    clients,
    api,
    apiKey,
    catalogue,
    history,
    intervalMilliseconds: 0,
  });
  const deadline = performance.now() + loadSecondsMax * 1000;
  while (load.counts().receipt < acknowledgedMin && performance.now() < deadline) await Bun.sleep(10);
  await postgres.kill();
  await consoleApi.kill();
  await load.stop();
  history.close();
  await postgres.start();
  const client = await connectAsSuperuser(postgres.adminUrl);
  try {
    const records = readHistory(history.path);
    const evidence = gatherEvidence({ history: records, keySet, image: await readDatabase(client) });
    const { looked, problems } = runCheck(acknowledgedIsStored, evidence);
    return { acknowledged: looked, lost: problems.length };
  } finally {
    await client.end();
  }
}

import { hash } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendants, type RunningProcess, waitUntil } from '../postgres/process-table.ts';
import { controlName, runControl } from './control.ts';
import { faultSchedule } from './fault-schedule.ts';
import { plannedOperation, plannedPatienceMilliseconds } from './planned-operation.ts';
import { countsLine, print, printTable, type ReportLine } from './report.ts';
import { readRunArguments, type RunArguments } from './run-arguments.ts';
import { runSaboteurs } from './saboteurs.ts';
import { runStorm, type StormResult } from './storm.ts';
import { openSystem, type System } from './system.ts';
import { checkTables } from './tables-follow-from-events.ts';
import { allChecks } from './verify/all-checks.ts';
import { runCheck } from './verify/check.ts';
import { connectAsSuperuser, readDatabase } from './verify/database-image.ts';
import { gatherEvidence } from './verify/evidence.ts';

// Usage: bun tools/src/crash/main.ts [--seed N] [--seconds S] [--ci] [--keep]. The last line is «N passed, N failed».

const survivalSeconds = 5;

/** What the seed gives: two runs with the same one do the same things to the system. */
function planDigest({ seed, seconds }: RunArguments): string {
  const places = Array.from({ length: 2_000 }, (_, at) => ({ seed, client: at % 20, position: Math.floor(at / 20) }));
  const operations = places.map((place) => [plannedOperation(place), plannedPatienceMilliseconds(place)]);
  const plan = { faults: faultSchedule({ seed, durationMilliseconds: seconds * 1000 }), operations };
  return hash('sha256', JSON.stringify(plan)).slice(0, 16);
}

async function verify(system: System, storm: StormResult): Promise<ReportLine[]> {
  const { adminUrl } = system.postgres;
  const client = await connectAsSuperuser(adminUrl);
  const lines: ReportLine[] = [];
  try {
    const image = await readDatabase(client);
    const evidence = gatherEvidence({ history: storm.history, keySet: storm.keySet, image });
    for (const check of allChecks) {
      const { name, isPassed, looked, problems } = runCheck(check, evidence);
      lines.push({ name, isPassed, detail: `${looked} looked at`, problems });
    }
    lines.push(...(await runSaboteurs({ client, evidence })));
  } finally {
    await client.end();
  }
  return [...lines, ...(await checkTables(adminUrl))];
}

/** Everything in order: the storm, what it left, the saboteurs, the control. Adds to `lines` as it goes. */
async function work(plan: {
  readonly wanted: RunArguments;
  readonly directory: string;
  readonly elapsedSeconds: () => number;
  readonly log: (text: string) => void;
  readonly onOpen: (close: () => Promise<unknown>) => void;
  readonly lines: ReportLine[];
}): Promise<void> {
  const { directory, elapsedSeconds, log, onOpen, lines } = plan;
  const { seed, seconds } = plan.wanted;
  const system = await openSystem({ directory, log, onOpen });
  const storm = await runStorm({ system, directory, seed, seconds, elapsedSeconds });
  log('everything is healed and stopped, verifying');
  lines.push(...storm.lines, ...(await verify(system, storm)));
  // The control loses data, so it must not touch what a failure has to be looked for in.
  if (lines.some(({ isPassed }) => !isPassed)) {
    lines.push({ name: controlName, isPassed: false, detail: 'not run, to keep the data as it is', problems: [] });
    return;
  }
  log('verified, running the control');
  lines.push(await runControl({ system, directory, seed }));
}

async function run(wanted: RunArguments): Promise<readonly ReportLine[]> {
  const startedAt = performance.now();
  const elapsedSeconds = (): number => (performance.now() - startedAt) / 1000;
  const log = (text: string): void => print(`${elapsedSeconds().toFixed(0).padStart(4)} s  ${text}`);
  const directory = await mkdtemp(join(tmpdir(), 'karmanflow-crash-'));
  // A temporary folder is closed to others, which for root would include the account that runs Postgres.
  await chmod(directory, 0o711);
  const lines: ReportLine[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  const interrupted = Promise.withResolvers<never>();
  const interrupt = (signal: NodeJS.Signals): void => interrupted.reject(new Error(`stopped by ${signal}`));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const working = work({ wanted, directory, elapsedSeconds, log, onOpen: (close) => closing.push(close), lines });
    await Promise.race([working, interrupted.promise]);
  } catch (error) {
    const problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    lines.push({ name: 'the run came to its end', isPassed: false, detail: '', problems });
  }
  for (const close of closing.toReversed()) await close().catch((error: unknown) => log(String(error)));
  lines.push(await nothingSurvives());
  printTable(lines);
  const isPassed = lines.every((line) => line.isPassed);
  if (isPassed && !wanted.keeps) await rm(directory, { recursive: true, force: true });
  else print(`kept: data directory, history and logs in ${directory}`);
  log('done');
  return lines;
}

/** Whatever this process started has to be gone; what was just killed may take a moment for that. */
async function nothingSurvives(): Promise<ReportLine> {
  const living = async (): Promise<RunningProcess[]> =>
    (await descendants(process.pid)).filter(({ state }) => state !== 'zombie');
  const isPassed = await waitUntil(async () => (await living()).length === 0, survivalSeconds);
  const problems = (await living()).map(({ processId, command }) => `process ${processId}: ${command.slice(0, 80)}`);
  return { name: 'no process is left', isPassed, detail: 'of all that were started', problems };
}

const wanted = readRunArguments(process.argv.slice(2), { seed: Math.floor(Math.random() * 2 ** 31) });
if ('problem' in wanted) {
  print(wanted.problem);
  print('0 passed, 1 failed');
  process.exit(1);
}
print(`seed ${wanted.seed}, ${wanted.seconds} s under load, plan ${planDigest(wanted)}`);
const lines = await run(wanted);
print(countsLine(lines));
process.exit(lines.every(({ isPassed }) => isPassed) ? 0 : 1);

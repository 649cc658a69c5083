import { join } from 'node:path';
import { isAlive } from '../postgres/process-table.ts';
import { faultKinds, faultSchedule } from './fault-schedule.ts';
import { type HistoryRecord, openHistory, readHistory } from './history.ts';
import { startLoad } from './load.ts';
import { startNemesis } from './nemesis.ts';
import { print, progressLine, type ReportLine } from './report.ts';
import { expiriesDrained, settleUnknown } from './settle.ts';
import type { System } from './system.ts';
import { countUnknown } from './verify/exactly-once-checks.ts';
import { pursuitsOf } from './verify/pursuit.ts';

export interface StormResult {
  readonly history: readonly HistoryRecord[];
  readonly keySet: unknown;
  readonly lines: readonly ReportLine[];
}

const clients = 40;
/** What is verified has to fit into memory, however long the run. */
const operationsMax = 40_000;
const progressMilliseconds = 5_000;
const drainSeconds = 20;

/**
 * Lets clients work while the schedule of faults is carried out, heals everything, learns what was unknown, lets the
 * worker end what is over, and stops the processes in good order. What it returns is ready to be verified.
 */
export async function runStorm(options: {
  readonly system: System;
  readonly directory: string;
  readonly seed: number;
  readonly seconds: number;
  /** For the eye: since the start of the whole. */
  readonly elapsedSeconds: () => number;
}): Promise<StormResult> {
  const { system, seed, seconds } = options;
  const { api, apiKey, catalogue } = system;
  const history = openHistory(join(options.directory, 'history.jsonl'));
  const keySetBefore = JSON.stringify(await api.fetchKeySet());
  const durationMilliseconds = seconds * 1000;
  const intervalMilliseconds = (durationMilliseconds * clients) / operationsMax;
  const load = startLoad({ seed, clients, api, apiKey, catalogue, history, intervalMilliseconds });
  const schedule = faultSchedule({ seed, durationMilliseconds });
  const nemesis = startNemesis({ system, schedule, durationMilliseconds, history, inFlight: load.inFlight });
  const showProgress = (): void =>
    print(progressLine({ seconds: options.elapsedSeconds(), load: load.counts(), faults: nemesis.counts() }));
  const progress = setInterval(showProgress, progressMilliseconds);
  try {
    await nemesis.done;
  } finally {
    clearInterval(progress);
    await nemesis.heal();
  }
  const unresolved = await load.stop();
  showProgress();
  const settlement = await settleUnknown({ intentions: unresolved, api, apiKey, history });
  const isDrained = await expiriesDrained({ adminUrl: system.postgres.adminUrl, deadlineSeconds: drainSeconds });
  const keySet = await api.fetchKeySet();
  history.close();
  const endings = await stopApps(system);

  const records = readHistory(history.path);
  const unknown = countUnknown(pursuitsOf(records));
  const faultLines = faultKinds.map((kind): ReportLine => {
    const { fired, hit } = nemesis.counts().get(kind) ?? { fired: 0, hit: 0 };
    return {
      name: `fault ${kind}`,
      isPassed: hit > 0,
      detail: `${fired} times, ${hit} hit work in flight`,
      problems: [],
    };
  });
  const lines: ReportLine[] = [
    ...faultLines,
    {
      name: 'some requests ended unknown, and some of those had taken effect',
      isPassed: unknown.requests > 0 && unknown.landed > 0,
      detail: `${unknown.requests} unknown, ${unknown.landed} had taken effect`,
      problems: [],
    },
    {
      name: 'after the faults everything unknown was learnt',
      isPassed: settlement.open.length === 0,
      detail: `${settlement.resolved} learnt by asking again`,
      problems: settlement.open,
    },
    {
      name: 'after the faults the worker ended every hold that was over',
      isPassed: isDrained,
      detail: `within ${drainSeconds} s`,
      problems: [],
    },
    {
      name: 'the published keys stayed the same',
      isPassed: JSON.stringify(keySet) === keySetBefore,
      detail: 'before and after',
      problems: [],
    },
    ...endings,
  ];
  return { history: records, keySet, lines };
}

/** Stops the processes as a deployment would; each must end by itself then, and must not have ended before. */
async function stopApps(system: System): Promise<ReportLine[]> {
  const lines: ReportLine[] = [];
  for (const [name, app] of [
    ['worker', system.worker],
    ['console-api', system.consoleApi],
  ] as const) {
    const code = await app.stop();
    const alive = (await Promise.all(app.processIds().map((id) => isAlive(id)))).filter(Boolean).length;
    const problems = [
      ...app.ownExits().map((exit) => `a process ended by itself with code ${exit}`),
      ...(code === 0 ? [] : [`it ended with code ${code} after SIGTERM`]),
      ...(alive === 0 ? [] : [`${alive} processes are still there`]),
    ];
    const detail = `${app.processIds().length} processes`;
    lines.push({
      name: `the ${name} only ended when it was told to`,
      isPassed: problems.length === 0,
      detail,
      problems,
    });
  }
  return lines;
}

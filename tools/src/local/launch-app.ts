import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { parentWatch } from '../postgres/parent-watch.ts';
import { pollIntervalMilliseconds } from '../postgres/process-table.ts';
import { type AppLog, openAppLog } from './app-log.ts';
import type { AppName } from './local-apps.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import type { RunningApp } from './running-app.ts';

export interface LaunchOrder {
  readonly app: AppName;
  readonly entry: string;
  readonly root: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly signal: AbortSignal | null;
}

const readyDeadlineSeconds = 30;
const answerDeadlineMilliseconds = 1_000;
/** Longer than the hard limit that an app sets itself for its shutdown. */
const stopDeadlineMilliseconds = 12_000;

/** Of our own environment an app sees what programs need to run at all, and never an address with a password. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'KF_LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Starts one process of an app on the given ports and waits until it says that it is ready: see `tryStartApp`. */
export async function launchApp(order: LaunchOrder): Promise<Result<RunningApp, LocalProblem>> {
  const { app, entry, port, metricsPort, logFile } = order;
  if (!existsSync(entry)) return refused(missing(order));
  const log = await openAppLog(logFile);
  const child = await spawnApp(order, log);
  const processId = child.pid;
  if (processId === undefined) throw new Error(`the process of ${app} has no id`);
  const endWatch = parentWatch({ processId, folderToRemove: null });
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      endWatch();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!hasEnded()) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMilliseconds);
    await exited;
    clearTimeout(timer);
  };
  const url = `http://127.0.0.1:${port}`;
  const wait = await untilReady({ url, hasEnded, signal: order.signal });
  if (wait.end !== 'ready') {
    await end(wait.end === 'too_slow' ? 'SIGKILL' : 'SIGTERM');
    return refused(startProblem({ order, wait, exitCode: await exited, lines: await log.tail() }));
  }
  const stop = (): Promise<void> => end('SIGTERM');
  const kill = (): Promise<void> => end('SIGKILL');
  return accepted({ app, port, metricsPort, url, processId, logFile, stop, kill, exited, logTail: log.tail });
}

async function spawnApp(order: LaunchOrder, log: AppLog): Promise<ChildProcess> {
  const environment = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  try {
    const child = spawn(process.execPath, [order.entry], {
      cwd: order.root,
      env: { ...Object.fromEntries(environment), ...order.environment },
      // In a process group of its own: Ctrl-C in a terminal reaches us alone, so that we decide the order of the end.
      detached: true,
      stdio: ['ignore', log.handle.fd, log.handle.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } finally {
    await log.handle.close();
  }
}

interface Wait {
  readonly end: 'ready' | 'ended' | 'too_slow' | 'interrupted';
  /** What the app last said about its readiness, or null when it said nothing. */
  readonly lastAnswer: string | null;
}

async function untilReady(options: {
  readonly url: string;
  readonly hasEnded: () => boolean;
  readonly signal: AbortSignal | null;
}): Promise<Wait> {
  const deadline = performance.now() + readyDeadlineSeconds * 1000;
  let lastAnswer: string | null = null;
  while (!options.hasEnded()) {
    if (options.signal?.aborted === true) return { end: 'interrupted', lastAnswer };
    const answer = await askReadiness(options.url);
    // Another program on the port may have answered in its place, while it found the port taken and gave up.
    if (answer?.isReady === true) return { end: options.hasEnded() ? 'ended' : 'ready', lastAnswer: null };
    lastAnswer = answer?.text ?? lastAnswer;
    if (performance.now() > deadline) return { end: 'too_slow', lastAnswer };
    await Bun.sleep(pollIntervalMilliseconds);
  }
  return { end: 'ended', lastAnswer };
}

async function askReadiness(url: string): Promise<{ isReady: boolean; text: string } | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerDeadlineMilliseconds) });
    return { isReady: response.ok, text: `${response.status} ${(await response.text()).slice(0, 500)}` };
  } catch {
    return null;
  }
}

function missing(order: LaunchOrder): LocalProblem {
  return {
    code: 'app_missing',
    message: `There is no ${order.app} in this checkout: ${order.entry} does not exist.`,
    whatToDo: 'Use a checkout that has it.',
  };
}

function startProblem(failure: {
  readonly order: LaunchOrder;
  readonly wait: Wait;
  readonly exitCode: number;
  readonly lines: readonly string[];
}): LocalProblem {
  const { order, wait, exitCode, lines } = failure;
  const output = lines.length === 0 ? 'It wrote nothing.' : `Its last lines:\n${lines.join('\n')}`;
  const whatToDo = `Correct what these lines name, then start again. All of the log is in ${order.logFile}.`;
  if (wait.end === 'interrupted') {
    return { code: 'interrupted', message: `The start of ${order.app} was interrupted.`, whatToDo: 'Start again.' };
  }
  if (wait.end === 'ended') {
    return {
      code: 'app_ended',
      message: `${order.app} ended with code ${exitCode} while starting. ${output}`,
      whatToDo,
    };
  }
  const said = wait.lastAnswer === null ? 'nothing' : `"${wait.lastAnswer}"`;
  const message = `${order.app} was not ready after ${readyDeadlineSeconds} s; /readyz answered ${said}. ${output}`;
  return { code: 'app_not_ready', message, whatToDo };
}

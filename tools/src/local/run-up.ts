import type { LocalProblem } from './local-problem.ts';
import { type LocalSettings, readLocalSettings } from './local-settings.ts';
import { type Environment, openEnvironment } from './open-environment.ts';
import { problemText } from './problem-text.ts';
import { createProgress, type Progress, type ProgressOutput } from './progress.ts';
import { bunCommand, runCommand } from './shell-text.ts';
import { statePaths } from './state-directory.ts';
import { summaryText } from './summary.ts';
import { createTeardown, type Teardown } from './teardown.ts';
import { thrownProblem } from './thrown-problem.ts';

export interface UpOptions {
  /** The checkout whose apps run. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: ProgressOutput;
  /** Aborted by the first request to stop. */
  readonly stop: AbortSignal;
  /** Aborted by the second: no more waiting. */
  readonly force: AbortSignal;
}

const exitCodeForced = 130;

/**
 * Starts everything, shows where it is, and waits until somebody stops it or a part of it dies; then stops the rest, the
 * apps first. Returns the exit code: 0 after a request to stop, 1 after a problem, 130 when it was forced.
 */
export async function runUp(options: UpOptions): Promise<number> {
  const { stop, force, output } = options;
  const progress = createProgress(output, () => performance.now());
  const settings = readLocalSettings(options);
  if (!settings.ok) return fail(progress, settings.problem);
  const teardown = createTeardown({ progress, force });
  // What is being started when it is forced ends with this process: every part watches whether it lives.
  const problem = await Promise.race([live({ options, settings: settings.value, progress, teardown }), abortOf(force)]);
  progress.abandon();
  const isWanted = stop.aborted;
  if (problem !== null && !isWanted) fail(progress, problem);
  await teardown.run();
  if (isWanted) progress.line('Stopped.');
  if (force.aborted) return exitCodeForced;
  return isWanted ? 0 : 1;
}

interface Life {
  readonly options: UpOptions;
  readonly settings: LocalSettings;
  readonly progress: Progress;
  readonly teardown: Teardown;
}

/** From the first step to the end. The reason for the end, or null when somebody asked for it. */
async function live(life: Life): Promise<LocalProblem | null> {
  const { options, settings, progress, teardown } = life;
  try {
    const opened = await openEnvironment({ settings, progress, teardown, stop: options.stop });
    if (!opened.ok) return opened.problem;
    progress.line(`\nReady after ${(performance.now() / 1000).toFixed(1)} s.\n`);
    progress.line(`${summaryOf(life, opened.value)}\n`);
    return await firstEnd(opened.value, options.stop);
  } catch (error) {
    return thrownProblem({ error, settings, paths: statePaths(settings.stateDirectory) });
  }
}

function summaryOf({ options, settings }: Life, environment: Environment): string {
  const version = process.versions['bun'] ?? '';
  const bun = bunCommand({ environment: options.environment, executable: process.execPath, version });
  const { KF_STATE_DIRECTORY: chosen } = options.environment;
  const variables: Record<string, string> = chosen ? { KF_STATE_DIRECTORY: settings.stateDirectory } : {};
  return summaryText({
    ...environment,
    root: settings.root,
    run: runCommand({ bun, root: settings.root, variables }),
    idempotencyKey: crypto.randomUUID(),
  });
}

/** Waits for the request to stop, or for the first part that ends by itself. */
async function firstEnd(environment: Environment, stop: AbortSignal): Promise<LocalProblem | null> {
  const apps = environment.apps.map(async ({ app, exited, logTail, logFile }): Promise<LocalProblem> => {
    const code = await exited;
    const lines = (await logTail()).join('\n');
    const message = `${app} ended with code ${code}. Its last lines:\n${lines || '(none)'}`;
    return { code: 'app_ended', message, whatToDo: `Everything else stops now. All of the log is in ${logFile}.` };
  });
  const { server } = environment;
  const postgres = server === null ? [] : [server.exited.then(({ code }) => postgresEnded(server.logFile, code))];
  return Promise.race([abortOf(stop), ...apps, ...postgres]);
}

/** Resolves when the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  if (signal.aborted) resolve(null);
  signal.addEventListener('abort', () => resolve(null), { once: true });
  return promise;
}

function postgresEnded(logFile: string, code: number | null): LocalProblem {
  const how = code === null ? 'was killed by a signal' : `ended with code ${code}`;
  return {
    code: 'postgres_ended',
    message: `Postgres ${how}.`,
    whatToDo: `Everything else stops now. Its log is in ${logFile}; \`bun run up\` starts it again with its data.`,
  };
}

function fail(progress: Progress, problem: LocalProblem): number {
  progress.line(problemText(problem));
  return 1;
}

import { type AppName, existingApps } from './local-apps.ts';
import { type LocalProblem, type Result, accepted } from './local-problem.ts';
import type { LocalSettings } from './local-settings.ts';
import { peopleEnvironment } from './people-environment.ts';
import { processIdentity } from './process-identity.ts';
import type { Progress } from './progress.ts';
import type { RecordedApp } from './run-record.ts';
import type { RunningApp } from './running-app.ts';
import { tryStartApp } from './start-app.ts';
import type { Teardown } from './teardown.ts';

/**
 * Starts every app that the checkout has, all at the same time. When one fails, the others are given up at once and its
 * problem is the answer; those that run already are stopped by `teardown`.
 */
export async function startApps(work: {
  readonly settings: LocalSettings;
  readonly progress: Progress;
  readonly teardown: Teardown;
  readonly stop: AbortSignal;
  readonly secretsDirectory: string;
  readonly accountsFile: string;
}): Promise<Result<readonly RunningApp[], LocalProblem>> {
  const { settings, progress, teardown, secretsDirectory, accountsFile } = work;
  const { root } = settings;
  const giveUp = new AbortController();
  const signal = AbortSignal.any([work.stop, giveUp.signal]);
  const problems: LocalProblem[] = [];
  const start = async (app: AppName): Promise<RunningApp[]> => {
    const end = progress.begin(app);
    const environment = { ...peopleEnvironment({ app, settings, accountsFile }), ...ingestEnvironment(app, settings) };
    const started = await tryStartApp({ app, ...settings.apps[app], secretsDirectory, root, signal, environment });
    if (!started.ok) {
      problems.push(started.problem);
      giveUp.abort();
      return [];
    }
    teardown.addApp(started.value);
    end(started.value.url);
    return [started.value];
  };
  const started = await Promise.all(existingApps(root).map(start));
  const [first] = problems;
  return first === undefined ? accepted(started.flat()) : { ok: false, problem: first };
}

/** The worker tells ingest what people ask of it. */
function ingestEnvironment(app: AppName, { apps }: LocalSettings): Record<string, string> {
  return app === 'worker' ? { KF_INGEST_URL: `http://127.0.0.1:${apps.ingest.port}` } : {};
}

/** The apps as they are written down for `down` and for the next `up`. */
export async function recordOf(apps: readonly RunningApp[]): Promise<RecordedApp[]> {
  const recorded = apps.map(async ({ app, url, metricsPort, processId }): Promise<RecordedApp[]> => {
    const process = await processIdentity(processId);
    return process === null ? [] : [{ app, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`, process }];
  });
  return (await Promise.all(recorded)).flat();
}

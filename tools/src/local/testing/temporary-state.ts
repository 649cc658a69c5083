import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../postgres/port.ts';
import { type AppName, appNames, localApps } from '../local-apps.ts';
import { type StatePaths, statePaths } from '../state-directory.ts';

/** A state directory of its own for a test, and free ports to go with it. */
export interface TemporaryState {
  /** Holds the state directory and nothing else. */
  readonly folder: string;
  readonly paths: StatePaths;
  /** The variables that make `up`, `down`, `reset` and `webhook` work there. */
  readonly variables: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** Makes a folder which another user may enter, as Postgres has to when root runs the test. */
export async function createTemporaryState(): Promise<TemporaryState> {
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-local-'));
  await chmod(folder, 0o711);
  const paths = statePaths(join(folder, '.karmanflow'));
  const names = appNames.flatMap((app: AppName) => [localApps[app].portVariable, localApps[app].metricsPortVariable]);
  const ports = await distinctPorts(names.length + 1);
  const variables = Object.fromEntries(
    ['KF_POSTGRES_PORT', ...names].map((name, index) => [name, String(ports[index])]),
  );
  return {
    folder,
    paths,
    variables: { ...variables, KF_STATE_DIRECTORY: paths.directory },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function distinctPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

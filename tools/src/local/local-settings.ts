import { basename, join, resolve } from 'node:path';
import { type AppName, appNames, localApps } from './local-apps.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';

export interface AppPorts {
  readonly port: number;
  readonly metricsPort: number;
}

/** Where the local environment of one checkout lives and listens. */
export interface LocalSettings {
  readonly root: string;
  readonly stateDirectory: string;
  /** The server to use instead of the embedded one. Holds a password: never printed. */
  readonly databaseUrl: string | null;
  readonly postgresPort: number;
  readonly apps: Readonly<Record<AppName, AppPorts>>;
}

type Variables = Readonly<Record<string, string | undefined>>;

const stateDirectoryName = '.karmanflow';
const postgresPortDefault = 54_321;

/** One port and the variable that moves it. */
export interface NamedPort {
  readonly variable: string;
  readonly port: number;
}

/** Reads the variables of the local environment. Problems: `setting_invalid`. An empty variable counts as not set. */
export function readLocalSettings(options: {
  readonly root: string;
  readonly environment: Variables;
}): Result<LocalSettings, LocalProblem> {
  const { root, environment } = options;
  const stateDirectory = resolve(root, environment['KF_STATE_DIRECTORY'] || stateDirectoryName);
  // `reset` removes what is in there, so a slip of the pen must not make it somebody's home directory.
  if (basename(stateDirectory) !== stateDirectoryName) {
    return refused({
      code: 'setting_invalid',
      message: `KF_STATE_DIRECTORY must be a folder named ${stateDirectoryName}, and ${stateDirectory} is not.`,
      whatToDo: `Set it to ${join(stateDirectory, stateDirectoryName)}, or leave it out.`,
    });
  }
  const wrong: LocalProblem[] = [];
  const port = (variable: string, otherwise: number): number => {
    const text = environment[variable] || String(otherwise);
    const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > 65_535) wrong.push(notAPort(variable));
    return value;
  };
  const postgresPort = port('KF_POSTGRES_PORT', postgresPortDefault);
  const appPorts = (app: AppName): AppPorts => ({
    port: port(localApps[app].portVariable, localApps[app].port),
    metricsPort: port(localApps[app].metricsPortVariable, localApps[app].metricsPort),
  });
  const apps = {
    'console-api': appPorts('console-api'),
    ingest: appPorts('ingest'),
    worker: appPorts('worker'),
    identity: appPorts('identity'),
    receiver: appPorts('receiver'),
  };
  const settings = { root, stateDirectory, databaseUrl: environment['DATABASE_URL'] || null, postgresPort, apps };
  const problem = wrong[0] ?? samePort(settings);
  return problem === undefined ? accepted(settings) : refused(problem);
}

/** The ports that `apps` listen on, with the variables that move them. */
export function appPortsOf(settings: LocalSettings, apps: readonly AppName[] = appNames): NamedPort[] {
  return apps.flatMap((app) => [
    { variable: localApps[app].portVariable, port: settings.apps[app].port },
    { variable: localApps[app].metricsPortVariable, port: settings.apps[app].metricsPort },
  ]);
}

function notAPort(variable: string): LocalProblem {
  return {
    code: 'setting_invalid',
    message: `${variable} is not a port.`,
    whatToDo: 'Set it to a number from 1 to 65535, or leave it out.',
  };
}

function samePort(settings: LocalSettings): LocalProblem | undefined {
  const seen = new Map<number, string>([[settings.postgresPort, 'KF_POSTGRES_PORT']]);
  for (const { variable, port } of appPortsOf(settings)) {
    const other = seen.get(port);
    if (other !== undefined) {
      return {
        code: 'setting_invalid',
        message: `${other} and ${variable} are both ${port}.`,
        whatToDo: `Set ${variable} to another port.`,
      };
    }
    seen.set(port, variable);
  }
  return undefined;
}

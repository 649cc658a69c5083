import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { problemFromFileError } from '../postgres/cluster-problem.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';

/** Everything that the local environment keeps, by its purpose. */
export interface StatePaths {
  readonly directory: string;
  /** The embedded server's data. Its log and its unfinished form stand beside it: `.log`, `.log.1`, `.partial`. */
  readonly postgres: string;
  readonly secrets: string;
  readonly logs: string;
  readonly demo: string;
  /** The people who can log in, with their passwords. */
  readonly accounts: string;
  /** Cookies of people who logged in with `bun run login`. */
  readonly sessions: string;
  /** What the logs of receipts have published, and what their signer remembers: both belong to this database. */
  readonly archive: string;
  readonly signer: string;
  readonly run: string;
}

/** The paths inside of a state directory. */
export function statePaths(directory: string): StatePaths {
  return {
    directory,
    postgres: join(directory, 'postgres'),
    secrets: join(directory, 'secrets'),
    logs: join(directory, 'logs'),
    demo: join(directory, 'demo.json'),
    accounts: join(directory, 'accounts.json'),
    sessions: join(directory, 'sessions'),
    archive: join(directory, 'archive'),
    signer: join(directory, 'signer'),
    run: join(directory, 'run.json'),
  };
}

/** What a reset removes, in the order in which it does: the database before the secrets that open it. */
export function stateEntries(paths: StatePaths): string[] {
  const { postgres, archive, signer } = paths;
  const database = [`${postgres}.partial`, postgres, `${postgres}.log`, `${postgres}.log.1`];
  return [
    ...database,
    archive,
    signer,
    paths.demo,
    paths.accounts,
    paths.sessions,
    paths.secrets,
    paths.logs,
    paths.run,
  ];
}

/**
 * Makes the state directory. Others may enter it but not list it: when root runs us, Postgres is another user who has to
 * reach its data. What is secret in it has modes of its own. Problems: `path_not_accessible`, `disk_full`.
 */
export async function prepareStateDirectory(paths: StatePaths): Promise<Result<null, LocalProblem>> {
  try {
    await mkdir(paths.directory, { recursive: true });
    await chmod(paths.directory, 0o711);
    await mkdir(paths.logs, { recursive: true, mode: 0o700 });
    await chmod(paths.logs, 0o700);
    return accepted(null);
  } catch (error) {
    return refused(fileProblem(error, paths.directory));
  }
}

/** The problem behind a file system error at `path`. Throws the error again when nobody can act on it. */
export function fileProblem(error: unknown, path: string): LocalProblem {
  const problem = problemFromFileError(error, path);
  if (problem === null) throw error;
  if (problem.code !== 'path_not_accessible') return problem;
  const { code, message } = problem;
  const whatToDo = 'Run as the user who ran it before, or set KF_STATE_DIRECTORY to a folder .karmanflow of your own.';
  return { code, message, whatToDo };
}

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClusterProblem, type Result, accepted, refused, systemErrorCode } from './cluster-problem.ts';

/** Written last into a new data directory: with it, initdb is known to have finished. */
export const markerFileName = 'karmanflow-cluster.json';

/**
 * What stands at `dataDirectory`: nothing (or an empty folder), or a whole cluster of this major version. Refuses
 * another version and a half-made directory. Throws a file system error when it may not be read.
 */
export async function inspectDataDirectory(options: {
  readonly dataDirectory: string;
  readonly majorVersion: number;
}): Promise<Result<'absent' | 'ready', ClusterProblem>> {
  const { dataDirectory, majorVersion } = options;
  const names = await readdir(dataDirectory).catch((error: unknown): string[] => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return accepted('absent');
  const version = names.includes('PG_VERSION') ? await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8') : '';
  const foundVersion = version.trim();
  if (foundVersion !== '' && foundVersion !== String(majorVersion)) {
    return refused({
      code: 'data_directory_version',
      message: `${dataDirectory} was made by Postgres ${foundVersion}, but the embedded one is ${majorVersion}.`,
      whatToDo: `Dump it with a Postgres ${foundVersion} if you need its data, then run \`bun run reset\`.`,
    });
  }
  if (foundVersion === '' || !names.includes(markerFileName)) {
    return refused({
      code: 'data_directory_incomplete',
      message: `${dataDirectory} is not a whole database: its creation did not finish, or it holds something else.`,
      whatToDo: 'Run `bun run reset`, which removes it and makes a new one.',
    });
  }
  return accepted('ready');
}

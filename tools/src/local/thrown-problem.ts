import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretUnavailable } from '@karmanflow/runtime';
import { diskFull, problemFromFileError } from '../postgres/cluster-problem.ts';
import type { LocalProblem } from './local-problem.ts';
import type { LocalSettings } from './local-settings.ts';
import { fileProblem, type StatePaths } from './state-directory.ts';

/** The problem behind something that was thrown. What nobody foresaw is one line on the screen and the rest in a file. */
export async function thrownProblem(thrown: {
  readonly error: unknown;
  readonly settings: LocalSettings;
  readonly paths: StatePaths;
}): Promise<LocalProblem> {
  const { error, settings, paths } = thrown;
  const message = withoutPassword(error instanceof Error ? error.message : String(error), settings);
  if (error instanceof SecretUnavailable) {
    return {
      code: 'path_not_accessible',
      message: `The secrets in ${paths.secrets} cannot be used: ${message}.`,
      whatToDo: `Make them yours alone (\`chmod -R go= ${paths.secrets}\`), or run \`bun run reset\`.`,
    };
  }
  if (problemFromFileError(error, paths.directory) !== null) return fileProblem(error, paths.directory);
  // The server's own words for a full disk, and for what its user may not do: PostgreSQL, appendix A.
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '53100') return diskFull(paths.postgres);
  if (code === '42501') {
    return {
      code: 'not_permitted',
      message: `The database refuses its administrator: ${message}.`,
      whatToDo: 'Name a superuser in DATABASE_URL, or the owner of the database who also made its roles named kf_….',
    };
  }
  // The migrator has no other mark for this than its words.
  if (message.includes('was applied with another text')) {
    return {
      code: 'schema_outdated',
      message: `The database was made by another state of the migrations: ${message}.`,
      whatToDo: 'Run `bun run reset`, which removes the local data, or name an empty database in DATABASE_URL.',
    };
  }
  const file = join(paths.logs, 'up.log');
  const stack = withoutPassword(error instanceof Error ? (error.stack ?? message) : message, settings);
  const isWritten = await appendFile(file, `${new Date().toISOString()} ${stack}\n`, { mode: 0o600 }).then(
    () => true,
    () => false,
  );
  return {
    code: 'step_failed',
    message: `Something failed that should not: ${message}`,
    whatToDo: isWritten ? `The details are in ${file}.` : `The details could not be written to ${file}.`,
  };
}

function withoutPassword(text: string, settings: LocalSettings): string {
  const { databaseUrl } = settings;
  if (databaseUrl === null || !URL.canParse(databaseUrl)) return text;
  const { password } = new URL(databaseUrl);
  if (password === '') return text;
  return [password, decodeURIComponent(password)].reduce((left, secret) => left.replaceAll(secret, '…'), text);
}

import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { pollIntervalMilliseconds } from './process-table.ts';

/** How the wait for a server ended. `exited` when its process ended first. */
export type Readiness = 'ready' | 'exited' | 'password_rejected' | 'too_slow';

// A server that answers "starting up" is replaying its log, which may take minutes after a crash. Stopping it would
// only make the next start replay from the same place again.
const deadlineSeconds = 15;
const recoveryDeadlineSeconds = 300;

/** Connects until a query succeeds on the server of `dataDirectory`, with the limits above and 25 ms between tries. */
export async function serverReady(options: {
  readonly adminUrl: string;
  readonly dataDirectory: string;
  readonly hasExited: () => boolean;
}): Promise<Readiness> {
  const startedAt = performance.now();
  const directory = await realpath(options.dataDirectory);
  let limitSeconds = deadlineSeconds;
  while (!options.hasExited()) {
    const answer = await askDirectory(options.adminUrl);
    if (answer.directory !== null && (await realpath(answer.directory)) === directory) return 'ready';
    if (answer.code === '28P01') return 'password_rejected';
    if (answer.code === '57P03') limitSeconds = recoveryDeadlineSeconds;
    if (performance.now() - startedAt > limitSeconds * 1000) return 'too_slow';
    await Bun.sleep(pollIntervalMilliseconds);
  }
  return 'exited';
}

async function askDirectory(adminUrl: string): Promise<{ directory: string | null; code: string | null }> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  // An idle client emits 'error' when the server goes away; unheard, that would end this process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return { directory: rows[0]?.data_directory ?? null, code: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
    return { directory: null, code };
  } finally {
    await client.end().catch(() => {});
  }
}

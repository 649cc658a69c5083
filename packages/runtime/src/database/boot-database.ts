import { type BootFinding, checkBoot, type Database, limits, openDatabase, type RuntimeRole } from '@karmanflow/schema';
import { latestMigration } from '@karmanflow/schema/migrations';
import type { Profile } from '../configuration/shared-variables.ts';
import type { Logger } from '../logging/logger.ts';
import { runtimeLimits } from '../runtime-limits.ts';

export interface BootDatabaseOptions {
  /** postgresql:// address with the role and its password: a secret, which appears in no error and no log line. */
  readonly url: string;
  readonly role: RuntimeRole;
  readonly profile: Profile;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly connectionsMax?: number;
  /** Extra run-time settings of each connection. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The newest migration that this process was built against. */
  readonly migration?: string;
  /** How long an unreachable database is waited for: egress of a fresh instance may take its time. */
  readonly deadlineMilliseconds?: number;
}

/** The process must not serve with this database and this role. All of the findings are in the message. */
export class BootRefused extends Error {
  override readonly name = 'BootRefused';
  readonly findings: readonly BootFinding[];

  constructor(findings: readonly BootFinding[]) {
    const lines = findings.map(({ severity, code, detail }) => `  ${severity} ${code}: ${detail}`);
    super(['this process must not serve with this database:', ...lines].join('\n'));
    this.findings = findings;
  }
}

/** The database did not let the process in within its deadline, or refused it for good. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
  /** The code of the last failure: of the system (`ECONNREFUSED`) or of Postgres (`28P01`). */
  readonly code: string;

  constructor(code: string) {
    super(`the database could not be reached with the address and role given (${code})`);
    this.code = code;
  }
}

/**
 * Opens the database and checks that this process may serve with it. Throws `BootRefused` on any fatal finding, and
 * outside of the local profile on any caution as well, which there is only logged. Throws `DatabaseUnreachable`.
 */
export async function bootDatabase(options: BootDatabaseOptions): Promise<Database> {
  const { logger, role, profile } = options;
  checkAddress(options.url);
  const database = openDatabase({
    url: options.url,
    applicationName: options.applicationName,
    connectionsMax: options.connectionsMax ?? limits.poolConnections,
    settings: options.settings ?? {},
    onConnectionError: (error) => logger.warn({ err: error }, 'a database connection died; the pool replaces it'),
  });
  try {
    await waitForConnection(database, options);
    const migration = options.migration ?? latestMigration;
    const findings = await database.connection((client) => checkBoot(client, { role, migration }));
    for (const finding of findings) logger.warn({ finding }, 'boot finding');
    const refused = findings.some(({ severity }) => severity === 'fatal' || profile !== 'local');
    if (refused) throw new BootRefused(findings);
  } catch (error) {
    await database.close();
    throw error;
  }
  logger.info({ role, applicationName: options.applicationName }, 'the database is checked and open');
  return database;
}

/** Before any library parses it: their errors quote what they could not parse. */
function checkAddress(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['postgresql:', 'postgres:'].includes(parsed.protocol)) {
    throw new TypeError('the address of the database is not of the form postgresql://role:password@host:port/database');
  }
}

async function waitForConnection(database: Database, options: BootDatabaseOptions): Promise<void> {
  const deadline = performance.now() + (options.deadlineMilliseconds ?? runtimeLimits.databaseBootDeadlineMilliseconds);
  let delay: number = runtimeLimits.databaseRetryDelayMilliseconds;
  for (;;) {
    try {
      await database.connection(async (client) => client.query('select 1'));
      return;
    } catch (error) {
      const code = codeOf(error);
      if (isFinal(code) || performance.now() + delay > deadline) throw new DatabaseUnreachable(code);
      options.logger.warn({ code }, 'the database is not reachable yet');
      await Bun.sleep(delay);
      delay = Math.min(delay * 2, runtimeLimits.databaseRetryDelayMaxMilliseconds);
    }
  }
}

/** SQLSTATE classes 28 (the role or its password) and 3D (no such database), and a role that may not connect. */
function isFinal(code: string): boolean {
  return /^(?:28|3D)...$/.test(code) || code === '42501';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}

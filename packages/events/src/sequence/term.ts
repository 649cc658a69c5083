import { controlEnvironmentOf, type Database, schemaName, type Scope, scopeStatements, toId } from '@karmanflow/schema';
import { type Connection, sendAll, type Statement } from './connection.ts';
import { sequenceLimits } from './sequence-limits.ts';

/** The tenant to whom the sequencer's own rows belong: the platform, which is no customer. */
export const platformTenantId = toId('tenant', '00000000-0000-0000-0000-000000000000');
export const platformScope: Scope = {
  tenantId: platformTenantId,
  environmentId: controlEnvironmentOf(platformTenantId),
};

/** Any constants will do: who leads, and who may be writing. A database has one of each. */
const leaderLock = 4_711_010;
const fenceLock = 4_711_011;

/** A time during which one process leads. `epoch` counts them from 1. */
export interface Term {
  readonly epoch: number;
  /** The session that holds the lock. It must send something every `leaderSilenceMilliseconds`. */
  readonly connection: Connection;
}

/** Another process has taken over: whatever was being written is rolled back, and nothing may follow it. */
export class TermEnded extends Error {
  override readonly name = 'TermEnded';
}

/**
 * Leads while `work` runs, if nobody else does. False when another process leads. The lock belongs to a session of its own
 * that ends with the work: at once when the process dies, and after a short silence when it is stopped or cut off.
 */
export async function lead(
  database: Database,
  options: { readonly leaderId: string; readonly work: (term: Term) => Promise<void> },
): Promise<boolean> {
  return database.connection(async (connection, discard) => {
    const { rows } = await connection.query(`select pg_try_advisory_lock(${leaderLock}) as leads`);
    if (rows[0]?.leads !== true) return false;
    try {
      await connection.query(`SET idle_session_timeout = ${sequenceLimits.leaderSilenceMilliseconds}`);
      const epoch = await beginTerm(connection, options.leaderId);
      await options.work({ epoch, connection });
      return true;
    } finally {
      // The lock must not go back into the pool with its session.
      discard();
    }
  });
}

/** Writes the next epoch. It waits for a transaction of the term before, which ends or is ended within its timeouts. */
async function beginTerm(connection: Connection, leaderId: string): Promise<number> {
  await sendAll(connection, [
    { text: 'BEGIN' },
    ...enter(platformScope),
    { text: `select pg_advisory_xact_lock(${fenceLock})` },
  ]);
  // A statement of its own, so that it sees what was committed while the lock was waited for.
  const [latest] = await sendAll(connection, [latestEpoch]);
  const epoch = Number(latest?.rows[0]?.['epoch'] ?? 0) + 1;
  await sendAll(connection, [
    {
      text: `INSERT INTO ${schemaName}.sequencer_terms (tenant_id, environment_id, epoch, leader_id, begun_at) VALUES ($1, $1, $2, $3, now())`,
      values: [platformUuid, epoch, leaderId],
    },
    { text: 'COMMIT' },
  ]);
  return epoch;
}

const platformUuid = platformTenantId.slice(platformTenantId.indexOf('_') + 1);

const latestEpoch: Statement = {
  text:
    `select epoch from ${schemaName}.sequencer_terms where tenant_id = '${platformUuid}' and environment_id = '${platformUuid}'` +
    ' order by epoch desc limit 1',
};

/** The statements that give a transaction the scope of a tenant and an environment. */
export function enter(scope: Scope): Statement[] {
  return scopeStatements(scope).map((text) => ({ text }));
}

/**
 * The first statements of every transaction that writes: no term can begin before it ends, and the latest one is read.
 * The last of the answers goes to `isCurrent`. They leave the transaction in the platform's scope.
 */
export const fence: readonly Statement[] = [
  { text: 'BEGIN' },
  ...enter(platformScope),
  { text: `select pg_advisory_xact_lock_shared(${fenceLock})` },
  latestEpoch,
];

/** Whether the term that the fence read last is the given one. */
export function isCurrent(
  epoch: number,
  answer: { readonly rows: readonly Record<string, unknown>[] } | undefined,
): boolean {
  return Number(answer?.rows[0]?.['epoch'] ?? 0) === epoch;
}

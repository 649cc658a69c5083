import type { Connection } from '@karmanflow/events';
import { schemaName, type Scope, toId } from '@karmanflow/schema';
import { dispatchLimits } from './dispatch-limits.ts';

/** A subscription at which there is something to do. */
export interface WorkPlace {
  readonly scope: Scope;
  /** UUID. */
  readonly subscriptionId: string;
}

/**
 * Where something is to be done, across all tenants: subscriptions that were made or changed, those whose time has come, and
 * those behind whose cursor the stream goes on. Sees ids, positions and times only. Asked again and again by each process: a
 * visit finds out what is left to do, so it does no harm that another process goes there as well.
 */
export async function findWork(connection: Connection): Promise<readonly WorkPlace[]> {
  const answers = await Promise.all(
    [selectChanged, selectDue, selectBehind].map((text) =>
      connection.query({ text, values: [dispatchLimits.workRows] }),
    ),
  );
  const places = new Map<string, WorkPlace>();
  for (const row of answers.flatMap(({ rows }) => rows)) {
    const scope = { tenantId: toId('tenant', row.tenant_id), environmentId: toId('environment', row.environment_id) };
    places.set(`${row.environment_id} ${row.subscription_id}`, { scope, subscriptionId: row.subscription_id });
  }
  return [...places.values()];
}

const columns = 'tenant_id, environment_id, subscription_id';

const selectChanged =
  `SELECT ${prefixed('r')} FROM ${schemaName}.webhook_roster r LEFT JOIN ${schemaName}.webhook_cursors c` +
  ' ON c.tenant_id = r.tenant_id AND c.environment_id = r.environment_id AND c.subscription_id = r.subscription_id' +
  " WHERE (c.subscription_id IS NULL AND r.status = 'LIVE') OR c.roster_version <> r.version LIMIT $1";

/** In the order of time, so that a page that is full does not hide who has waited longest. */
const selectDue = `SELECT ${columns} FROM ${schemaName}.webhook_cursors WHERE next_due_at <= now() ORDER BY next_due_at LIMIT $1`;

/** Positions have no gaps, so one look for the next position tells whether there is more. */
const selectBehind =
  `SELECT ${prefixed('c')} FROM ${schemaName}.webhook_cursors c WHERE c.follows AND EXISTS (` +
  `SELECT FROM ${schemaName}.stream_events s WHERE s.tenant_id = c.tenant_id AND s.environment_id = c.environment_id` +
  ' AND s.seq = c.admitted_seq + 1) LIMIT $1';

function prefixed(alias: string): string {
  return columns
    .split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');
}

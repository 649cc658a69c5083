import type { Connection } from '@karmanflow/events';
import { schemaName, toId } from '@karmanflow/schema';
import type { WorkPlace } from '../dispatch/find-work.ts';
import { retentionLimits } from './retention-limits.ts';

/** Subscriptions that may have history, also those that have ended. */
export interface HistoryPlaces {
  readonly places: readonly WorkPlace[];
  /** Where the next look goes on; null behind the last subscription. */
  readonly next: HistoryPosition | null;
  /** The database's clock. */
  readonly nowMilliseconds: number;
}

/** The key of a subscription: UUIDs. */
export type HistoryPosition = readonly [tenant: string, environment: string, subscription: string];

const first: HistoryPosition = [
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-0000-0000-000000000000',
];

/** The subscriptions of all tenants that were ever visited, page by page. Sees ids only. */
export async function findHistory(
  connection: Connection,
  after: HistoryPosition | null,
  placesMax: number = retentionLimits.placesMax,
): Promise<HistoryPlaces> {
  const [clock, cursors] = await Promise.all([
    connection.query('SELECT now() AS now'),
    connection.query({ text: selectCursors, values: [...(after ?? first), placesMax] }),
  ]);
  const places = cursors.rows.map((row): WorkPlace => ({
    scope: { tenantId: toId('tenant', row.tenant_id), environmentId: toId('environment', row.environment_id) },
    subscriptionId: row.subscription_id,
  }));
  const last = cursors.rows.length < placesMax ? undefined : cursors.rows.at(-1);
  return {
    places,
    next: last ? [last.tenant_id, last.environment_id, last.subscription_id] : null,
    nowMilliseconds: Date.parse(clock.rows[0]?.now),
  };
}

const columns = 'tenant_id, environment_id, subscription_id';

const selectCursors =
  `SELECT ${columns} FROM ${schemaName}.webhook_cursors WHERE (${columns}) > ($1::uuid, $2::uuid, $3::uuid)` +
  ` ORDER BY ${columns} LIMIT $4`;

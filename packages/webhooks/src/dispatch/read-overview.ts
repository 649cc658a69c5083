import type { Connection } from '@karmanflow/events';
import { schemaName } from '@karmanflow/schema';
import type { HealthName } from './subscription-rows.ts';

/** How deliveries stand across all tenants: counts and times, of nobody in particular. */
export interface DeliveryOverview {
  readonly endpoints: Readonly<Partial<Record<HealthName, number>>>;
  /** For how long the subscription that is due first has been due; 0 when none is. */
  readonly oldestDueSeconds: number;
  /** Subscriptions behind whose cursor the stream goes on. */
  readonly behind: number;
}

export async function readDeliveryOverview(connection: Connection): Promise<DeliveryOverview> {
  const [byHealth, due, behind] = await Promise.all(
    [selectHealth, selectDue, selectBehind].map((text) => connection.query(text)),
  );
  const endpoints = Object.fromEntries((byHealth?.rows ?? []).map(({ health, n }) => [health, Number(n)]));
  return {
    endpoints,
    oldestDueSeconds: Math.max(0, Number(due?.rows[0]?.seconds ?? 0)),
    behind: Number(behind?.rows[0]?.n ?? 0),
  };
}

const selectHealth = `SELECT health, count(*) AS n FROM ${schemaName}.webhook_cursors GROUP BY health`;
const selectDue = `SELECT extract(epoch FROM now() - min(next_due_at)) AS seconds FROM ${schemaName}.webhook_cursors`;
const selectBehind =
  `SELECT count(*) AS n FROM ${schemaName}.webhook_cursors c WHERE c.follows AND EXISTS (` +
  `SELECT FROM ${schemaName}.stream_events s WHERE s.tenant_id = c.tenant_id` +
  ' AND s.environment_id = c.environment_id AND s.seq = c.admitted_seq + 1)';

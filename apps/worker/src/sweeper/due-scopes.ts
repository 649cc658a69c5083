import { type Database, limits, type Scope, toId } from '@karmanflow/schema';

/** An environment in which a minute has begun in which some hold ends, or ended. */
export interface DueScope {
  readonly scope: Scope;
  /** When its oldest such minute began, RFC 3339. */
  readonly oldestBucket: string;
}

/** Where the next page begins: after this environment. */
export interface DueCursor {
  readonly tenantUuid: string;
  readonly environmentUuid: string;
}

export interface DueScopes {
  /** The database's clock. */
  readonly now: string;
  readonly scopes: readonly DueScope[];
  /** null when this was the last page. */
  readonly next: DueCursor | null;
}

/**
 * Reads, across all tenants, where something may be due: at most `limits.sweepScopes` environments, in the order of their
 * ids. Not the most overdue first: environments that cannot be swept would then fill every page.
 */
export async function readDueScopes(database: Database, after: DueCursor | null): Promise<DueScopes> {
  const { clock, rows } = await database.unscoped(async (db) => {
    let query = db
      .selectFrom('expiry_schedule')
      .select((eb) => ['tenant_id', 'environment_id', eb.fn.min('due_at').as('oldest_bucket')])
      .where((eb) => eb('due_at', '<=', eb.fn<string>('now')))
      .groupBy(['tenant_id', 'environment_id'])
      .orderBy('tenant_id')
      .orderBy('environment_id')
      .limit(limits.sweepScopes);
    if (after) {
      query = query.where((eb) =>
        eb(eb.refTuple('tenant_id', 'environment_id'), '>', eb.tuple(after.tenantUuid, after.environmentUuid)),
      );
    }
    return {
      clock: await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow(),
      rows: await query.execute(),
    };
  });
  const last = rows.length === limits.sweepScopes ? rows.at(-1) : undefined;
  return {
    now: clock.now,
    scopes: rows.map((row) => ({
      scope: { tenantId: toId('tenant', row.tenant_id), environmentId: toId('environment', row.environment_id) },
      oldestBucket: row.oldest_bucket,
    })),
    next: last ? { tenantUuid: last.tenant_id, environmentUuid: last.environment_id } : null,
  };
}

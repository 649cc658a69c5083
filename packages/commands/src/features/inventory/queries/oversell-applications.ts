import { type Database, type Id, limits, type Scope, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';

/** A policy that has not reached all its levels, or was set too recently to be sure. */
export interface RunningApplication {
  readonly scopeKey: string;
  readonly revision: number;
  readonly variantId: Id<'variant'> | null;
  readonly locationId: Id<'location'> | null;
  /** When the policy was set, and how long ago that is, both on the database's clock. */
  readonly startedAt: string;
  readonly ageMilliseconds: number;
}

/** Reads a page of the applications of one environment that run, by the times when their policies were set. */
export async function readRunningApplications(
  database: Database,
  scope: Scope,
  after: Pick<RunningApplication, 'startedAt' | 'scopeKey'> | null = null,
): Promise<RunningApplication[]> {
  return database.read(scope, async (db) => {
    let query = db
      .selectFrom('oversell_applications as a')
      .innerJoin('oversell_policies as p', (join) =>
        join
          .onRef('p.tenant_id', '=', 'a.tenant_id')
          .onRef('p.environment_id', '=', 'a.environment_id')
          .onRef('p.scope_key', '=', 'a.scope_key'),
      )
      .select(['a.scope_key', 'a.revision', 'a.started_at', 'p.variant_id', 'p.location_id'])
      .where('a.tenant_id', '=', toUuid(scope.tenantId))
      .where('a.environment_id', '=', toUuid(scope.environmentId))
      .where('a.status', '=', 'RUNNING')
      .orderBy('a.started_at')
      .orderBy('a.scope_key')
      .limit(limits.pageSizeMax);
    if (after) {
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('a.started_at', 'a.scope_key'), '>', tuple(after.startedAt, after.scopeKey)),
      );
    }
    const rows = await query.execute();
    const { now } = await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow();
    return rows.map((row) => ({
      scopeKey: row.scope_key,
      revision: row.revision,
      variantId: row.variant_id === null ? null : toId('variant', row.variant_id),
      locationId: row.location_id === null ? null : toId('location', row.location_id),
      startedAt: row.started_at,
      ageMilliseconds: Date.parse(now) - Date.parse(row.started_at),
    }));
  });
}

export interface LevelToChange {
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly version: number;
}

/** Reads the next levels that a policy is for and that have another oversell limit than the policies give them. */
export async function readLevelsToChange(
  database: Database,
  scope: Scope,
  of: Pick<RunningApplication, 'variantId' | 'locationId'>,
  after: Pick<LevelToChange, 'variantId' | 'locationId'> | null = null,
): Promise<LevelToChange[]> {
  const rows = await database.read(scope, (db) => {
    let query = db
      .selectFrom('inventory_levels as l')
      .select(['l.variant_id', 'l.location_id', 'l.version'])
      .where('l.tenant_id', '=', toUuid(scope.tenantId))
      .where('l.environment_id', '=', toUuid(scope.environmentId))
      .where(({ eb }) => eb('l.oversell_limit', '<>', effectiveLimit))
      .orderBy('l.variant_id')
      .orderBy('l.location_id')
      .limit(limits.oversellLevelsPerCommand);
    if (of.variantId) query = query.where('l.variant_id', '=', toUuid(of.variantId));
    if (of.locationId) query = query.where('l.location_id', '=', toUuid(of.locationId));
    if (after) {
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('l.variant_id', 'l.location_id'), '>', tuple(toUuid(after.variantId), toUuid(after.locationId))),
      );
    }
    return query.execute();
  });
  return rows.map((row) => ({
    variantId: toId('variant', row.variant_id),
    locationId: toId('location', row.location_id),
    version: row.version,
  }));
}

/** The same precedence as `effectiveOversell`: the most specific policy that is not INHERIT, and 0 without one. */
const effectiveLimit = sql<number>`coalesce((
  select p.quantity from kf.oversell_policies p
  where p.tenant_id = l.tenant_id and p.environment_id = l.environment_id and p.mode <> 'INHERIT'
    and p.scope_key in ('var_' || l.variant_id::text || ':loc_' || l.location_id::text,
      'var_' || l.variant_id::text, 'loc_' || l.location_id::text)
  order by case p.scope when 'VARIANT_LOCATION' then 1 when 'VARIANT' then 2 else 3 end limit 1), 0)`;

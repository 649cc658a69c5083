import { type Database, type Scope, toUuid } from '@karmanflow/schema';
import { workerLimits } from '../worker-limits.ts';
import { openEnds, perishables } from './due-ends.ts';

/**
 * Removes the minutes of one environment that nothing can be due in any more. Returns how many.
 *
 * No expiry is lost. Let R be a hold or a request that ends in the minute [b, b + 60 s). Whatever gave R that end, its creation or an
 * extension, wrote row b in the same transaction, or found it there (ON CONFLICT DO NOTHING), after reading a clock that
 * stood before R's end, and so before b + 60 s. Row b goes only when the reading below began later than b + 60 s + grace,
 * and grace is longer than a transaction lives. So that transaction was over by then: rolled back, and R does not have
 * that end; or committed, and R is visible here. If R is open, `oldestOpen` is before b + 60 s and row b stays. If R
 * is resolved, it stays so. No later transaction can end a hold in that minute, since each end is in the future when it
 * is written. An extension that moves R out of the minute wrote the row of R's new end.
 *
 * The same holds of an operation that began in that minute: it wrote row b, and row b stays while it is under way.
 *
 * Each time is on the database's clock. A clock that goes back by more than the grace breaks the argument; then the hold
 * is found as soon as any other minute of its environment is due, since a sweep looks at all holds that are over.
 */
export async function clearBuckets(
  database: Database,
  scope: Scope,
  graceMilliseconds: number = workerLimits.bucketGraceMilliseconds,
): Promise<number> {
  const tenantUuid = toUuid(scope.tenantId);
  const environmentUuid = toUuid(scope.environmentId);
  const { now, oldestOpen } = await database.read(scope, async (db) => {
    const clock = await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow();
    const ends: number[] = [];
    for (const perishable of perishables) {
      const oldest = await openEnds(db, scope, perishable).limit(1).executeTakeFirst();
      if (oldest) ends.push(Date.parse(oldest.expires_at));
    }
    for (const table of ['mass_cancels', 'oversell_applications'] as const) {
      const oldest = await db
        .selectFrom(table)
        .select((eb) => eb.fn.min('started_at').as('started_at'))
        .where('tenant_id', '=', tenantUuid)
        .where('environment_id', '=', environmentUuid)
        .where('status', '=', 'RUNNING')
        .executeTakeFirst();
      if (oldest?.started_at) ends.push(Date.parse(oldest.started_at));
    }
    return { now: clock.now, oldestOpen: Math.min(...ends) };
  });
  const overSince = Date.parse(now) - graceMilliseconds;
  const endsBefore = Math.min(overSince, oldestOpen);
  const lastBegin = new Date(endsBefore - workerLimits.bucketMilliseconds).toISOString();
  const deleted = await database.unscoped((db) =>
    db
      .deleteFrom('expiry_schedule')
      .where('tenant_id', '=', tenantUuid)
      .where('environment_id', '=', environmentUuid)
      .where('due_at', '<=', lastBegin)
      .executeTakeFirst(),
  );
  return Number(deleted.numDeletedRows);
}

/** Whether a minute that began then is over by more than the grace, so that looking into `clearBuckets` is worthwhile. */
export function isClearable(
  bucket: { readonly oldestBucket: string; readonly now: string },
  graceMilliseconds: number = workerLimits.bucketGraceMilliseconds,
): boolean {
  const age = Date.parse(bucket.now) - Date.parse(bucket.oldestBucket);
  return age >= workerLimits.bucketMilliseconds + graceMilliseconds;
}

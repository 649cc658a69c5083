import { type Id, type IdKind, toUuid } from '@karmanflow/schema';
import type { QueryContext } from '../../../definition/query.ts';

/** What each of these queries says of its rows: all are in the tenant's control environment. */
export function controlScope(ctx: QueryContext): { tenant_id: string; environment_id: string } {
  return { tenant_id: toUuid(ctx.tenantId), environment_id: toUuid(ctx.environmentId) };
}

/** One page out of rows of which one more than the page holds was read, and the id after which the next begins. */
export function pageOf<View, Kind extends IdKind>(
  views: readonly View[],
  options: { readonly limit: number; readonly idOf: (view: View) => Id<Kind> },
): { page: View[]; next: Id<Kind> | null } {
  const page = views.slice(0, options.limit);
  const last = page.at(-1);
  return { page, next: views.length > options.limit && last !== undefined ? options.idOf(last) : null };
}

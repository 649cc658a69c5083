import { type Database, idShape, limits, type Scope, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import {
  channelOversellLimit,
  effectiveOversell,
  type OversellMode,
  oversellModes,
  type OversellRule,
  type OversellScope,
  oversellScopes,
  precedenceOf,
} from '../oversell/oversell-policy.ts';

const policyShape = v.strictObject({
  oversellPolicyId: idShape('oversellPolicy'),
  scope: v.picklist(oversellScopes),
  variantId: v.nullable(idShape('variant')),
  locationId: v.nullable(idShape('location')),
  salesChannelId: v.nullable(idShape('salesChannel')),
  mode: v.picklist(oversellModes),
  quantity: v.number(),
  version: v.number(),
  application: v.picklist(['RUNNING', 'DONE']),
  updatedAt: timestampShape,
});
type PolicyView = v.InferOutput<typeof policyShape>;

const effectiveShape = v.strictObject({
  mode: v.picklist(oversellModes),
  /** Units by which promises at the level may exceed its stock. */
  quantity: v.number(),
  /** The scope that decides; null when none does, which is STRICT. */
  decidedBy: v.nullable(v.picklist(oversellScopes)),
  oversellPolicyId: v.nullable(idShape('oversellPolicy')),
  /** What the level has; null without a level. Another number than `quantity` while an application runs. */
  oversellLimit: v.nullable(v.number()),
  /** How much of it the sales channel may use; null when none is named. */
  throughChannel: v.nullable(v.number()),
});

interface Named {
  readonly variantId?: string | undefined;
  readonly locationId?: string | undefined;
  readonly salesChannelId?: string | undefined;
}

async function readPolicies(
  database: Database,
  scope: Scope,
  page: Named & { readonly after?: string | undefined; readonly scopeKeys?: readonly string[]; readonly limit: number },
): Promise<(PolicyView & { readonly scopeKey: string })[]> {
  const rows = await database.read(scope, (db) => {
    let query = db
      .selectFrom('oversell_policies as p')
      .leftJoin('oversell_applications as a', (join) =>
        join
          .onRef('a.tenant_id', '=', 'p.tenant_id')
          .onRef('a.environment_id', '=', 'p.environment_id')
          .onRef('a.scope_key', '=', 'p.scope_key'),
      )
      .where('p.tenant_id', '=', toUuid(scope.tenantId))
      .where('p.environment_id', '=', toUuid(scope.environmentId))
      .selectAll('p')
      .select('a.status as application')
      .orderBy('p.id')
      .limit(page.limit);
    const about = { variant_id: page.variantId, location_id: page.locationId, sales_channel_id: page.salesChannelId };
    for (const [column, id] of Object.entries(about) as [keyof typeof about, string | undefined][]) {
      if (id === undefined) continue;
      query = query.where((eb) => eb.or([eb(`p.${column}`, '=', toUuid(id)), eb(`p.${column}`, 'is', null)]));
    }
    if (page.scopeKeys) query = query.where('p.scope_key', 'in', page.scopeKeys);
    if (page.after) query = query.where('p.id', '>', toUuid(page.after));
    return query.execute();
  });
  return rows.map((row) => ({
    oversellPolicyId: toId('oversellPolicy', row.id),
    scopeKey: row.scope_key,
    // The columns' CHECKs keep these to their values.
    scope: row.scope as OversellScope,
    variantId: row.variant_id === null ? null : toId('variant', row.variant_id),
    locationId: row.location_id === null ? null : toId('location', row.location_id),
    salesChannelId: row.sales_channel_id === null ? null : toId('salesChannel', row.sales_channel_id),
    mode: row.mode as OversellMode,
    quantity: row.quantity,
    version: row.version,
    application: row.application === 'RUNNING' ? 'RUNNING' : 'DONE',
    updatedAt: row.updated_at,
  }));
}

async function readOversellLimit(
  database: Database,
  scope: Scope,
  level: { readonly variantId: string; readonly locationId: string },
): Promise<number | null> {
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('inventory_levels')
      .select('oversell_limit')
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('variant_id', '=', toUuid(level.variantId))
      .where('location_id', '=', toUuid(level.locationId))
      .executeTakeFirst(),
  );
  return row?.oversell_limit ?? null;
}

export const listOversellPolicies = defineQuery({
  type: 'inventory.oversell_policies',
  summary:
    'Oversell policies that may concern what is named; for a variant and a location together also the one that decides about that level, and why.',
  scope: 'inventory.oversell_policy:read',
  input: v.strictObject({
    variantId: v.optional(idShape('variant')),
    locationId: v.optional(idShape('location')),
    salesChannelId: v.optional(idShape('salesChannel')),
    after: v.optional(idShape('oversellPolicy')),
    limit: pageLimit,
  }),
  output: v.strictObject({
    policies: v.array(policyShape),
    effective: v.nullable(effectiveShape),
    next: v.nullable(idShape('oversellPolicy')),
  }),
  run: async (input, { database, scope }) => {
    const found = await readPolicies(database, scope, {
      ...input,
      limit: Math.min(input.limit, limits.pageSizeMax) + 1,
    });
    const page = found.slice(0, input.limit);
    const { variantId, locationId, salesChannelId } = input;
    const level = variantId && locationId ? { variantId, locationId } : null;
    return {
      policies: page.map(({ scopeKey: _scopeKey, ...policy }) => policy),
      effective: level ? await readEffective(database, scope, { level, salesChannelId }) : null,
      next: found.length > page.length ? (page.at(-1)?.oversellPolicyId ?? null) : null,
    };
  },
});

async function readEffective(
  database: Database,
  scope: Scope,
  asked: {
    readonly level: Parameters<typeof precedenceOf>[0];
    readonly salesChannelId: string | undefined;
  },
): Promise<v.InferOutput<typeof effectiveShape>> {
  const { level, salesChannelId } = asked;
  const scopeKeys = [...precedenceOf(level), ...(salesChannelId ? [salesChannelId] : [])];
  const policies = await readPolicies(database, scope, { scopeKeys, limit: scopeKeys.length });
  const byKey = new Map(policies.map((policy) => [policy.scopeKey, policy]));
  const ruleOf = (scopeKey: string): OversellRule | undefined => byKey.get(scopeKey);
  const { mode, quantity, decidedBy } = effectiveOversell(level, ruleOf);
  const decided = decidedBy === null ? undefined : byKey.get(decidedBy);
  return {
    mode,
    quantity,
    decidedBy: decided?.scope ?? null,
    oversellPolicyId: decided?.oversellPolicyId ?? null,
    oversellLimit: await readOversellLimit(database, scope, level),
    throughChannel: salesChannelId ? Math.min(quantity, channelOversellLimit(ruleOf(salesChannelId))) : null,
  };
}

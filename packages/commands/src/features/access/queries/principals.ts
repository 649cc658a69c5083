import { actorTypes } from '@karmanflow/policy';
import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { controlScope, pageOf } from './control-rows.ts';

const statuses = ['ACTIVE', 'DISABLED'] as const;
const view = v.strictObject({
  principalId: idShape('principal'),
  type: v.picklist(actorTypes),
  handle: v.string(),
  ownerId: v.nullable(idShape('principal')),
  /** Of a person; null when it was never given or has been erased. */
  personName: v.nullable(v.string()),
  status: v.picklist(statuses),
  createdAt: timestampShape,
  version: v.number(),
});

export const listPrincipals = defineQuery({
  type: 'access.principals',
  summary: 'People, services, connectors and agents of the tenant, oldest first.',
  scope: 'access.principal:read',
  environment: 'control',
  input: v.strictObject({
    type: v.optional(v.picklist(actorTypes)),
    status: v.optional(v.picklist(statuses)),
    ownerId: v.optional(idShape('principal')),
    after: v.optional(idShape('principal')),
    limit: pageLimit,
  }),
  output: v.strictObject({ principals: v.array(view), next: v.nullable(idShape('principal')) }),
  run: async ({ type, status, ownerId, after, limit }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('principals as p')
        .leftJoin('personal_data as d', (join) =>
          join
            .onRef('d.tenant_id', '=', 'p.tenant_id')
            .onRef('d.environment_id', '=', 'p.environment_id')
            .onRef('d.id', '=', 'p.personal_data_id'),
        )
        .select(['p.id', 'p.type', 'p.handle', 'p.owner_id', 'p.status', 'p.created_at', 'p.version', 'd.value'])
        .where('p.tenant_id', '=', scope.tenant_id)
        .where('p.environment_id', '=', scope.environment_id)
        .orderBy('p.id')
        .limit(limit + 1);
      if (type) query = query.where('p.type', '=', type);
      if (status) query = query.where('p.status', '=', status);
      if (ownerId) query = query.where('p.owner_id', '=', toUuid(ownerId));
      if (after) query = query.where('p.id', '>', toUuid(after));
      return query.execute();
    });
    const views = rows.map((row): v.InferOutput<typeof view> => ({
      principalId: toId('principal', row.id),
      // The columns' CHECKs keep these two to the values of their types.
      type: row.type as (typeof actorTypes)[number],
      status: row.status as (typeof statuses)[number],
      handle: row.handle,
      ownerId: row.owner_id === null ? null : toId('principal', row.owner_id),
      personName: row.value,
      createdAt: row.created_at,
      version: row.version,
    }));
    const { page, next } = pageOf(views, { limit, idOf: (one) => one.principalId });
    return { principals: page, next };
  },
});

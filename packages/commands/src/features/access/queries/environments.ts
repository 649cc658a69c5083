import { environmentKinds, environmentStatuses } from '@karmanflow/policy';
import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { controlScope, pageOf } from './control-rows.ts';

const view = v.strictObject({
  environmentId: idShape('environment'),
  name: v.string(),
  kind: v.picklist(environmentKinds),
  status: v.picklist(environmentStatuses),
  createdAt: timestampShape,
  version: v.number(),
});

export const listEnvironments = defineQuery({
  type: 'access.environments',
  summary: 'Environments of the tenant, archived ones too, oldest first.',
  scope: 'access.environment:read',
  environment: 'control',
  input: v.strictObject({
    status: v.optional(v.picklist(environmentStatuses)),
    after: v.optional(idShape('environment')),
    limit: pageLimit,
  }),
  output: v.strictObject({ environments: v.array(view), next: v.nullable(idShape('environment')) }),
  run: async ({ status, after, limit }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('environments')
        .select(['id', 'name', 'kind', 'status', 'created_at', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .orderBy('id')
        .limit(limit + 1);
      if (status) query = query.where('status', '=', status);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const views = rows.map((row): v.InferOutput<typeof view> => ({
      environmentId: toId('environment', row.id),
      name: row.name,
      // The columns' CHECKs keep these two to the values of their types.
      kind: row.kind as (typeof environmentKinds)[number],
      status: row.status as (typeof environmentStatuses)[number],
      createdAt: row.created_at,
      version: row.version,
    }));
    const { page, next } = pageOf(views, { limit, idOf: (one) => one.environmentId });
    return { environments: page, next };
  },
});

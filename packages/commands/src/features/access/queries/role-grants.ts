import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { roleShape } from '../shapes.ts';
import { controlScope, pageOf } from './control-rows.ts';

const view = v.strictObject({
  roleGrantId: idShape('roleGrant'),
  principalId: idShape('principal'),
  role: v.string(),
  /** null: the tenant as a whole. */
  environmentId: v.nullable(idShape('environment')),
  validFrom: timestampShape,
  validUntil: v.nullable(timestampShape),
  revokedAt: v.nullable(timestampShape),
  version: v.number(),
});

export const listRoleGrants = defineQuery({
  type: 'access.role_grants',
  summary: 'Who was given which role where and until when, oldest first.',
  scope: 'access.role:read',
  environment: 'control',
  input: v.strictObject({
    principalId: v.optional(idShape('principal')),
    role: v.optional(roleShape),
    after: v.optional(idShape('roleGrant')),
    limit: pageLimit,
  }),
  output: v.strictObject({ roleGrants: v.array(view), next: v.nullable(idShape('roleGrant')) }),
  run: async ({ principalId, role, after, limit }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('role_grants')
        .selectAll()
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .orderBy('id')
        .limit(limit + 1);
      if (principalId) query = query.where('principal_id', '=', toUuid(principalId));
      if (role) query = query.where('role', '=', role);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const views = rows.map((row): v.InferOutput<typeof view> => ({
      roleGrantId: toId('roleGrant', row.id),
      principalId: toId('principal', row.principal_id),
      role: row.role,
      environmentId: row.target_environment_id === null ? null : toId('environment', row.target_environment_id),
      validFrom: row.valid_from,
      validUntil: row.valid_until,
      revokedAt: row.revoked_at,
      version: row.version,
    }));
    const { page, next } = pageOf(views, { limit, idOf: (one) => one.roleGrantId });
    return { roleGrants: page, next };
  },
});

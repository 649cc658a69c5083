import { riskClasses } from '@karmanflow/policy';
import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { controlScope, pageOf } from './control-rows.ts';

/** Without the hash of the secret: nobody has a use for it. */
const view = v.strictObject({
  apiKeyId: idShape('apiKey'),
  principalId: idShape('principal'),
  environmentId: idShape('environment'),
  name: v.string(),
  scopes: v.array(v.string()),
  riskCeiling: v.picklist(riskClasses),
  createdAt: timestampShape,
  expiresAt: v.nullable(timestampShape),
  revokedAt: v.nullable(timestampShape),
  version: v.number(),
});

export const listApiKeys = defineQuery({
  type: 'access.api_keys',
  summary: 'API keys of the tenant, those that ended too, oldest first.',
  scope: 'access.api_key:read',
  environment: 'control',
  input: v.strictObject({
    principalId: v.optional(idShape('principal')),
    after: v.optional(idShape('apiKey')),
    limit: pageLimit,
  }),
  output: v.strictObject({ apiKeys: v.array(view), next: v.nullable(idShape('apiKey')) }),
  run: async ({ principalId, after, limit }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('api_keys')
        .select(['id', 'principal_id', 'target_environment_id', 'name', 'scopes', 'risk_ceiling'])
        .select(['created_at', 'expires_at', 'revoked_at', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .orderBy('id')
        .limit(limit + 1);
      if (principalId) query = query.where('principal_id', '=', toUuid(principalId));
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const views = rows.map((row): v.InferOutput<typeof view> => ({
      apiKeyId: toId('apiKey', row.id),
      principalId: toId('principal', row.principal_id),
      environmentId: toId('environment', row.target_environment_id),
      name: row.name,
      scopes: row.scopes,
      // The column's CHECK keeps it to these values.
      riskCeiling: row.risk_ceiling as (typeof riskClasses)[number],
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      version: row.version,
    }));
    const { page, next } = pageOf(views, { limit, idOf: (one) => one.apiKeyId });
    return { apiKeys: page, next };
  },
});

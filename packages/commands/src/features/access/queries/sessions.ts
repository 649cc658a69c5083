import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { controlScope, pageOf } from './control-rows.ts';

/** Without the hash of the secret: nobody has a use for it. */
const view = v.strictObject({
  sessionId: idShape('session'),
  principalId: idShape('principal'),
  environmentId: idShape('environment'),
  authenticatedAt: timestampShape,
  expiresAt: timestampShape,
  revokedAt: v.nullable(timestampShape),
  version: v.number(),
});

export const listSessions = defineQuery({
  type: 'access.sessions',
  summary: 'Sessions of people, those that ended too, oldest first.',
  scope: 'access.principal:read',
  environment: 'control',
  input: v.strictObject({
    principalId: v.optional(idShape('principal')),
    /** Leaves out those that were closed or revoked. */
    unrevoked: v.optional(v.literal('true')),
    after: v.optional(idShape('session')),
    limit: pageLimit,
  }),
  output: v.strictObject({ sessions: v.array(view), next: v.nullable(idShape('session')) }),
  run: async ({ principalId, unrevoked, after, limit }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('sessions')
        .select(['id', 'principal_id', 'target_environment_id', 'authenticated_at'])
        .select(['expires_at', 'revoked_at', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .orderBy('id')
        .limit(limit + 1);
      if (principalId) query = query.where('principal_id', '=', toUuid(principalId));
      if (unrevoked) query = query.where('revoked_at', 'is', null);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const views = rows.map((row): v.InferOutput<typeof view> => ({
      sessionId: toId('session', row.id),
      principalId: toId('principal', row.principal_id),
      environmentId: toId('environment', row.target_environment_id),
      authenticatedAt: row.authenticated_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      version: row.version,
    }));
    const { page, next } = pageOf(views, { limit, idOf: (one) => one.sessionId });
    return { sessions: page, next };
  },
});

import { idShape, timestampShape, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { accessLimits } from '../access-limits.ts';
import { controlScope } from './control-rows.ts';

const statuses = ['LINKED', 'UNLINKED'] as const;

/** One page always: a person has few identities. */
export const listIdentities = defineQuery({
  type: 'access.identities',
  summary: 'Identities by which a person logs in, each by the beginning of its hash.',
  scope: 'access.principal:read',
  environment: 'control',
  input: v.strictObject({ principalId: idShape('principal') }),
  output: v.strictObject({
    identities: v.array(
      v.strictObject({
        identityHash: v.string(),
        status: v.picklist(statuses),
        changedAt: timestampShape,
        version: v.number(),
      }),
    ),
  }),
  run: async ({ principalId }, ctx) => {
    const scope = controlScope(ctx);
    const rows = await ctx.database.read(ctx.scope, (db) =>
      db
        .selectFrom('principal_identities')
        .select(['identity_hash', 'status', 'updated_at', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .where('principal_id', '=', toUuid(principalId))
        .orderBy('identity_hash')
        .limit(accessLimits.identitiesPerPrincipal)
        .execute(),
    );
    return {
      identities: rows.map((row) => ({
        identityHash: row.identity_hash.slice(0, accessLimits.identityHashShownCharacters),
        // The column's CHECK keeps it to these values.
        status: row.status as (typeof statuses)[number],
        changedAt: row.updated_at,
        version: row.version,
      })),
    };
  },
});

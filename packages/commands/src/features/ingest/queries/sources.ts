import { idShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { ingestPresets } from '../../access/index.ts';

const view = v.strictObject({
  ingestSourceId: idShape('ingestSource'),
  code: v.string(),
  principalId: idShape('principal'),
  environmentId: idShape('environment'),
  preset: v.picklist(ingestPresets),
  /** References: what they refer to, nobody is told. */
  secretRefs: v.array(v.string()),
  toleranceSeconds: v.number(),
  status: v.picklist(['ACTIVE', 'PAUSED']),
  settings: v.unknown(),
  mappingRevision: v.number(),
  version: v.number(),
});

export const listSources = defineQuery({
  type: 'ingest.sources',
  summary: 'Ingest sources of the tenant, oldest first.',
  scope: 'ingest.source:read',
  environment: 'control',
  input: v.strictObject({
    environmentId: v.optional(idShape('environment')),
    after: v.optional(idShape('ingestSource')),
    limit: pageLimit,
  }),
  output: v.strictObject({ sources: v.array(view), next: v.nullable(idShape('ingestSource')) }),
  run: async ({ environmentId, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('ingest_sources')
        .select(['id', 'code', 'principal_id', 'target_environment_id', 'preset', 'secret_refs', 'tolerance_seconds'])
        .select(['status', 'settings', 'mapping_revision', 'version'])
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .orderBy('id')
        .limit(limit + 1);
      if (environmentId) query = query.where('target_environment_id', '=', toUuid(environmentId));
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const sources = rows.slice(0, limit).map((row): v.InferOutput<typeof view> => ({
      ingestSourceId: toId('ingestSource', row.id),
      code: row.code,
      principalId: toId('principal', row.principal_id),
      environmentId: toId('environment', row.target_environment_id),
      // The columns' CHECKs keep these to the values of their types.
      preset: row.preset as (typeof ingestPresets)[number],
      secretRefs: row.secret_refs,
      toleranceSeconds: row.tolerance_seconds,
      status: row.status as 'ACTIVE' | 'PAUSED',
      settings: JSON.parse(row.settings),
      mappingRevision: row.mapping_revision,
      version: row.version,
    }));
    return { sources, next: rows.length > limit ? (sources.at(-1)?.ingestSourceId ?? null) : null };
  },
});

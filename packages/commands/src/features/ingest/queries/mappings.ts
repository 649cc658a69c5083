import { idShape, timestampShape, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';

export const listMappings = defineQuery({
  type: 'ingest.mappings',
  summary: 'Revisions of what the messages of a source become, newest first. Without any, its preset decides.',
  scope: 'ingest.source:read',
  environment: 'control',
  input: v.strictObject({ ingestSourceId: idShape('ingestSource'), limit: pageLimit }),
  output: v.strictObject({
    revisions: v.array(v.strictObject({ revision: v.number(), mapping: v.unknown(), setAt: timestampShape })),
  }),
  run: async ({ ingestSourceId, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) =>
      db
        .selectFrom('ingest_mappings')
        .select(['revision', 'document', 'set_at'])
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .where('ingest_source_id', '=', toUuid(ingestSourceId))
        .orderBy('revision', 'desc')
        .limit(limit)
        .execute(),
    );
    return {
      revisions: rows.map((row) => ({
        revision: row.revision,
        mapping: JSON.parse(row.document) as unknown,
        setAt: row.set_at,
      })),
    };
  },
});

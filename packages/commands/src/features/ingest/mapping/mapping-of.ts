import { controlEnvironmentOf, type Database, type Id, toUuid } from '@karmanflow/schema';
import type { IngestPreset } from '../../access/index.ts';

/** What a preset maps by itself. Others have to be told: a shop's orders name no location, for example. */
const ownMappings: Partial<Record<IngestPreset, unknown>> = {
  'standard-webhooks': { template: 'karmanflow' },
  karmanflow: { template: 'karmanflow' },
};

/** What a source maps by while nobody has set anything; undefined: nothing can be made of its messages. */
export function ownMappingOf(preset: string): unknown {
  return ownMappings[preset as IngestPreset];
}

/** The mapping document that a source has now, and the environment of its messages as a UUID; null without such a source. */
export async function mappingOf(
  database: Database,
  { tenantId, ingestSourceId }: { readonly tenantId: Id<'tenant'>; readonly ingestSourceId: Id<'ingestSource'> },
): Promise<{ readonly document: unknown; readonly environmentId: string } | null> {
  const control = toUuid(tenantId);
  const row = await database.read({ tenantId, environmentId: controlEnvironmentOf(tenantId) }, (db) =>
    db
      .selectFrom('ingest_sources as s')
      .leftJoin('ingest_mappings as m', (join) =>
        join
          .onRef('m.tenant_id', '=', 's.tenant_id')
          .onRef('m.environment_id', '=', 's.environment_id')
          .onRef('m.ingest_source_id', '=', 's.id')
          .onRef('m.revision', '=', 's.mapping_revision'),
      )
      .select(['s.preset', 's.target_environment_id', 'm.document'])
      .where('s.tenant_id', '=', control)
      .where('s.environment_id', '=', control)
      .where('s.id', '=', toUuid(ingestSourceId))
      .executeTakeFirst(),
  );
  if (!row) return null;
  const document: unknown = row.document === null ? ownMappingOf(row.preset) : JSON.parse(row.document);
  return { document, environmentId: row.target_environment_id };
}

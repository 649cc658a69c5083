import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { IngestSourceRegistered } from '../events.ts';

export interface IngestSourceState {
  readonly id: Id<'ingestSource'>;
  readonly code: string;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'>;
  readonly preset: 'standard-webhooks';
  readonly secretRefs: readonly string[];
  readonly toleranceSeconds: number;
  readonly status: 'ACTIVE' | 'PAUSED';
}

export const ingestSource = defineEntity<IngestSourceState>({
  name: 'ingest_source',
  table: 'ingest_sources',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'ingestSource' },
    code: { column: 'code' },
    principalId: { column: 'principal_id', id: 'principal' },
    targetEnvironmentId: { column: 'target_environment_id', id: 'environment' },
    preset: { column: 'preset' },
    secretRefs: { column: 'secret_refs' },
    toleranceSeconds: { column: 'tolerance_seconds' },
    status: { column: 'status' },
  },
  evolve: {
    'access.ingest_source.registered': (_state, { data }: PastEvent<IngestSourceRegistered>) => ({
      id: data.ingestSourceId,
      code: data.code,
      principalId: data.principalId,
      targetEnvironmentId: data.environmentId,
      preset: data.preset,
      secretRefs: data.secretRefs,
      toleranceSeconds: data.toleranceSeconds,
      status: 'ACTIVE' as const,
    }),
  },
});

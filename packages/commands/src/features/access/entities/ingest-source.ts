import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type {
  IngestPreset,
  IngestSourceLimitsChanged,
  IngestSourceMappingSet,
  IngestSourceRegistered,
  IngestSourceSecretsChanged,
  IngestSourceVerificationChanged,
} from '../ingest-source-events.ts';
import { existing } from './existing.ts';

export interface IngestSourceState {
  readonly id: Id<'ingestSource'>;
  readonly code: string;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'>;
  readonly preset: IngestPreset;
  readonly secretRefs: readonly string[];
  readonly toleranceSeconds: number;
  readonly status: 'ACTIVE' | 'PAUSED';
  /** Canonical JSON of what the preset has to be told. */
  readonly settings: string;
  /** 0: what the preset maps by itself. */
  readonly mappingRevision: number;
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
    settings: { column: 'settings' },
    mappingRevision: { column: 'mapping_revision' },
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
      settings: data.settings ?? '{}',
      mappingRevision: 0,
    }),
    'access.ingest_source.paused': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'PAUSED' as const,
    }),
    'access.ingest_source.resumed': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'ACTIVE' as const,
    }),
    'access.ingest_source.secrets_changed': (state, event: PastEvent<IngestSourceSecretsChanged>) => ({
      ...existing(state, event),
      secretRefs: event.data.secretRefs,
    }),
    'access.ingest_source.limits_changed': (state, event: PastEvent<IngestSourceLimitsChanged>) => ({
      ...existing(state, event),
      settings: event.data.settings,
    }),
    'access.ingest_source.verification_changed': (state, event: PastEvent<IngestSourceVerificationChanged>) => ({
      ...existing(state, event),
      toleranceSeconds: event.data.toleranceSeconds,
      settings: event.data.settings,
    }),
    'access.ingest_source.mapping_set': (state, event: PastEvent<IngestSourceMappingSet>) => ({
      ...existing(state, event),
      mappingRevision: event.data.revision,
    }),
  },
});

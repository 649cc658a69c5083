import { defineEvent, pastVersion } from '@karmanflow/events';
import { codeShape, idShape, tables } from '@karmanflow/schema';
import * as v from 'valibot';

/** How a source signs, by name: the names that the table knows. What each one means, the package of webhooks says. */
export const ingestPresets = tables.ingest_sources.columns.preset.values;
export type IngestPreset = (typeof ingestPresets)[number];

const ingestSourceId = idShape('ingestSource');
const touchesSource = (data: { readonly ingestSourceId: string }) => [
  { entity: 'ingest_source', key: { id: data.ingestSourceId } },
];

const registeredWith = <const Presets extends readonly string[]>(presets: Presets) =>
  v.strictObject({
    ingestSourceId,
    code: codeShape,
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    preset: v.picklist(presets),
    /** References, never secrets. */
    secretRefs: v.array(v.string()),
    toleranceSeconds: v.number(),
    /** Canonical JSON of what the preset has to be told; nothing, where it is absent. */
    settings: v.optional(v.string()),
  });

/** The presets of the first version, in the order in which they were listed. */
const firstPresets = [
  'standard-webhooks',
  'karmanflow',
  'svix',
  'shopify',
  'stripe',
  'github',
  'square',
  'generic-hmac',
] as const;

/** The second version knows `http-signatures`; what was stored before says the same. */
export const ingestSourceRegistered = defineEvent({
  type: 'access.ingest_source.registered',
  version: 2,
  data: registeredWith(ingestPresets),
  past: [pastVersion({ version: 1, data: registeredWith(firstPresets), upcast: (data) => data })],
  touches: touchesSource,
});
export type IngestSourceRegistered = v.InferOutput<typeof ingestSourceRegistered.data>;

export const ingestSourcePaused = defineEvent({
  type: 'access.ingest_source.paused',
  version: 1,
  data: v.strictObject({ ingestSourceId }),
  touches: touchesSource,
});

export const ingestSourceResumed = defineEvent({
  type: 'access.ingest_source.resumed',
  version: 1,
  data: v.strictObject({ ingestSourceId }),
  touches: touchesSource,
});

/** All references from then on. */
export const ingestSourceSecretsChanged = defineEvent({
  type: 'access.ingest_source.secrets_changed',
  version: 1,
  data: v.strictObject({ ingestSourceId, secretRefs: v.array(v.string()) }),
  touches: touchesSource,
});
export type IngestSourceSecretsChanged = v.InferOutput<typeof ingestSourceSecretsChanged.data>;

/** How much of it is taken. `settings` are all settings from then on, as canonical JSON; their limits alone differ. */
export const ingestSourceLimitsChanged = defineEvent({
  type: 'access.ingest_source.limits_changed',
  version: 1,
  data: v.strictObject({ ingestSourceId, settings: v.string() }),
  touches: touchesSource,
});
export type IngestSourceLimitsChanged = v.InferOutput<typeof ingestSourceLimitsChanged.data>;

/** How its messages are verified. `settings` are all settings from then on, as canonical JSON; their limits are as before. */
export const ingestSourceVerificationChanged = defineEvent({
  type: 'access.ingest_source.verification_changed',
  version: 1,
  data: v.strictObject({ ingestSourceId, toleranceSeconds: v.number(), settings: v.string() }),
  touches: touchesSource,
});
export type IngestSourceVerificationChanged = v.InferOutput<typeof ingestSourceVerificationChanged.data>;

/** `document` is the whole mapping from then on, as canonical JSON. */
export const ingestSourceMappingSet = defineEvent({
  type: 'access.ingest_source.mapping_set',
  version: 1,
  data: v.strictObject({ ingestSourceId, revision: v.number(), document: v.string() }),
  touches: (data) => [
    ...touchesSource(data),
    { entity: 'ingest_mapping', key: { ingestSourceId: data.ingestSourceId, revision: data.revision } },
  ],
});
export type IngestSourceMappingSet = v.InferOutput<typeof ingestSourceMappingSet.data>;

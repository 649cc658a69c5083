import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import { roles } from '@karmanflow/policy';
import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceMappingSet } from '../../access/index.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import { commandTypesOf, mappingInputShape, parseMapping } from '../mapping/mapping-document.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

export const setMapping = defineCommand({
  type: 'ingest.set_mapping',
  version: 1,
  summary: 'Sets what the messages of a source become, as a new revision. Waits for a named human.',
  risk: 'R2',
  scope: 'ingest.source:set_mapping',
  environment: 'control',
  input: v.strictObject({ ...sourceInput.entries, mapping: mappingInputShape }),
  output: v.strictObject({ ingestSourceId: idShape('ingestSource'), revision: v.number() }),
  refusals: ['ingest_source_not_found', 'mapping_invalid', 'command_type_unknown', 'mapping_revision_limit_reached'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId, mapping }, ctx) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    const parsed = parseMapping(mapping);
    if (!parsed.ok) return refuse('mapping_invalid', { problems: parsed.problems });
    const unknown = commandTypesOf(parsed.mapping).filter((type) => {
      const command = ctx.registry.commands.get(type);
      // A partner's message becomes what a connector may ever ask for, in the connector's own environment.
      const isOffered = command !== undefined && command.internal !== true && command.environment === 'caller';
      return !isOffered || !(roles.connector as readonly string[]).includes(command.scope);
    });
    if (unknown.length > 0) return refuse('command_type_unknown', { commandTypes: unknown });
    const revision = source.mappingRevision + 1;
    if (revision > ingestBounds.mappingRevisions) {
      return refuse('mapping_revision_limit_reached', { revisions: source.mappingRevision });
    }
    const document = new TextDecoder().decode(canonicalBytes(mapping as JsonValue));
    return accept({
      events: [ingestSourceMappingSet.of({ ingestSourceId, revision, document })],
      response: { ingestSourceId, revision },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceMappingSet } from '../../access/index.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import { judgeMapping } from '../judge-mapping.ts';
import { mappingInputShape } from '../mapping/mapping-document.ts';
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
    const judged = judgeMapping(mapping, ctx.registry);
    if (!judged.ok) return refuse(judged.code, judged.detail);
    const revision = source.mappingRevision + 1;
    if (revision > ingestBounds.mappingRevisions) {
      return refuse('mapping_revision_limit_reached', { revisions: source.mappingRevision });
    }
    return accept({
      events: [ingestSourceMappingSet.of({ ingestSourceId, revision, document: judged.document })],
      response: { ingestSourceId, revision },
    });
  },
});

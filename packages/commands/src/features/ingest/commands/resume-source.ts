import * as v from 'valibot';
import { idShape } from '@karmanflow/schema';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceResumed } from '../../access/index.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

export const resumeSource = defineCommand({
  type: 'ingest.resume_source',
  version: 1,
  summary: 'Lets a paused source send again. Waits for a named human.',
  risk: 'R2',
  scope: 'ingest.source:resume',
  environment: 'control',
  input: sourceInput,
  output: v.strictObject({ ingestSourceId: idShape('ingestSource'), status: v.literal('ACTIVE') }),
  refusals: ['ingest_source_not_found', 'ingest_source_not_paused'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId }) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    if (source.status !== 'PAUSED') return refuse('ingest_source_not_paused', { status: source.status });
    return accept({
      events: [ingestSourceResumed.of({ ingestSourceId })],
      response: { ingestSourceId, status: 'ACTIVE' },
    });
  },
});

import * as v from 'valibot';
import { idShape } from '@karmanflow/schema';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourcePaused } from '../../access/index.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

export const pauseSource = defineCommand({
  type: 'ingest.pause_source',
  version: 1,
  summary: 'Stops a source within a second; whoever sends is told what a wrong signature is told.',
  risk: 'R1',
  scope: 'ingest.source:pause',
  environment: 'control',
  input: sourceInput,
  output: v.strictObject({ ingestSourceId: idShape('ingestSource'), status: v.literal('PAUSED') }),
  refusals: ['ingest_source_not_found', 'ingest_source_paused'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId }) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    if (source.status !== 'ACTIVE') return refuse('ingest_source_paused', { status: source.status });
    return accept({
      events: [ingestSourcePaused.of({ ingestSourceId })],
      response: { ingestSourceId, status: 'PAUSED' },
    });
  },
});

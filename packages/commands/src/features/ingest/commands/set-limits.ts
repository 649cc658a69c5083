import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceLimitsChanged } from '../../access/index.ts';
import { limitChangesShape, settingsFromText, settingsText, withLimits } from '../preset-settings.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

/**
 * R1, as pausing is: whoever sees a source flood must be able to slow it down without waiting for somebody else. More than
 * before opens no way in: each message is verified all the same, and no source gets beyond what a source may ever have.
 */
export const setLimits = defineCommand({
  type: 'ingest.set_limits',
  version: 1,
  summary: 'Changes how much of a source is taken, within a second; what is not named stays, and null is the default.',
  risk: 'R1',
  scope: 'ingest.source:set_limits',
  environment: 'control',
  input: v.pipe(
    v.strictObject({ ...sourceInput.entries, limits: limitChangesShape }),
    v.check(({ limits }) => Object.keys(limits).length > 0, 'must change something'),
    v.examples([
      {
        ingestSourceId: 'src_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
        limits: { messagesPerSecond: 10, burstMessages: 20 },
      },
    ]),
  ),
  output: v.strictObject({ ingestSourceId: idShape('ingestSource'), settings: v.unknown() }),
  refusals: ['ingest_source_not_found', 'ingest_source_unchanged'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId, limits }) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    const after = withLimits(settingsFromText(source.settings), limits);
    // Three numbers more: they are bounded themselves, so long settings never keep a source from being slowed down.
    const settings = settingsText(after);
    if (settings === source.settings) return refuse('ingest_source_unchanged', { ingestSourceId });
    return accept({
      events: [ingestSourceLimitsChanged.of({ ingestSourceId, settings })],
      response: { ingestSourceId, settings: after },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceVerificationChanged } from '../../access/index.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import {
  settingsFromText,
  settingsProblem,
  settingsText,
  toleranceShape,
  verificationChangesShape,
  withVerification,
} from '../preset-settings.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

/**
 * R3 and for people, as registering is: a wider window or less that is signed lets in what was kept out until then, so it
 * is as much as another source. Whoever tightens waits too, and pauses the source meanwhile. Limits are `ingest.set_limits`.
 */
export const updateSource = defineCommand({
  type: 'ingest.update_source',
  version: 1,
  summary: 'Changes how messages of a source are verified; what is not named stays, and null takes a setting away.',
  risk: 'R3',
  scope: 'ingest.source:update',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.pipe(
    v.strictObject({
      ...sourceInput.entries,
      toleranceSeconds: v.optional(toleranceShape),
      settings: v.optional(verificationChangesShape, {}),
    }),
    v.check(
      ({ toleranceSeconds, settings }) => toleranceSeconds !== undefined || Object.keys(settings).length > 0,
      'must change something',
    ),
    v.examples([
      {
        ingestSourceId: 'src_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
        toleranceSeconds: 120,
        settings: {},
      },
    ]),
  ),
  output: v.strictObject({
    ingestSourceId: idShape('ingestSource'),
    toleranceSeconds: v.number(),
    settings: v.unknown(),
  }),
  refusals: ['ingest_source_not_found', 'ingest_settings_invalid', 'ingest_source_unchanged'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId, toleranceSeconds: wanted, settings: changes }) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    const after = withVerification(settingsFromText(source.settings), changes);
    const settings = settingsText(after);
    const isTooLong = settings.length > ingestBounds.settingsCharacters;
    const problem = settingsProblem(source.preset, after) ?? (isTooLong ? 'settings are too long' : null);
    if (problem !== null) return refuse('ingest_settings_invalid', { problem });
    const toleranceSeconds = wanted ?? source.toleranceSeconds;
    if (settings === source.settings && toleranceSeconds === source.toleranceSeconds) {
      return refuse('ingest_source_unchanged', { ingestSourceId });
    }
    return accept({
      events: [ingestSourceVerificationChanged.of({ ingestSourceId, toleranceSeconds, settings })],
      response: { ingestSourceId, toleranceSeconds, settings: after },
    });
  },
});

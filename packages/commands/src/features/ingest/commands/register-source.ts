import { codeShape, idShape, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { environment, ingestPresets, ingestSource, ingestSourceRegistered, principal } from '../../access/index.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import { presetSettingsShape, settingsProblem, settingsText, toleranceShape } from '../preset-settings.ts';
import { secretRefsShape } from '../secret-refs.ts';

export const registerSource = defineCommand({
  type: 'ingest.register_source',
  version: 1,
  summary: 'Registers an ingest source: who sends, how it signs, and as which connector it acts in which environment.',
  risk: 'R3',
  scope: 'ingest.source:register',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.pipe(
    v.strictObject({
      code: codeShape,
      principalId: idShape('principal'),
      environmentId: idShape('environment'),
      preset: v.picklist(ingestPresets),
      secretRefs: secretRefsShape,
      toleranceSeconds: v.optional(toleranceShape, limits.webhookToleranceSeconds),
      settings: v.optional(presetSettingsShape, {}),
    }),
    v.check(({ preset, settings }) => settingsProblem(preset, settings) === null, 'settings do not go with the preset'),
    v.check(
      ({ settings }) => settingsText(settings).length <= ingestBounds.settingsCharacters,
      'settings are too long',
    ),
    v.examples([
      {
        code: 'web-shop',
        principalId: 'prn_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
        environmentId: 'env_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
        preset: 'shopify' as const,
        secretRefs: ['secrets://web-shop'],
        toleranceSeconds: 300,
        settings: {},
      },
    ]),
  ),
  output: v.strictObject({ ingestSourceId: idShape('ingestSource') }),
  refusals: [
    'code_taken',
    'principal_not_found',
    'principal_disabled',
    'principal_not_connector',
    'environment_not_found',
    'environment_is_control',
    'environment_archived',
  ],
  load: ({ code, principalId, environmentId }) => [
    rowsWhere(environment, { id: environmentId }),
    rowsWhere(principal, { id: principalId }),
    rowsWhere(ingestSource, { code }),
  ],
  decide: (state, request, ctx) => {
    const { code, principalId, environmentId, preset, secretRefs, toleranceSeconds, settings } = request;
    if (state.get(ingestSource, { code })) return refuse('code_taken', { code });
    const connector = state.get(principal, { id: principalId });
    if (!connector) return refuse('principal_not_found', { principalId });
    if (connector.status !== 'ACTIVE') return refuse('principal_disabled', { principalId });
    if (connector.type !== 'CONNECTOR') return refuse('principal_not_connector', { type: connector.type });
    const target = state.get(environment, { id: environmentId });
    if (!target) return refuse('environment_not_found', { environmentId });
    if (target.kind === 'CONTROL') return refuse('environment_is_control', { environmentId });
    if (target.status !== 'ACTIVE') return refuse('environment_archived', { environmentId });
    const ingestSourceId = ctx.newId('ingestSource');
    const registered = ingestSourceRegistered.of({
      ingestSourceId,
      code,
      principalId,
      environmentId,
      preset,
      secretRefs,
      toleranceSeconds,
      settings: settingsText(settings),
    });
    return accept({ events: [registered], response: { ingestSourceId } });
  },
});

import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { apiKey } from '../entities/api-key.ts';
import { apiKeyRevoked } from '../events.ts';

/** R1 for a human administrator: taking authority away must never wait. */
export const revokeApiKey = defineCommand({
  type: 'access.revoke_api_key',
  version: 1,
  summary: 'Revokes an API key; within a second no process accepts it any more.',
  risk: 'R1',
  scope: 'access.api_key:revoke',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ apiKeyId: idShape('apiKey') }),
  output: v.strictObject({ apiKeyId: idShape('apiKey'), revokedAt: timestampShape }),
  refusals: ['api_key_not_found', 'api_key_revoked'],
  load: ({ apiKeyId }) => [rowsWhere(apiKey, { id: apiKeyId })],
  versioned: ({ apiKeyId }) => rowsWhere(apiKey, { id: apiKeyId }),
  decide: (state, { apiKeyId }, ctx) => {
    const key = state.get(apiKey, { id: apiKeyId });
    if (!key) return refuse('api_key_not_found', { apiKeyId });
    if (key.revokedAt !== null) return refuse('api_key_revoked', { revokedAt: key.revokedAt });
    return accept({ events: [apiKeyRevoked.of({ apiKeyId })], response: { apiKeyId, revokedAt: ctx.now } });
  },
});

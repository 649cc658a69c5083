import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { endProblem } from '../end-problem.ts';
import { apiKey, type ApiKeyState } from '../entities/api-key.ts';
import { principal } from '../entities/principal.ts';
import { apiKeyIssued, apiKeyRotated } from '../events.ts';
import { secretHashShape } from '../shapes.ts';

const input = v.strictObject({
  apiKeyId: idShape('apiKey'),
  /** Of the new key. */
  secretHash: secretHashShape,
  /** How long the old key goes on; 0 revokes it at once. */
  overlapSeconds: v.pipe(
    v.number(),
    v.integer('must be whole seconds'),
    v.minValue(0, 'must not be negative'),
    v.maxValue(accessLimits.keyOverlapSecondsMax, `must be at most ${accessLimits.keyOverlapSecondsMax}`),
  ),
  /** Of the new key; that of the old one unless given, null for none. */
  expiresAt: v.optional(v.nullable(timestampShape)),
});

export const rotateApiKey = defineCommand({
  type: 'access.rotate_api_key',
  version: 1,
  summary: 'Replaces an API key by one with the same principal, environment, scopes and ceiling, and ends the old one.',
  risk: 'R2',
  scope: 'access.api_key:rotate',
  environment: 'control',
  input,
  output: v.strictObject({ apiKeyId: idShape('apiKey'), oldKeyEndsAt: timestampShape }),
  refusals: ['api_key_not_found', 'api_key_revoked', 'api_key_expired', 'principal_disabled', 'end_out_of_range'],
  load: ({ apiKeyId }) => [rowsWhere(apiKey, { id: apiKeyId })],
  versioned: ({ apiKeyId }) => rowsWhere(apiKey, { id: apiKeyId }),
  loadNext: ({ apiKeyId }, state) => {
    const key = state.get(apiKey, { id: apiKeyId });
    return key ? [rowsWhere(principal, { id: key.principalId })] : [];
  },
  decide: (state, request, ctx) => {
    const { apiKeyId, secretHash, overlapSeconds } = request;
    const old = state.get(apiKey, { id: apiKeyId });
    if (!old) return refuse('api_key_not_found', { apiKeyId });
    if (old.revokedAt !== null) return refuse('api_key_revoked', { revokedAt: old.revokedAt });
    if (old.expiresAt !== null && old.expiresAt <= ctx.now) {
      return refuse('api_key_expired', { expiresAt: old.expiresAt });
    }
    const holder = state.get(principal, { id: old.principalId });
    if (holder?.status !== 'ACTIVE') return refuse('principal_disabled', { principalId: old.principalId });
    const expiresAt = request.expiresAt === undefined ? old.expiresAt : request.expiresAt;
    const problem = expiresAt && endProblem(expiresAt, { now: ctx.now, secondsMax: accessLimits.endSecondsMax });
    if (problem) return refuse('end_out_of_range', problem);
    const replacedBy = ctx.newId('apiKey');
    const issued = apiKeyIssued.of({
      apiKeyId: replacedBy,
      principalId: old.principalId,
      environmentId: old.targetEnvironmentId,
      name: old.name,
      secretHash,
      scopes: [...old.scopes],
      riskCeiling: old.riskCeiling,
      expiresAt,
    });
    const endsAt = oldKeyEnd(old, { now: ctx.now, overlapSeconds });
    const rotated = apiKeyRotated.of({ apiKeyId, replacedBy, expiresAt: overlapSeconds === 0 ? null : endsAt });
    return accept({ events: [issued, rotated], response: { apiKeyId: replacedBy, oldKeyEndsAt: endsAt } });
  },
});

/** Never later than it would have ended anyway. */
function oldKeyEnd(old: ApiKeyState, { now, overlapSeconds }: { now: string; overlapSeconds: number }): string {
  const wanted = new Date(Date.parse(now) + overlapSeconds * 1000).toISOString();
  return old.expiresAt !== null && old.expiresAt < wanted ? old.expiresAt : wanted;
}

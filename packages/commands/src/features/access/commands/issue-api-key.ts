import { riskRank } from '@karmanflow/policy';
import { codeShape, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { endProblem } from '../end-problem.ts';
import { environment } from '../entities/environment.ts';
import { principal } from '../entities/principal.ts';
import { apiKeyIssued } from '../events.ts';
import { keyScopesShape, riskCeilingShape, secretHashShape } from '../shapes.ts';

/**
 * The caller makes the secret, 32 random bytes, and sends its SHA-256 only: no secret ever reaches us. With the id that it
 * gets back it writes down the key (`formatApiKey`).
 */
export const issueApiKey = defineCommand({
  type: 'access.issue_api_key',
  version: 1,
  summary: 'Issues an API key to a principal for one environment, within scopes, a risk ceiling and an end.',
  risk: 'R3',
  scope: 'access.api_key:issue',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    name: codeShape,
    secretHash: secretHashShape,
    scopes: keyScopesShape,
    riskCeiling: riskCeilingShape,
    /** null: until it is revoked. */
    expiresAt: v.nullable(timestampShape),
  }),
  output: v.strictObject({ apiKeyId: idShape('apiKey') }),
  refusals: [
    'principal_not_found',
    'principal_disabled',
    'environment_not_found',
    'environment_is_control',
    'environment_archived',
    'risk_ceiling_too_high',
    'end_out_of_range',
  ],
  load: ({ principalId, environmentId }) => [
    rowsWhere(environment, { id: environmentId }),
    rowsWhere(principal, { id: principalId }),
  ],
  decide: (state, request, ctx) => {
    const { principalId, environmentId, riskCeiling, expiresAt } = request;
    const holder = state.get(principal, { id: principalId });
    if (!holder) return refuse('principal_not_found', { principalId });
    if (holder.status !== 'ACTIVE') return refuse('principal_disabled', { principalId });
    const target = state.get(environment, { id: environmentId });
    if (!target) return refuse('environment_not_found', { environmentId });
    if (target.kind === 'CONTROL') return refuse('environment_is_control', { environmentId });
    if (target.status !== 'ACTIVE') return refuse('environment_archived', { environmentId });
    if (holder.type !== 'USER' && riskRank(riskCeiling) > riskRank('R2')) {
      return refuse('risk_ceiling_too_high', { type: holder.type, atMost: 'R2' });
    }
    const problem = expiresAt && endProblem(expiresAt, { now: ctx.now, secondsMax: accessLimits.endSecondsMax });
    if (problem) return refuse('end_out_of_range', problem);
    const apiKeyId = ctx.newId('apiKey');
    return accept({ events: [apiKeyIssued.of({ apiKeyId, ...request })], response: { apiKeyId } });
  },
});

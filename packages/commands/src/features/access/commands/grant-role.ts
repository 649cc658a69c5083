import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { administratorGrants, administratorRole } from '../administrators.ts';
import { endProblem } from '../end-problem.ts';
import { environment } from '../entities/environment.ts';
import { principal } from '../entities/principal.ts';
import { roleGrant, type RoleGrantState } from '../entities/role-grant.ts';
import { roleGranted } from '../events.ts';
import { roleShape } from '../shapes.ts';

const input = v.strictObject({
  principalId: idShape('principal'),
  role: roleShape,
  /** null: the tenant as a whole, with all its environments. */
  environmentId: v.nullable(idShape('environment')),
  /** Now unless given; a time that is over counts as now. */
  validFrom: v.optional(timestampShape),
  validUntil: v.optional(timestampShape),
});
type Input = v.InferOutput<typeof input>;

export const grantRole = defineCommand({
  type: 'access.grant_role',
  version: 1,
  summary: 'Gives a principal a role in one environment or in the whole tenant, from and until when it says.',
  risk: 'R3',
  scope: 'access.role:grant',
  environment: 'control',
  actorTypes: ['USER'],
  input,
  output: v.strictObject({ roleGrantId: idShape('roleGrant'), validFrom: timestampShape }),
  refusals: [
    'principal_not_found',
    'principal_disabled',
    'environment_not_found',
    'environment_archived',
    'end_out_of_range',
    'role_already_granted',
    'grant_limit_reached',
  ],
  load: ({ principalId, role, environmentId }) => [
    ...(role === administratorRole ? [administratorGrants] : []),
    rowsWhere(roleGrant, { principalId }),
    ...(environmentId === null ? [] : [rowsWhere(environment, { id: environmentId })]),
  ],
  // After the grants, as in every command that reads both.
  loadNext: ({ principalId }) => [rowsWhere(principal, { id: principalId })],
  decide: (state, request, ctx) => {
    const { principalId, role, environmentId, validUntil } = request;
    const found = state.get(principal, { id: principalId });
    if (!found) return refuse('principal_not_found', { principalId });
    if (found.status !== 'ACTIVE') return refuse('principal_disabled', { principalId });
    if (environmentId !== null) {
      const target = state.get(environment, { id: environmentId });
      if (!target) return refuse('environment_not_found', { environmentId });
      if (target.status !== 'ACTIVE') return refuse('environment_archived', { environmentId });
    }
    const validFrom = laterOf(request.validFrom ?? ctx.now, ctx.now);
    const problem = validUntil && endProblem(validUntil, { now: validFrom, secondsMax: accessLimits.endSecondsMax });
    if (problem) return refuse('end_out_of_range', problem);
    const overlapping = overlappingGrant(state, request, validFrom);
    if (overlapping) return refuse('role_already_granted', { roleGrantId: overlapping.id });
    const atMost = limitReached(state, request);
    if (atMost !== null) return refuse('grant_limit_reached', { atMost });
    const roleGrantId = ctx.newId('roleGrant');
    const granted = roleGranted.of({
      roleGrantId,
      principalId,
      environmentId,
      role,
      validFrom,
      validUntil: validUntil ?? null,
    });
    return accept({ events: [granted], response: { roleGrantId, validFrom } });
  },
});

/** Times compare as text, since all are RFC 3339 UTC with milliseconds. */
const laterOf = (one: string, other: string): string => (one > other ? one : other);

/** A grant of the same that would hold at the same time: revoking one of two would take nothing away. */
function overlappingGrant(state: StateReader, request: Input, validFrom: string): RoleGrantState | undefined {
  const { principalId, role, environmentId, validUntil } = request;
  return state
    .list(roleGrant, { principalId })
    .find(
      (one) =>
        one.role === role &&
        one.targetEnvironmentId === environmentId &&
        one.revokedAt === null &&
        (one.validUntil === null || validFrom < one.validUntil) &&
        (validUntil === undefined || one.validFrom < validUntil),
    );
}

/** The limit that is reached: all of these grants are read wherever one of them counts. */
function limitReached(state: StateReader, { principalId, role }: Input): number | null {
  if (state.list(roleGrant, { principalId }).length >= accessLimits.grantsPerPrincipal) {
    return accessLimits.grantsPerPrincipal;
  }
  if (role !== administratorRole) return null;
  const administrators = state.list(roleGrant, { role }).length;
  return administrators >= accessLimits.administratorGrants ? accessLimits.administratorGrants : null;
}

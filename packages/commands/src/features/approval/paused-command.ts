import { createHash } from 'node:crypto';
import { evaluatePolicy, type GrantedRole, roles, type TenantPolicy } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, type Scope } from '@karmanflow/schema';
import type { AnyCommand, PausedCommand, StateReader } from '../../definition/command.ts';
import { controlRowsWhere, type Load } from '../../definition/entity.ts';
import type { Registry } from '../../definition/registry.ts';
import {
  apiKey,
  authorityOf,
  environment,
  everyScope,
  policyFromText,
  principal,
  roleGrant,
  tenantPolicy,
} from '../access/index.ts';
import { type ApprovalState, approvalVote } from './entities.ts';
import { personalOf } from './unused-values.ts';

/** What a request holds, made readable again. */
export interface Paused {
  readonly definition: AnyCommand;
  readonly input: unknown;
  readonly expectedVersion: number | null;
}

/** The paused command of a request; null when this build no longer knows the command as it was asked for. */
export function pausedIn(registry: Registry, request: ApprovalState): Paused | null {
  const hash = createHash('sha256').update(request.commandBody).digest();
  if (!hash.equals(request.commandHash)) throw new Error(`${request.id} does not hold the command that it names`);
  const definition = registry.commands.get(request.commandType);
  if (!definition || definition.version !== request.commandVersion) return null;
  // Canonical bytes of the executor's own payload.
  const payload = JSON.parse(Buffer.from(request.commandBody).toString('utf8')) as {
    input: unknown;
    expectedVersion: number | null;
  };
  return { definition, ...payload };
}

/** Who asked, on whose behalf and with what: the facts, in the control environment, on which policy decides again. */
export function authorityLoads(request: ApprovalState, state: StateReader, scope: Scope): Load[] {
  const people = [request.requestedBy, ...(request.onBehalfOf ? [request.onBehalfOf] : [])];
  const owner = state.get(principal, { id: request.requestedBy })?.ownerId;
  if (owner && !people.includes(owner)) people.push(owner);
  const credentialId = request.credentialId;
  return [
    ...people.flatMap(personLoads),
    ...(request.credentialType === 'api_key' && credentialId
      ? [controlRowsWhere(apiKey, { id: credentialId as Id<'apiKey'> })]
      : []),
    controlRowsWhere(environment, { id: scope.environmentId }),
    controlRowsWhere(tenantPolicy, { id: scope.tenantId }),
  ];
}

export function personLoads(id: Id<'principal'>): Load[] {
  return [controlRowsWhere(principal, { id }), controlRowsWhere(roleGrant, { principalId: id })];
}

export function grantsOf(state: StateReader, principalId: Id<'principal'>): GrantedRole[] {
  if (state.get(principal, { id: principalId })?.status !== 'ACTIVE') return [];
  return state.list(roleGrant, { principalId }).map((grant) => ({
    role: grant.role,
    environmentId: grant.targetEnvironmentId,
    validFrom: grant.validFrom,
    validUntil: grant.validUntil,
    revokedAt: grant.revokedAt,
  }));
}

export function tenantPolicyIn(state: StateReader, tenantId: Id<'tenant'>): TenantPolicy {
  return policyFromText(state.get(tenantPolicy, { id: tenantId })?.settings ?? null);
}

/** What the credential of the request still carries; nothing when it was revoked or is over. */
function credentialOf(
  request: ApprovalState,
  state: StateReader,
  now: string,
): { scopes: readonly string[]; riskCeiling: 'R0' | 'R1' | 'R2' | 'R3' } {
  switch (request.credentialType) {
    case 'api_key': {
      const key = state.get(apiKey, { id: (request.credentialId ?? '') as Id<'apiKey'> });
      const isLive = key && key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt);
      return isLive ? { scopes: key.scopes, riskCeiling: key.riskCeiling } : { scopes: [], riskCeiling: 'R0' };
    }
    case 'ingest_source':
      return { scopes: roles.connector, riskCeiling: 'R2' };
    // A session may have ended since: what a person asked for stands until that person may no longer ask.
    case 'session':
      return { scopes: everyScope, riskCeiling: 'R3' };
    default:
      return { scopes: [], riskCeiling: 'R0' };
  }
}

/**
 * The paused command with the decision that policy makes about it now: its requester's authority, the environment and the
 * tenant's settings as they stand in this very transaction, and with the votes that it has.
 */
export function pausedCommandOf(
  request: ApprovalState,
  paused: Paused,
  options: {
    state: StateReader;
    scope: Scope;
    now: string;
    approvers: readonly Id<'principal'>[];
  },
): PausedCommand {
  const { state, scope, now, approvers } = options;
  const { definition, input } = paused;
  const carried = credentialOf(request, state, now);
  const requester = state.get(principal, { id: request.requestedBy });
  const authority = authorityOf({
    actorType: request.requesterType,
    grants: grantsOf(state, request.requestedBy),
    ownerGrants: requester?.ownerId ? grantsOf(state, requester.ownerId) : null,
    credentialScopes: carried.scopes,
    riskCeiling: carried.riskCeiling,
    environmentId: scope.environmentId,
    controlEnvironmentId: controlEnvironmentOf(scope.tenantId),
    now,
  });
  const place = state.get(environment, { id: scope.environmentId });
  const decision = evaluatePolicy({
    actor: {
      type: request.requesterType,
      scopes: authority.scopes,
      roles: authority.roles,
      riskCeiling: authority.riskCeiling,
      loginAgeSeconds: null,
    },
    command: definition,
    environment: { kind: place?.kind ?? 'SANDBOX', status: place?.status ?? 'ARCHIVED' },
    tenantPolicy: tenantPolicyIn(state, scope.tenantId),
    amount: definition.amount ? definition.amount(input as never) : null,
    approval: { approvers: approvers.length, quorum: request.quorum },
  });
  return {
    approvalId: request.id,
    definition,
    input,
    expectedVersion: paused.expectedVersion,
    payload: request.commandBody,
    payloadHash: request.commandHash,
    personal: new Map(Object.entries(personalOf(request))),
    actor: { type: request.requesterType, id: request.requestedBy, onBehalfOf: request.onBehalfOf },
    credential:
      request.credentialType && request.credentialId
        ? { type: request.credentialType, id: request.credentialId }
        : null,
    correlationId: request.correlationId,
    reason: request.reason,
    approvers,
    decision,
  };
}

/** Those who approved, in the order of their votes. */
export function approversOf(state: StateReader, approvalId: Id<'approval'>): Id<'principal'>[] {
  return state
    .list(approvalVote, { approvalId })
    .filter(({ vote }) => vote === 'APPROVE')
    .toSorted((one, other) => (`${one.votedAt} ${one.voterId}` < `${other.votedAt} ${other.voterId}` ? -1 : 1))
    .map(({ voterId }) => voterId);
}

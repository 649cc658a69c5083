import { evaluateVote } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, idShape, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import type {
  CommandEnvironment,
  DecisionContext,
  LoadContext,
  StateReader,
  Verdict,
} from '../../definition/command.ts';
import { controlRowsWhere, type Load, rowsWhere } from '../../definition/entity.ts';
import { authorityOf, everyScope, principal, session } from '../access/index.ts';
import { approval, type ApprovalState, approvalStatuses, approvalVote } from './entities.ts';
import { authorityLoads, grantsOf, type Paused, pausedIn, personLoads, tenantPolicyIn } from './paused-command.ts';

/** A request stands where its command runs: in an environment, or in the control environment of the tenant. */
export const approvalInput = v.strictObject({
  approvalId: idShape('approval'),
  level: v.optional(v.picklist(['environment', 'tenant'])),
});
export type ApprovalInput = v.InferOutput<typeof approvalInput>;

export function environmentOfApproval({ level }: { level?: 'environment' | 'tenant' | undefined }): CommandEnvironment {
  return level === 'tenant' ? 'control' : 'caller';
}

export const voteOutput = v.strictObject({
  approvalId: idShape('approval'),
  status: v.picklist(approvalStatuses),
  approvals: v.number(),
  quorum: v.number(),
  /** The receipt of the command that was run, and its answer. */
  executionReceiptId: v.nullable(idShape('receipt')),
  result: v.unknown(),
  failure: v.nullable(v.string()),
});
export type VoteOutput = v.InferOutput<typeof voteOutput>;

export function loadRequest({ approvalId }: ApprovalInput): Load[] {
  return [rowsWhere(approval, { id: approvalId }), rowsWhere(approvalVote, { approvalId })];
}

/** People, credential and settings behind a request and a vote, and, for a vote that may run it, what the command itself loads. */
export function loadForVote(
  { approvalId }: ApprovalInput,
  state: StateReader,
  ctx: LoadContext,
  mayRun: boolean,
): readonly Load[] {
  const request = state.get(approval, { id: approvalId });
  if (request?.status !== 'REQUESTED') return [];
  const { credential, actor } = ctx;
  const own: Load[] = [
    ...personLoads(actor.id),
    ...(credential?.type === 'session' ? [controlRowsWhere(session, { id: credential.id as Id<'session'> })] : []),
    ...authorityLoads(request, state, ctx.scope),
  ];
  const paused = mayRun ? pausedIn(ctx.registry, request) : null;
  return paused ? [...own, ...loadsOf(paused, request, state, ctx)] : own;
}

function loadsOf(paused: Paused, request: ApprovalState, state: StateReader, ctx: LoadContext): readonly Load[] {
  const { definition, expectedVersion } = paused;
  // The registry pairs each definition with the input that its own schema parsed.
  const input = paused.input as never;
  const asRequester: LoadContext = { ...ctx, actor: { id: request.requestedBy }, credential: null };
  return [
    ...definition.load(input, ctx.scope),
    ...(expectedVersion !== null && definition.versioned ? [definition.versioned(input)] : []),
    ...(definition.loadNext?.(input, state, asRequester) ?? []),
  ];
}

type VoteRuling = { readonly allowed: true } | { readonly allowed: false; readonly rule: string };

/** Whether the actor may vote, on its authority as it stands in this transaction. */
function judgeVote(request: ApprovalState, state: StateReader, ctx: DecisionContext): VoteRuling {
  const scope: Scope = ctx;
  const { actor, credential } = ctx;
  const isRevoked =
    credential?.type === 'session' && state.get(session, { id: credential.id as Id<'session'> })?.revokedAt !== null;
  const authority = authorityOf({
    actorType: actor.type,
    grants: grantsOf(state, actor.id),
    ownerGrants: null,
    credentialScopes: everyScope,
    riskCeiling: 'R3',
    environmentId: scope.environmentId,
    controlEnvironmentId: controlEnvironmentOf(scope.tenantId),
    now: ctx.now,
  });
  const owner = state.get(principal, { id: request.requestedBy })?.ownerId;
  const ruling = evaluateVote({
    voter: {
      type: actor.type,
      id: actor.id,
      scopes: authority.scopes,
      roles: authority.roles,
      loginAgeSeconds: isRevoked ? null : ctx.loginAgeSeconds,
    },
    request: {
      commandType: request.commandType,
      risk: request.risk,
      requestedBy: request.requestedBy,
      onBehalfOf: request.onBehalfOf,
      owners: owner ? [owner] : [],
    },
    votedAlready: state.list(approvalVote, { approvalId: request.id }).map(({ voterId }) => voterId),
    tenantPolicy: tenantPolicyIn(state, scope.tenantId),
  });
  return ruling.allowed ? { allowed: true } : { allowed: false, rule: ruling.rule };
}

/** How a vote is refused, whichever way it goes, in order of precedence. */
export const voteRefusals = [
  'approval_not_found',
  'approval_not_pending',
  'approval_expired',
  'vote_not_allowed',
] as const;

/** The request if it waits and this actor may vote on it; otherwise the refusal. */
export function openForVote(
  approvalId: Id<'approval'>,
  state: StateReader,
  ctx: DecisionContext,
):
  | { readonly kind: 'open'; readonly request: ApprovalState }
  | Extract<Verdict<never, (typeof voteRefusals)[number]>, { kind: 'refuse' }> {
  const request = state.get(approval, { id: approvalId });
  if (!request) return { kind: 'refuse', code: 'approval_not_found', detail: { approvalId } };
  const { status, expiresAt } = request;
  if (status !== 'REQUESTED') return { kind: 'refuse', code: 'approval_not_pending', detail: { status } };
  if (ctx.now >= expiresAt) return { kind: 'refuse', code: 'approval_expired', detail: { expiresAt } };
  const ruling = judgeVote(request, state, ctx);
  if (!ruling.allowed) return { kind: 'refuse', code: 'vote_not_allowed', detail: { rule: ruling.rule } };
  return { kind: 'open', request };
}

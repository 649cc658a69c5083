import { effectiveScopes, evaluateVote, liveRoles } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import type { CommandEnvironment } from '../../../definition/command.ts';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { type EntityChange, previewCommand } from '../../../executor/preview-command.ts';
import { everyScope, readTenantPolicy } from '../../access/index.ts';
import { approvalShape, approvalView } from './approval-view.ts';

const json = v.record(v.string(), v.unknown());

const voteShape = v.strictObject({
  voterId: idShape('principal'),
  vote: v.picklist(['APPROVE', 'DENY']),
  reason: v.nullable(v.string()),
  votedAt: timestampShape,
});

const output = v.strictObject({
  ...approvalShape.entries,
  /** The exact command that waits, without personal values. */
  command: v.strictObject({ type: v.string(), input: v.unknown(), expectedVersion: v.nullable(v.number()) }),
  votes: v.array(voteShape),
  /** What it would do if it ran now; null when it no longer waits, or when this build no longer knows it. */
  preview: v.nullable(
    v.strictObject({
      outcome: v.picklist(['accept', 'refuse']),
      refusal: v.nullable(v.strictObject({ code: v.string(), detail: json })),
      changes: v.array(v.strictObject({ entity: v.string(), id: v.string(), before: v.nullable(json), after: json })),
    }),
  ),
  /** Humans who may vote on it, if their login is fresh; at most the first of them by id. */
  mayVote: v.array(v.strictObject({ principalId: idShape('principal'), handle: v.string() })),
});
type Output = v.InferOutput<typeof output>;

const changesMax = 100;
const peopleMax = 500;

async function readRequest(ctx: QueryContext, approvalId: Id<'approval'>) {
  return ctx.database.read(ctx.scope, async (db) => {
    const row = await db
      .selectFrom('approvals')
      .selectAll()
      .where('tenant_id', '=', toUuid(ctx.tenantId))
      .where('environment_id', '=', toUuid(ctx.environmentId))
      .where('id', '=', toUuid(approvalId))
      .executeTakeFirst();
    if (!row) return null;
    const votes = await db
      .selectFrom('approval_votes')
      .select(['voter_id', 'vote', 'reason', 'voted_at'])
      .where('tenant_id', '=', toUuid(ctx.tenantId))
      .where('environment_id', '=', toUuid(ctx.environmentId))
      .where('approval_id', '=', toUuid(approvalId))
      .orderBy('voted_at')
      .execute();
    return { row, votes };
  });
}
type Request = NonNullable<Awaited<ReturnType<typeof readRequest>>>;

async function previewOf({ row }: Request, ctx: QueryContext): Promise<Output['preview']> {
  const definition = ctx.registry.commands.get(row.command_type);
  if (row.status !== 'REQUESTED' || !definition || definition.version !== row.command_version) return null;
  const preview = await previewCommand({
    database: ctx.database,
    registry: ctx.registry,
    scope: ctx.scope,
    definition,
    input: payloadOf(row.command_body).input,
    actor: { type: row.requester_type as 'USER', id: toId('principal', row.requested_by) },
    // Ids of what would be made mean nothing: none of it is kept.
    uuidSource: () => '00000000-0000-7000-8000-000000000000',
    changesMax,
  });
  if (preview.kind === 'refuse') {
    return { outcome: 'refuse', refusal: { code: preview.code, detail: { ...preview.detail } }, changes: [] };
  }
  return { outcome: 'accept', refusal: null, changes: preview.changes.map(changeView) };
}

/** Bytes are shown as hex: the rest of a state is JSON as it stands. */
function changeView({ entity, id, before, after }: EntityChange): NonNullable<Output['preview']>['changes'][number] {
  const view = (state: object): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(state).map(([field, value]) => [
        field,
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ]),
    );
  return { entity, id, before: before && view(before), after: view(after) };
}

function payloadOf(body: Uint8Array): { input: unknown; expectedVersion: number | null } {
  return JSON.parse(Buffer.from(body).toString('utf8')) as { input: unknown; expectedVersion: number | null };
}

/** Everybody whose vote would count now, a fresh login aside. */
async function votersOf({ row, votes }: Request, ctx: QueryContext): Promise<Output['mayVote']> {
  if (row.status !== 'REQUESTED') return [];
  const control = toUuid(ctx.tenantId);
  const scope = { tenantId: ctx.tenantId, environmentId: controlEnvironmentOf(ctx.tenantId) };
  const { people, grants, now, tenantPolicy } = await ctx.database.read(scope, async (db) => ({
    people: await db
      .selectFrom('principals')
      .select(['id', 'type', 'handle', 'owner_id', 'status'])
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .where((eb) => eb.or([eb('type', '=', 'USER'), eb('id', '=', row.requested_by)]))
      .orderBy('id')
      .limit(peopleMax)
      .execute(),
    grants: await db
      .selectFrom('role_grants')
      .select(['principal_id', 'role', 'target_environment_id', 'valid_from', 'valid_until', 'revoked_at'])
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .limit(peopleMax * 10)
      .execute(),
    tenantPolicy: await readTenantPolicy(db, control),
    now: (await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow()).now,
  }));
  const owner = people.find(({ id }) => id === row.requested_by)?.owner_id;
  const environmentId = toUuid(ctx.environmentId);
  return people
    .filter(({ type, status }) => type === 'USER' && status === 'ACTIVE')
    .filter(({ id }) => {
      const own = grants
        .filter((grant) => grant.principal_id === id)
        .map((grant) => ({
          role: grant.role,
          environmentId: grant.target_environment_id,
          validFrom: grant.valid_from,
          validUntil: grant.valid_until,
          revokedAt: grant.revoked_at,
        }));
      return evaluateVote({
        voter: {
          type: 'USER',
          id,
          scopes: effectiveScopes({ grants: own, credentialScopes: everyScope, environmentId, now }),
          roles: liveRoles({ grants: own, environmentId, now }),
          loginAgeSeconds: 0,
        },
        request: {
          commandType: row.command_type,
          risk: row.risk as Output['risk'],
          requestedBy: row.requested_by,
          onBehalfOf: row.on_behalf_of,
          owners: owner ? [owner] : [],
        },
        votedAlready: votes.map((vote) => vote.voter_id),
        tenantPolicy,
      }).allowed;
    })
    .slice(0, limits.pageSizeMax)
    .map(({ id, handle }) => ({ principalId: toId('principal', id), handle }));
}

const inspecting = (type: `approval.${string}`, environment: CommandEnvironment, summary: string) =>
  defineQuery({
    type,
    summary,
    scope: 'governance.approval:read',
    environment,
    input: v.strictObject({ approvalId: idShape('approval') }),
    output,
    run: async ({ approvalId }, ctx): Promise<Output | null> => {
      const request = await readRequest(ctx, approvalId);
      if (!request) return null;
      const { input, expectedVersion } = payloadOf(request.row.command_body);
      return {
        ...approvalView(request.row),
        command: { type: request.row.command_type, input, expectedVersion },
        votes: request.votes.map((vote) => ({
          voterId: toId('principal', vote.voter_id),
          vote: vote.vote as 'APPROVE' | 'DENY',
          reason: vote.reason,
          votedAt: vote.voted_at,
        })),
        preview: await previewOf(request, ctx),
        mayVote: await votersOf(request, ctx),
      };
    },
  });

export const getApproval = inspecting(
  'approval.get',
  'caller',
  'One paused command: what exactly waits, what it would change now, who voted and who may.',
);

export const getTenantApproval = inspecting(
  'approval.get_tenant',
  'control',
  'One paused command that concerns the tenant as a whole.',
);

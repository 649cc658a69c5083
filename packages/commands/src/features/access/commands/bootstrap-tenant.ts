import { defaultTenantPolicy } from '@karmanflow/policy';
import type { EventDraft } from '@karmanflow/events';
import { type Id, idShape, limits, textShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type DecisionContext, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { bootstrapEntries, type BootstrapRequest, requestRule } from '../bootstrap-request.ts';
import { tenant } from '../entities/tenant.ts';
import {
  apiKeyIssued,
  environmentCreated,
  principalRegistered,
  roleGranted,
  tenantConfigured,
  tenantCreated,
} from '../events.ts';
import { ingestSourceRegistered } from '../ingest-source-events.ts';
import { identityLinked } from '../session-events.ts';
import { settledPolicy, unknownCommandTypes } from '../settled-policy.ts';

interface Input extends BootstrapRequest {
  readonly personName?: string | undefined;
}

const input = v.pipe(
  v.strictObject({
    ...bootstrapEntries,
    /** The name of the first person among the principals; kept where it can be erased. */
    personName: v.optional(textShape({ lengthMax: limits.textLength })),
  }),
  requestRule<Input>('references'),
  requestRule<Input>('names'),
  requestRule<Input>('owners'),
  requestRule<Input>('identities'),
  v.check(
    ({ personName, principals }) => personName === undefined || principals.some(({ type }) => type === 'USER'),
    'a person name needs a person among the principals',
  ),
);

const named = <Kind extends 'environment' | 'principal' | 'apiKey' | 'ingestSource'>(kind: Kind) =>
  v.array(v.strictObject({ name: v.string(), id: idShape(kind) }));

const output = v.strictObject({
  environments: named('environment'),
  principals: named('principal'),
  apiKeys: named('apiKey'),
  ingestSources: named('ingestSource'),
});

/**
 * How a tenant comes into being, before anybody is there who could approve anything. Internal: only a platform process that
 * was given the bootstrap role issues it, once for each tenant, in the tenant's own control environment.
 */
export const bootstrapTenant = defineCommand({
  type: 'access.bootstrap_tenant',
  version: 1,
  summary: 'Creates a tenant with its environments, first principals, keys and ingest sources.',
  risk: 'R1',
  scope: 'access.tenant:bootstrap',
  environment: 'control',
  actorTypes: ['SYSTEM'],
  internal: true,
  input,
  output,
  refusals: ['tenant_exists', 'command_type_unknown'],
  personal: ['personName'],
  load: (_input, scope) => [rowsWhere(tenant, { id: scope.tenantId })],
  decide: (state, request, ctx) => {
    if (state.get(tenant, { id: ctx.tenantId })) return refuse('tenant_exists');
    const unknown = unknownCommandTypes(request.settings ?? {}, ctx.registry);
    if (unknown.length > 0) return refuse('command_type_unknown', { commandTypes: unknown });
    const ids = {
      environments: request.environments.map(({ name }) => ({ name, id: ctx.newId('environment') })),
      principals: request.principals.map(({ handle: name }) => ({ name, id: ctx.newId('principal') })),
      apiKeys: request.apiKeys.map(({ name }) => ({ name, id: ctx.newId('apiKey') })),
      ingestSources: request.ingestSources.map(({ code: name }) => ({ name, id: ctx.newId('ingestSource') })),
    };
    return accept({ events: eventsOf(request, ids, ctx), response: ids });
  },
});

type Ids = v.InferOutput<typeof output>;

function idNamed<T extends string>(list: readonly { name: string; id: T }[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (!found) throw new Error(`${name} was not made in this command`);
  return found.id;
}

function eventsOf(request: Input, ids: Ids, ctx: DecisionContext): EventDraft[] {
  return [
    tenantCreated.of({ tenantId: ctx.tenantId, name: request.name }),
    ...(request.settings === undefined
      ? []
      : [
          tenantConfigured.of({
            tenantId: ctx.tenantId,
            settings: settledPolicy(defaultTenantPolicy, request.settings).text,
          }),
        ]),
    environmentCreated.of({ environmentId: ctx.environmentId, name: 'control', kind: 'CONTROL' }),
    ...request.environments.map(({ name, kind }) =>
      environmentCreated.of({ environmentId: idNamed(ids.environments, name), name, kind }),
    ),
    // The actor of this very command: named like everybody else.
    principalRegistered.of({
      principalId: ctx.actor.id,
      type: ctx.actor.type,
      handle: 'platform',
      ownerId: null,
      personalDataId: null,
    }),
    ...request.principals.flatMap((one) => principalEvents(one, { request, ids, ctx })),
    ...request.apiKeys.map((key) =>
      apiKeyIssued.of({
        apiKeyId: idNamed(ids.apiKeys, key.name),
        principalId: idNamed(ids.principals, key.principal),
        environmentId: idNamed(ids.environments, key.environment),
        name: key.name,
        secretHash: key.secretHash,
        scopes: key.scopes,
        riskCeiling: key.riskCeiling,
        expiresAt: null,
      }),
    ),
    ...request.ingestSources.map((source) =>
      ingestSourceRegistered.of({
        ingestSourceId: idNamed(ids.ingestSources, source.code),
        code: source.code,
        principalId: idNamed(ids.principals, source.principal),
        environmentId: idNamed(ids.environments, source.environment),
        preset: 'standard-webhooks',
        secretRefs: source.secretRefs,
        toleranceSeconds: limits.webhookToleranceSeconds,
      }),
    ),
  ];
}

/** A principal with its roles, which hold for the whole tenant, and the identity by which it logs in. */
function principalEvents(
  { handle, type, roles: granted, owner, identityHash }: Input['principals'][number],
  { request, ids, ctx }: { request: Input; ids: Ids; ctx: DecisionContext },
): EventDraft[] {
  const principalId: Id<'principal'> = idNamed(ids.principals, handle);
  const isFirstPerson = handle === request.principals.find((one) => one.type === 'USER')?.handle;
  return [
    principalRegistered.of({
      principalId,
      type,
      handle,
      ownerId: owner === undefined ? null : idNamed(ids.principals, owner),
      personalDataId: isFirstPerson ? (ctx.personal.get('personName') ?? null) : null,
    }),
    ...granted.map((role) =>
      roleGranted.of({
        roleGrantId: ctx.newId('roleGrant'),
        principalId,
        environmentId: null,
        role,
        validFrom: ctx.now,
        validUntil: null,
      }),
    ),
    ...(identityHash === undefined ? [] : [identityLinked.of({ identityHash, principalId })]),
  ];
}

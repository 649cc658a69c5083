import type { EventDraft } from '@karmanflow/events';
import { actorTypes, isRoleName, riskClasses, roles, scopePattern } from '@karmanflow/policy';
import { codeShape, type Id, idShape, limits, nameShape, textShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type DecisionContext, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { tenant } from '../entities.ts';
import {
  apiKeyIssued,
  environmentCreated,
  ingestSourceRegistered,
  principalRegistered,
  roleGranted,
  tenantCreated,
} from '../events.ts';

const listMax = 32;
const role = v.pipe(v.string(), v.check(isRoleName, 'must be a known role'));
const secretHash = v.pipe(
  v.string(),
  v.base64('must be base64'),
  v.check((text) => Buffer.from(text, 'base64').length === 32, 'must be the 32 bytes of a SHA-256'),
);
const secretReference = v.pipe(
  v.string(),
  v.maxLength(limits.textLength, 'is too long'),
  v.regex(/^secrets:\/\/[a-z0-9][a-z0-9_-]*(?:\/[a-z0-9]+)?$/, 'must be secrets://<name>'),
);
/** Names that this command gives out itself. */
const takenNames = ['control', 'platform'];

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length && !names.some((name) => takenNames.includes(name));
}

const input = v.pipe(
  v.strictObject({
    name: nameShape,
    environments: v.pipe(
      v.array(v.strictObject({ name: codeShape, kind: v.picklist(['SANDBOX', 'PRODUCTION']) })),
      v.minLength(1),
      v.maxLength(limits.environmentsPerTenant),
    ),
    principals: v.pipe(
      v.array(
        v.strictObject({
          handle: codeShape,
          type: v.picklist(actorTypes),
          roles: v.pipe(v.array(role), v.maxLength(Object.keys(roles).length)),
        }),
      ),
      v.minLength(1),
      v.maxLength(listMax),
    ),
    apiKeys: v.pipe(
      v.array(
        v.strictObject({
          name: codeShape,
          principal: codeShape,
          environment: codeShape,
          secretHash,
          scopes: v.pipe(
            v.array(
              v.pipe(v.string(), v.maxLength(limits.textLength), v.regex(scopePattern, 'must be domain.entity:verb')),
            ),
            v.maxLength(limits.scopesPerKey),
          ),
          riskCeiling: v.picklist(riskClasses),
        }),
      ),
      v.maxLength(listMax),
    ),
    ingestSources: v.pipe(
      v.array(
        v.strictObject({
          code: codeShape,
          principal: codeShape,
          environment: codeShape,
          secretRefs: v.pipe(v.array(secretReference), v.minLength(1), v.maxLength(5)),
        }),
      ),
      v.maxLength(listMax),
    ),
    /** The name of the first person among the principals; kept where it can be erased. */
    personName: v.optional(textShape({ lengthMax: limits.textLength })),
  }),
  v.check(
    ({ environments, principals, apiKeys, ingestSources }) =>
      [...apiKeys, ...ingestSources].every(
        (one) =>
          environments.some(({ name }) => name === one.environment) &&
          principals.some(({ handle }) => handle === one.principal),
      ),
    'keys and sources must name environments and principals of this request',
  ),
  v.check(
    ({ environments, principals, apiKeys, ingestSources }) =>
      areDistinct(environments.map(({ name }) => name)) &&
      areDistinct(principals.map(({ handle }) => handle)) &&
      areDistinct(apiKeys.map(({ name }) => name)) &&
      areDistinct(ingestSources.map(({ code }) => code)),
    'names must be distinct, and neither control nor platform',
  ),
  v.check(
    ({ personName, principals }) => personName === undefined || principals.some(({ type }) => type === 'USER'),
    'a person name needs a person among the principals',
  ),
);
type Input = v.InferOutput<typeof input>;

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
  refusals: ['tenant_exists'],
  personal: ['personName'],
  load: (_input, scope) => [rowsWhere(tenant, { id: scope.tenantId })],
  decide: (state, request, ctx) => {
    if (state.get(tenant, { id: ctx.tenantId })) return refuse('tenant_exists');
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
  const personalDataId = ctx.personal.get('personName') ?? null;
  const firstPerson = request.principals.find(({ type }) => type === 'USER')?.handle;
  const grant = (principalId: Id<'principal'>, granted: string): EventDraft =>
    roleGranted.of({
      roleGrantId: ctx.newId('roleGrant'),
      principalId,
      environmentId: null,
      role: granted,
      validFrom: ctx.now,
      validUntil: null,
    });
  return [
    tenantCreated.of({ tenantId: ctx.tenantId, name: request.name }),
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
    ...request.principals.flatMap(({ handle, type, roles: granted }) => {
      const principalId = idNamed(ids.principals, handle);
      const registered = principalRegistered.of({
        principalId,
        type,
        handle,
        ownerId: null,
        personalDataId: handle === firstPerson ? personalDataId : null,
      });
      return [registered, ...granted.map((name) => grant(principalId, name))];
    }),
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

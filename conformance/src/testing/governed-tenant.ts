import { randomBytes } from 'node:crypto';
import { access, type Caller, systemAuthority } from '@karmanflow/commands';
import { execute, metadataFor, responseOf, type TestWorld } from '@karmanflow/commands/testing';
import { type ActorType, roles } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, newId, toId } from '@karmanflow/schema';
import {
  type Client,
  type GovernedTenant,
  type Handle,
  peopleHandles,
  type PlaceName,
  processHandles,
} from '../governance/governed.ts';
import { keyClient, logIn } from './http-clients.ts';

const places = ['sandbox', 'production'] as const satisfies readonly PlaceName[];
/** Who names people, in tests: the identity provider in this process. */
export const testIssuer = 'https://identity.example.com';

const isPerson = (handle: string): boolean => peopleHandles.some((person) => person === handle);
const actorTypeOf = (handle: Handle): ActorType => (isPerson(handle) ? 'USER' : (handle.toUpperCase() as ActorType)); // Processes are named after their types.
function rolesOf(handle: Handle): readonly string[] {
  if (handle === 'nobody') return [];
  return handle === 'spare' ? ['viewer'] : Object.keys(roles);
}

/** The identity provider's name of a person, which no two tenants share. */
const subjectOf = (tenantId: string, handle: string): string => `${handle} of ${tenantId}`;

/** A tenant of a running API, made as the platform makes tenants, with a key for everybody in each environment. */
export async function createGovernedTenant(order: {
  readonly world: TestWorld;
  readonly url: string;
  readonly name: string;
  readonly personName: string | null;
}): Promise<GovernedTenant> {
  const { world, url, name, personName } = order;
  const tenantId = toId('tenant', Bun.randomUUIDv7());
  const platform: Caller = {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
  const handles: readonly Handle[] = [...peopleHandles, ...processHandles];
  const keys = handles.flatMap((handle) =>
    places.map((place) => ({ handle, place, name: `${handle}-${place}`, secret: randomBytes(32) })),
  );
  const request = {
    name,
    environments: places.map((place) => ({ name: place, kind: place.toUpperCase() })),
    principals: handles.map((handle) => ({
      handle,
      type: actorTypeOf(handle),
      roles: rolesOf(handle),
      ...(handle === 'agent' || handle === 'service' ? { owner: 'owner' } : {}),
      ...(isPerson(handle)
        ? { identityHash: access.identityHashOf({ issuer: testIssuer, subject: subjectOf(tenantId, handle) }) }
        : {}),
    })),
    apiKeys: keys.map(({ handle, place, name: keyName, secret }) => ({
      name: keyName,
      principal: handle,
      environment: place,
      secretHash: Buffer.from(access.hashApiKeySecret(secret)).toString('base64'),
      scopes: access.everyScope,
      riskCeiling: 'R3',
    })),
    ingestSources: places.map((place) => ({
      code: `source-${place}`,
      principal: 'connector',
      environment: place,
      secretRefs: ['secrets://conformance'],
    })),
    settings: { quorum: { [twoVotesCommand]: 2 } },
    ...(personName === null ? {} : { personName }),
  };
  const made = responseOf(await execute(world.executor, 'access.bootstrap_tenant', request, metadataFor(platform)));
  // The output of the command has these lists.
  const lists = made as unknown as Record<string, { name: string; id: string }[]>;
  const idsOf = (list: string): Record<string, string> =>
    Object.fromEntries((lists[list] ?? []).map((one) => [one.name, one.id]));
  const apiKeyIds = idsOf('apiKeys') as Record<string, Id<'apiKey'>>;
  const principals = idsOf('principals') as Record<Handle, Id<'principal'>>;
  const environments = idsOf('environments') as Record<PlaceName, Id<'environment'>>;
  const sourceIds = idsOf('ingestSources') as Record<string, Id<'ingestSource'>>;
  const sources = sourcesOf(sourceIds);
  const sessions = new Map<string, Promise<Client>>();
  const apiKeyOf = (handle: Handle, place: PlaceName): string => {
    const key = keys.find((one) => one.handle === handle && one.place === place);
    const apiKeyId = apiKeyIds[`${handle}-${place}`];
    if (!key || apiKeyId === undefined) throw new Error(`${handle} has no key in ${place}`);
    return access.formatApiKey({ tenantId, apiKeyId, secret: key.secret });
  };
  return {
    name,
    tenantId,
    environments,
    principals,
    sources,
    async internally(type, input, place) {
      const caller: Caller = {
        tenantId,
        environmentId: environments[place],
        environment: { kind: place === 'sandbox' ? 'SANDBOX' : 'PRODUCTION', status: 'ACTIVE' },
        actor: { type: 'CONNECTOR', id: principals.connector, onBehalfOf: null },
        credential: { type: 'ingest_source', id: sources[place] },
        ...systemAuthority('connector'),
        scopes: new Set(access.everyScope),
      };
      return responseOf(await execute(world.executor, type, input, metadataFor(caller)));
    },
    apiKey: (handle, place = 'sandbox') => apiKeyOf(handle, place),
    key(handle, place = 'sandbox') {
      const apiKey = apiKeyOf(handle, place);
      return keyClient({ url, apiKey, actorType: actorTypeOf(handle), principalId: principals[handle] });
    },
    session(handle, place = 'sandbox', ageSeconds = 0) {
      const sessionName = `${handle} ${place} ${ageSeconds}`;
      const known = sessions.get(sessionName);
      if (known) return known;
      const opened = logIn({
        url,
        subject: subjectOf(tenantId, handle),
        principalId: principals[handle],
        entrance: { tenantId, environmentId: environments[place] },
        ageSeconds,
      });
      sessions.set(sessionName, opened);
      return opened;
    },
  };
}

function sourcesOf(ids: Readonly<Record<string, Id<'ingestSource'>>>): GovernedTenant['sources'] {
  const { 'source-sandbox': sandbox, 'source-production': production } = ids;
  if (sandbox === undefined || production === undefined) throw new Error('the tenant has no source');
  return { sandbox, production };
}

/** The command for which these tenants ask for two votes. */
export const twoVotesCommand = 'inventory.set_oversell_policy';

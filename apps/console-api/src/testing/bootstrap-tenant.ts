import { randomBytes } from 'node:crypto';
import { access, type Caller, systemAuthority } from '@karmanflow/commands';
import { execute, metadataFor, responseOf, type TestWorld } from '@karmanflow/commands/testing';
import { type ActorType, roles, type RoleName } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, newId, toId } from '@karmanflow/schema';

/** Whom a test wants to be: a principal with roles, and a key of it. */
export interface WantedKey {
  readonly name: string;
  readonly type: ActorType;
  readonly roles: readonly RoleName[];
  readonly environment: 'sandbox' | 'production';
  readonly riskCeiling?: 'R0' | 'R1' | 'R2' | 'R3';
}

export interface BootstrappedTenant {
  readonly tenantId: Id<'tenant'>;
  readonly environments: Readonly<Record<'sandbox' | 'production', Id<'environment'>>>;
  /** API keys as callers send them, by name. */
  readonly keys: Readonly<Record<string, string>>;
  readonly keyIds: Readonly<Record<string, Id<'apiKey'>>>;
}

const everyScope = [...new Set(Object.values(roles).flat())];

/** The keys that most tests are content with. */
export const usualKeys = [
  { name: 'operator', type: 'USER', roles: ['operator', 'administrator', 'platform_operator'], environment: 'sandbox' },
  { name: 'production', type: 'USER', roles: ['operator'], environment: 'production' },
  { name: 'viewer', type: 'USER', roles: ['viewer'], environment: 'sandbox' },
  { name: 'agent', type: 'AGENT', roles: ['operator'], environment: 'sandbox' },
  { name: 'nobody', type: 'SERVICE', roles: [], environment: 'sandbox' },
  { name: 'spare', type: 'SERVICE', roles: ['operator'], environment: 'sandbox' },
] as const satisfies readonly WantedKey[];

/** A tenant with a sandbox, a production environment and these keys, made as tenants are made: by the internal command. */
export async function bootstrapTenant(
  world: TestWorld,
  wanted: readonly WantedKey[] = usualKeys,
): Promise<BootstrappedTenant> {
  const tenantId = toId('tenant', Bun.randomUUIDv7());
  const platform: Caller = {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
  const keys = wanted.map((key) => ({ ...key, secret: randomBytes(access.apiKeySecretBytes) }));
  const outcome = await execute(
    world.executor,
    'access.bootstrap_tenant',
    {
      name: 'Test',
      environments: [
        { name: 'sandbox', kind: 'SANDBOX' },
        { name: 'production', kind: 'PRODUCTION' },
      ],
      principals: [
        ...keys.map(({ name, type, roles: granted }) => ({
          handle: name,
          type,
          roles: granted,
          // An agent may do what its owner may do; this owner may do whatever a test lets its agent do.
          ...(type === 'AGENT' ? { owner: `owner-of-${name}` } : {}),
        })),
        ...keys
          .filter(({ type }) => type === 'AGENT')
          .map(({ name, roles: granted }) => ({ handle: `owner-of-${name}`, type: 'USER' as const, roles: granted })),
      ],
      apiKeys: keys.map(({ name, environment, secret, riskCeiling = 'R3' }) => ({
        name,
        principal: name,
        environment,
        secretHash: Buffer.from(access.hashApiKeySecret(secret)).toString('base64'),
        scopes: everyScope,
        riskCeiling,
      })),
      ingestSources: [],
    },
    metadataFor(platform),
  );
  // The output of the command has these lists.
  const made = responseOf(outcome) as unknown as Record<string, { name: string; id: string }[]>;
  const idOf = (list: string, name: string): string => made[list]?.find((one) => one.name === name)?.id ?? '';
  const keyIdOf = (name: string) => idOf('apiKeys', name) as Id<'apiKey'>;
  return {
    tenantId,
    environments: {
      sandbox: idOf('environments', 'sandbox') as Id<'environment'>,
      production: idOf('environments', 'production') as Id<'environment'>,
    },
    keys: Object.fromEntries(
      keys.map(({ name, secret }) => [name, access.formatApiKey({ tenantId, apiKeyId: keyIdOf(name), secret })]),
    ),
    keyIds: Object.fromEntries(keys.map(({ name }) => [name, keyIdOf(name)])),
  };
}

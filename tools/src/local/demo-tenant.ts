import { randomBytes } from 'node:crypto';
import { access, type Caller, systemAuthority } from '@karmanflow/commands';
import { controlEnvironmentOf, type Id, idShape, newId } from '@karmanflow/schema';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import * as v from 'valibot';
import type { Demo } from './demo.ts';
import type { DemoCommands } from './demo-commands.ts';
import {
  type DemoEnvironment,
  demoEnvironments,
  demoIngestSource,
  type DemoKeyName,
  demoKeyNames,
  demoKeys,
  demoPeople,
  demoPersonName,
  demoPrincipals,
  demoTenantName,
  webhookSecretName,
} from './demo-plan.ts';
import { type LocalSecrets, secretReference } from './local-secrets.ts';

/** What is chosen before the tenant exists. Kept first, so that a seed that was interrupted goes on with the same. */
export interface DemoChoice {
  readonly tenantId: Id<'tenant'>;
  /** The platform's own actor in the tenant, who issues its bootstrap. */
  readonly platformId: Id<'principal'>;
  /** The secret part of each API key. */
  readonly keySecrets: ReadonlyMap<DemoKeyName, Uint8Array>;
}

const choiceShape = v.strictObject({ tenantId: idShape('tenant'), platformId: idShape('principal') });

/** Chooses the tenant's id and the secrets of its keys, or reads what was chosen before. */
export async function chooseDemo(secrets: LocalSecrets): Promise<DemoChoice> {
  const newChoice = (): string => {
    const uuidSource = (): string => Bun.randomUUIDv7();
    return JSON.stringify({ tenantId: newId('tenant', uuidSource), platformId: newId('principal', uuidSource) });
  };
  const chosen = v.parse(choiceShape, JSON.parse(await secrets.readOrMake('demo-tenant', newChoice)));
  await secrets.readOrMake(webhookSecretName, () => generateWebhookSecret(randomBytes));
  const keySecrets = new Map<DemoKeyName, Uint8Array>();
  for (const name of demoKeyNames) {
    const text = await secrets.readOrMake(`demo-key-${name}`, newKeySecret);
    keySecrets.set(name, Buffer.from(text, 'base64url'));
  }
  return { ...chosen, keySecrets };
}

function newKeySecret(): string {
  return randomBytes(access.apiKeySecretBytes).toString('base64url');
}

/** The tenant with its keys, as soon as it exists. */
export type DemoTenant = Pick<Demo, 'tenantId' | 'environments' | 'keys' | 'ingest'>;

/** Brings the tenant into being by the internal command, as the platform; finds it when it exists. */
export async function bootstrapDemo(work: {
  readonly commands: DemoCommands;
  readonly choice: DemoChoice;
  /** The identity provider whose subjects the people of the demo are. */
  readonly identityIssuer: string;
}): Promise<DemoTenant> {
  const { commands, choice, identityIssuer: issuer } = work;
  const { tenantId } = choice;
  const made = await commands.succeed({
    command: access.bootstrapTenant,
    caller: platformCaller(choice),
    idempotencyKey: 'seed:tenant',
    input: {
      name: demoTenantName,
      personName: demoPersonName,
      environments: demoEnvironments.map((one) => ({ ...one })),
      principals: [
        ...demoPrincipals.map((principal) => ({ ...principal, roles: [...principal.roles] })),
        ...demoPeople.map(({ handle, roles }) => ({
          handle,
          type: 'USER' as const,
          roles: [...roles],
          identityHash: access.identityHashOf({ issuer, subject: handle }),
        })),
      ],
      apiKeys: demoKeyNames.map((name) => ({
        name,
        ...demoKeys[name],
        scopes: [...demoKeys[name].scopes],
        secretHash: Buffer.from(access.hashApiKeySecret(secretOf(choice, name))).toString('base64'),
      })),
      ingestSources: [{ ...demoIngestSource, secretRefs: [secretReference(webhookSecretName)] }],
    },
  });
  const environmentId = (name: DemoEnvironment): Id<'environment'> => idNamed(made.environments, name);
  const key = (name: DemoKeyName): string =>
    access.formatApiKey({ tenantId, apiKeyId: idNamed(made.apiKeys, name), secret: secretOf(choice, name) });
  const ingestSourceId = idNamed(made.ingestSources, demoIngestSource.code);
  return {
    tenantId,
    environments: { sandbox: environmentId('sandbox'), production: environmentId('production') },
    keys: {
      sandbox: key('operator-sandbox'),
      production: key('operator-production'),
      storefront: key('storefront-sandbox'),
    },
    ingest: {
      sandbox: {
        address: access.formatIngestAddress({ tenantId, ingestSourceId }),
        secretRef: secretReference(webhookSecretName),
      },
    },
  };
}

function platformCaller({ tenantId, platformId }: DemoChoice): Caller {
  return {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: platformId, onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
}

function secretOf(choice: DemoChoice, name: DemoKeyName): Uint8Array {
  const secret = choice.keySecrets.get(name);
  if (secret === undefined) throw new Error(`no secret was chosen for the key ${name}`);
  return secret;
}

function idNamed<T extends string>(list: readonly { readonly name: string; readonly id: T }[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the bootstrap made no ${name}`);
  return found.id;
}

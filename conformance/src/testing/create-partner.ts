import { randomBytes } from 'node:crypto';
import { access, type Caller, systemAuthority } from '@karmanflow/commands';
import { execute, metadataFor, responseOf, runUnapproved, type TestWorld } from '@karmanflow/commands/testing';
import { roles } from '@karmanflow/policy';
import { controlEnvironmentOf, type Id, newId, toId } from '@karmanflow/schema';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import type { Partner, PartnerSource } from '../ingest/ingest-target.ts';

export interface PartnerOrder {
  readonly world: TestWorld;
  readonly name: string;
  readonly writeSecret: (name: string, text: string) => Promise<void>;
  /** Told of each source, in the order in which `Partner` lists them. */
  readonly onSource: (source: PartnerSource) => void;
}

/** A tenant with senders, made as the platform makes tenants and as people set up what they sell. */
export async function createPartner({ world, name, writeSecret, onSource }: PartnerOrder): Promise<Partner> {
  const tenantId = toId('tenant', Bun.randomUUIDv7());
  const control: Caller = {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
  const request = {
    name,
    environments: [
      { name: 'sandbox', kind: 'SANDBOX' },
      { name: 'production', kind: 'PRODUCTION' },
    ],
    principals: [
      { handle: 'operator', type: 'USER', roles: ['operator'] },
      { handle: 'connector', type: 'CONNECTOR', roles: ['connector'] },
      { handle: 'powerless', type: 'CONNECTOR', roles: [] },
    ],
    apiKeys: [],
    ingestSources: [],
  };
  const made = responseOf(await execute(world.executor, 'access.bootstrap_tenant', request, metadataFor(control)));
  const idOf = (list: string, wanted: string): string => {
    // The output of the command has these lists.
    const found = (made[list] as unknown as { name: string; id: string }[]).find((one) => one.name === wanted);
    if (!found) throw new Error(`${wanted} was not made`);
    return found.id;
  };
  const environments = {
    sandbox: idOf('environments', 'sandbox') as Id<'environment'>,
    production: idOf('environments', 'production') as Id<'environment'>,
  };
  const personIn = (place: keyof typeof environments): Caller => ({
    ...control,
    environmentId: environments[place],
    environment: { kind: place === 'sandbox' ? 'SANDBOX' : 'PRODUCTION', status: 'ACTIVE' },
    actor: { type: 'USER', id: idOf('principals', 'operator') as Id<'principal'>, onBehalfOf: null },
    scopes: new Set(roles.operator),
    controlScopes: new Set(roles.administrator),
  });
  const run = async (place: keyof typeof environments, type: string, input: unknown) =>
    responseOf(await runUnapproved(world.executor, type, input, { caller: personIn(place) }));

  for (const place of ['sandbox', 'production'] as const) {
    const { locationId } = await run(place, 'inventory.register_location', { code: 'BER-1', name: 'Berlin' });
    await run(place, 'inventory.register_channel', { code: 'WEB', name: 'Web', locations: [{ locationId }] });
    for (const sku of place === 'sandbox' ? ['MUG-1', 'CUP-7'] : ['MUG-1']) {
      const { variantId } = await run(place, 'inventory.register_variant', { sku, name: sku });
      await run(place, 'inventory.adjust', { variantId, locationId, delta: 1_000, reason: 'received' });
    }
  }

  const connectorId = idOf('principals', 'connector') as Id<'principal'>;
  async function source(order: {
    readonly code: string;
    readonly place: keyof typeof environments;
    readonly preset: PartnerSource['preset'];
    readonly principalId: string;
  }): Promise<PartnerSource> {
    const { code, place, preset, principalId } = order;
    const secret = generateWebhookSecret((size) => randomBytes(size));
    const secretName = `${code}-${tenantId.slice(4)}`;
    await writeSecret(secretName, secret);
    const environmentId = environments[place];
    const secretRefs = [`secrets://${secretName}`];
    const registered = await run(place, 'ingest.register_source', {
      code,
      principalId,
      environmentId,
      preset,
      secretRefs,
    });
    const ingestSourceId = String(registered['ingestSourceId']) as Id<'ingestSource'>;
    if (preset === 'shopify') {
      const mapping = { template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } };
      await run(place, 'ingest.set_mapping', { ingestSourceId, mapping });
    }
    const path = `/v1/ingest/${access.formatIngestAddress({ tenantId, ingestSourceId })}`;
    const result = { preset, ingestSourceId, environmentId, path, secret };
    onSource(result);
    return result;
  }

  const standard = { preset: 'standard-webhooks', principalId: connectorId } as const;
  const sandbox = await source({ ...standard, code: 'sandbox', place: 'sandbox' });
  const production = await source({ ...standard, code: 'production', place: 'production' });
  const unsignedIds = await source({ ...standard, code: 'unsigned-ids', place: 'sandbox', preset: 'shopify' });
  const principalId = idOf('principals', 'powerless');
  const powerless = await source({ ...standard, code: 'powerless', place: 'sandbox', principalId });
  return {
    tenantId,
    connectorId,
    sources: { sandbox, production, unsignedIds, powerless },
    pause: async ({ ingestSourceId }) => void (await run('sandbox', 'ingest.pause_source', { ingestSourceId })),
  };
}

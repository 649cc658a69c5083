import { randomBytes } from 'node:crypto';
import { type Database, type Id, openDatabase } from '@karmanflow/schema';
import * as v from 'valibot';
import { createRegistry, type Registry } from '../../../definition/registry.ts';
import type { Executor } from '../../../executor/executor.ts';
import type { Caller } from '../../../executor/metadata.ts';
import type { Outcome } from '../../../executor/outcome.ts';
import { parseCommand } from '../../../executor/parse-command.ts';
import { registry } from '../../../registry.ts';
import { createTestWorld, metadataFor, type TestTenant, type TestWorld } from '../../../testing/index.ts';
import { wordOf } from '../../../testing/stocked-world.ts';
import { formatApiKey, hashApiKeySecret } from '../index.ts';

/**
 * Approvals are another feature's: here every command runs at once, so that what it does can be seen. What class each of
 * them declares is tested beside it.
 */
const hasty: Registry = createRegistry(
  registry.features.map((feature) => ({
    ...feature,
    commands: feature.commands.map((command) => ({ ...command, risk: 'R1' as const })),
  })),
);

export interface SendOptions {
  readonly caller?: Caller;
  readonly executor?: Executor;
}

/** Parts of answers, by the names of their lists. */
export type Answer = Record<string, Record<string, unknown>[]> & { next?: string | null };

export interface HastyWorld {
  readonly world: TestWorld;
  readonly database: Database;
  /** Another process over the same database. */
  otherExecutor(): Executor;
  send(tenant: TestTenant, type: string, input: unknown, options?: SendOptions): Promise<Outcome>;
  /** Sends what must succeed, and returns its response. */
  does(tenant: TestTenant, type: string, input: unknown, options?: SendOptions): Promise<Record<string, string>>;
  /** Asks a query of the control environment in the reading role. */
  ask(tenant: TestTenant, type: string, input?: Record<string, unknown>): Promise<Answer>;
  makePerson(
    tenant: TestTenant,
    handle: string,
    roles?: readonly string[],
  ): Promise<{ principalId: Id<'principal'>; grants: Id<'roleGrant'>[] }>;
  issueKey(tenant: TestTenant, principalId: string): Promise<{ apiKeyId: Id<'apiKey'>; key: string }>;
  close(): Promise<void>;
}

export const controlOf = (tenant: TestTenant): Id<'environment'> => `env_${tenant.tenantId.slice(4)}`;

export const sha256Of = (secret: Uint8Array): string => Buffer.from(hashApiKeySecret(secret)).toString('base64');

/** A world in which nothing waits for an approval. */
export async function createHastyWorld(): Promise<HastyWorld> {
  const world = await createTestWorld();
  const { testDatabase } = world;
  const database = openDatabase({ url: testDatabase.urlFor('kf_command'), applicationName: 'kf-test-hasty' });
  const reading = openDatabase({ url: testDatabase.urlFor('kf_read'), applicationName: 'kf-test-hasty' });
  const executors = [world.executorWith({ registry: hasty })];
  const [first] = executors;

  const send: HastyWorld['send'] = (tenant, type, input, options = {}) => {
    const definition = hasty.commands.get(type);
    if (!definition) throw new Error(`no command ${type}`);
    const parsed = parseCommand(definition, input);
    if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)}`);
    const executor = options.executor ?? first;
    if (!executor) throw new Error('the world has an executor');
    return executor.execute(parsed.command, metadataFor(options.caller ?? tenant.caller));
  };

  const does: HastyWorld['does'] = async (tenant, type, input, options) => {
    const outcome = await send(tenant, type, input, options);
    if (outcome.kind !== 'receipt' || !outcome.receipt.response) throw new Error(`${type}: ${wordOf(outcome)}`);
    return JSON.parse(Buffer.from(outcome.receipt.response).toString('utf8'));
  };

  return {
    world,
    database,
    send,
    does,
    otherExecutor: () => {
      const executor = world.executorWith({ registry: hasty });
      executors.push(executor);
      return executor;
    },
    ask: async (tenant, type, input = {}) => {
      const query = registry.queries.get(type);
      if (query?.environment !== 'control') throw new Error(`${type} is no query of the control environment`);
      const scope = { tenantId: tenant.tenantId, environmentId: controlOf(tenant) };
      const answer = await query.run(v.parse(query.input, input) as never, {
        ...scope,
        scope,
        database: reading,
        registry,
      });
      v.assert(query.output, answer);
      return answer as Answer;
    },
    makePerson: async (tenant, handle, roles = []) => {
      const made = await does(tenant, 'access.register_principal', { handle, type: 'USER' });
      const principalId = made['principalId'] as Id<'principal'>;
      const grants: Id<'roleGrant'>[] = [];
      for (const role of roles) {
        const granted = await does(tenant, 'access.grant_role', { principalId, role, environmentId: null });
        grants.push(granted['roleGrantId'] as Id<'roleGrant'>);
      }
      return { principalId, grants };
    },
    issueKey: async (tenant, principalId) => {
      const secret = randomBytes(32);
      const issued = await does(tenant, 'access.issue_api_key', {
        principalId,
        environmentId: tenant.environments.sandbox,
        name: 'test',
        secretHash: sha256Of(secret),
        scopes: ['inventory.level:read', 'inventory.variant:register'],
        riskCeiling: 'R1',
        expiresAt: null,
      });
      const apiKeyId = issued['apiKeyId'] as Id<'apiKey'>;
      return { apiKeyId, key: formatApiKey({ tenantId: tenant.tenantId, apiKeyId, secret }) };
    },
    close: async () => {
      for (const executor of executors) await executor.drain();
      await database.close();
      await reading.close();
      await world.close();
    },
  };
}

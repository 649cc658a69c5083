import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { roles } from '@karmanflow/policy';
import { type Database, type Id, newId, openDatabase, toId } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Executor } from '../../executor/executor.ts';
import type { Caller } from '../../executor/metadata.ts';
import { registry } from '../../registry.ts';
import {
  createTestWorld,
  execute,
  metadataFor,
  proveHistory,
  type TestTenant,
  type TestWorld,
} from '../../testing/index.ts';
import { bodyOf, receiptOf, wordOf } from '../../testing/stocked-world.ts';
import { createAuthenticator, formatApiKey, hashApiKeySecret } from '../access/index.ts';
import {
  bootstrapRequestedTenant,
  completeTenantCreation,
  confirmRequestedTenant,
  requestHashOf,
  type TenantCreationOptions,
} from './index.ts';

let world: TestWorld;
let platform: TestTenant;
let operator: Caller;
let reading: Database;
/** Options for one new tenant, as `platform.create_tenant` answered. */
let options: TenantCreationOptions;
const secret = randomBytes(32);
const personName = 'Wilhelmina Quarrelsome';
const request = {
  name: 'Newcomer',
  environments: [{ name: 'sandbox', kind: 'SANDBOX' as const }],
  principals: [
    { handle: 'ada', type: 'USER' as const, roles: ['administrator', 'operator'], identityHash: 'a'.repeat(64) },
    { handle: 'bot', type: 'AGENT' as const, roles: ['connector'], owner: 'ada' },
  ],
  apiKeys: [
    {
      name: 'first',
      principal: 'ada',
      environment: 'sandbox',
      secretHash: Buffer.from(hashApiKeySecret(secret)).toString('base64'),
      scopes: ['inventory.variant:register', 'access.tenant:read'],
      riskCeiling: 'R3' as const,
    },
  ],
  ingestSources: [],
  settings: { approvalTtlSeconds: 3600 },
};

beforeAll(async () => {
  world = await createTestWorld();
  platform = await world.createTenant('Platform');
  reading = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-platform' });
  const scopes = new Set<string>(roles.platform_operator);
  operator = { ...platform.caller, scopes, controlScopes: scopes, roles: ['platform_operator'] };
});
afterAll(async () => {
  await reading.close();
  await world.close();
});

beforeEach(async () => {
  const created = await platform.run('platform.create_tenant', request, { caller: operator });
  const { receipt } = created.kind === 'receipt' ? created : { receipt: null };
  if (!receipt?.response) throw new Error(wordOf(created));
  const { tenantId, requestHash } = JSON.parse(Buffer.from(receipt.response).toString('utf8')) as {
    tenantId: Id<'tenant'>;
    requestHash: string;
  };
  const { correlationId, requestId, traceparent } = metadataFor(operator);
  options = {
    executor: world.executor,
    platform: { tenantId: platform.tenantId, actorId: newId('principal', () => Bun.randomUUIDv7()) },
    creation: { tenantId, requestHash, receiptId: receipt.id },
    request,
    personName,
    tracing: { correlationId, requestId, traceparent },
  };
});

async function tenantsOfPlatform(input: Record<string, unknown> = {}) {
  const query = registry.queries.get('platform.tenants');
  if (!query) throw new Error('no such query');
  const scope = { tenantId: platform.tenantId, environmentId: toId('environment', platform.tenantId.slice(4)) };
  const answer = await query.run(v.parse(query.input, input) as never, {
    ...scope,
    scope,
    database: reading,
    registry,
  });
  v.assert(query.output, answer);
  return answer as { tenants: { tenantId: string; status: string; bootstrapReceiptId: string | null }[]; next: string };
}

const statusNow = async () =>
  (await tenantsOfPlatform({ limit: '200' })).tenants.find((one) => one.tenantId === options.creation.tenantId);

/** How often each command succeeded for this tenant, in both places: what a repeat must not change. */
async function effects(): Promise<Record<string, number>> {
  const admin = await world.testDatabase.admin();
  const { rows } = await admin.query<{ type: string; count: string }>(
    `select command_type as type, count(*) as count from kf.command_receipts
     where status = 'SUCCEEDED' and (tenant_id = $1 or position($2::bytea in body) > 0)
     group by 1`,
    [options.creation.tenantId.slice(4), Buffer.from(`"${options.creation.tenantId}"`)],
  );
  return Object.fromEntries(rows.map(({ type, count }) => [type, Number(count)]));
}

async function completed(over: Partial<TenantCreationOptions> = {}) {
  const end = await completeTenantCreation({ ...options, ...over });
  if (end.kind !== 'completed') throw new Error(JSON.stringify(end));
  return end;
}

describe('a tenant from request to first command', () => {
  test('is requested, bootstrapped and confirmed, and each receipt names the one before it', async () => {
    expect(await statusNow()).toMatchObject({ status: 'REQUESTED', bootstrapReceiptId: null });
    const { bootstrap, confirmation } = await completed();
    expect(await statusNow()).toMatchObject({ status: 'BOOTSTRAPPED', bootstrapReceiptId: bootstrap.id });
    const bodies = [bootstrap, confirmation].map((receipt) => JSON.parse(Buffer.from(receipt.bytes).toString('utf8')));
    expect(bodies).toMatchObject([
      { tenantId: options.creation.tenantId, causationId: options.creation.receiptId, actor: { type: 'SYSTEM' } },
      { tenantId: platform.tenantId, causationId: bootstrap.id, actor: { type: 'SYSTEM' } },
    ]);

    const made = JSON.parse(Buffer.from(bootstrap.response ?? '').toString('utf8')) as {
      apiKeys: { id: Id<'apiKey'> }[];
    };
    const key = formatApiKey({
      tenantId: options.creation.tenantId,
      apiKeyId: made.apiKeys[0]?.id ?? 'key_none',
      secret,
    });
    const caller = await createAuthenticator({ database: world.database, now: () => Date.now() }).authenticate(key);
    if (!caller) throw new Error('the key of the new tenant is live');
    expect(caller.tenantPolicy.approvalTtlSeconds).toBe(3600);
    const first = await execute(
      world.executor,
      'inventory.register_variant',
      { sku: 'MUG', name: 'Mug' },
      metadataFor(caller),
    );
    expect(wordOf(first)).toBe('SUCCEEDED');
  });

  test('is created by whoever may, and by nobody else', async () => {
    const denied = await platform.run('platform.create_tenant', request);
    expect(wordOf(denied)).toBe('DENIED');
    const agent: Caller = { ...operator, actor: { ...operator.actor, type: 'AGENT' } };
    expect(wordOf(await platform.run('platform.create_tenant', request, { caller: agent }))).toBe('DENIED');
  });

  test('the name of its first person is in the new tenant alone, and in no event or receipt', async () => {
    await completed();
    const admin = await world.testDatabase.admin();
    const { rows } = await admin.query<{ tenant: string }>(
      'select tenant_id::text as tenant from kf.personal_data where value = $1 and tenant_id in ($2, $3)',
      [personName, options.creation.tenantId.slice(4), platform.tenantId.slice(4)],
    );
    expect(rows).toEqual([{ tenant: options.creation.tenantId.slice(4) }]);
    for (const table of ['command_receipts', 'domain_events']) {
      const { rows: hits } = await admin.query(`select from kf.${table} where position($1::bytea in body) > 0`, [
        Buffer.from(personName),
      ]);
      expect(hits).toEqual([]);
    }
  });
});

describe('after a crash', () => {
  const once = { 'platform.create_tenant': 1, 'access.bootstrap_tenant': 1, 'platform.confirm_tenant': 1 };

  test('before the first step: nothing was lost but time', async () => {
    expect(await effects()).toEqual({ 'platform.create_tenant': 1 });
    await completed();
    expect(await effects()).toEqual(once);
  });

  test('between the steps: the whole again adds what is missing, also from another process', async () => {
    const first = await bootstrapRequestedTenant(options);
    expect(wordOf(first)).toBe('SUCCEEDED');
    expect(await statusNow()).toMatchObject({ status: 'REQUESTED' });
    const executor = world.executorWith({});
    const elsewhere = { tenantId: platform.tenantId, actorId: newId('principal', () => Bun.randomUUIDv7()) };
    const { bootstrap } = await completed({ executor, platform: elsewhere });
    expect(bootstrap.id).toBe(receiptOf(first).id);
    expect(await statusNow()).toMatchObject({ status: 'BOOTSTRAPPED', bootstrapReceiptId: bootstrap.id });
    expect(await effects()).toEqual(once);
    await executor.drain();
  });

  test('after the last step: the same receipts again, and one effect', async () => {
    const before = await completed();
    const after = await completed();
    expect([after.bootstrap.id, after.confirmation.id]).toEqual([before.bootstrap.id, before.confirmation.id]);
    expect(await effects()).toEqual(once);
  });

  test('and when two processes complete it at the same time', async () => {
    const executor = world.executorWith({});
    const ends = await Promise.all([completed(), completed({ executor }), completed()]);
    expect(new Set(ends.map(({ bootstrap }) => bootstrap.id)).size).toBe(1);
    expect(new Set(ends.map(({ confirmation }) => confirmation.id)).size).toBe(1);
    expect(await effects()).toEqual(once);
    await executor.drain();
  });
});

describe('what does not go on', () => {
  test('another request than the one on record: nothing is sent', async () => {
    const other = { ...request, name: 'Somebody else' };
    expect(requestHashOf(other)).not.toBe(options.creation.requestHash);
    expect(await completeTenantCreation({ ...options, request: other })).toEqual({ kind: 'request_differs' });
    expect(await effects()).toEqual({ 'platform.create_tenant': 1 });
  });

  test('a step that the database does not take: the step is named, and the whole can be sent again', async () => {
    const full: Pick<Executor, 'execute'> = {
      execute: (command, metadata) =>
        command.definition.type === 'platform.confirm_tenant'
          ? Promise.resolve({ kind: 'rejected', code: 'overloaded', detail: 'the queue is full' })
          : world.executor.execute(command, metadata),
    };
    const end = await completeTenantCreation({ ...options, executor: full });
    expect(end).toMatchObject({ kind: 'stopped', step: 'confirm', outcome: { code: 'overloaded' } });
    await completed();
    expect(await statusNow()).toMatchObject({ status: 'BOOTSTRAPPED' });
  });

  test('a confirmation of what was never requested, or of another receipt', async () => {
    const { bootstrap } = await completed();
    const nowhere = { ...options.creation, tenantId: toId('tenant', Bun.randomUUIDv7()) };
    const unknown = await confirmRequestedTenant({ ...options, creation: nowhere }, bootstrap.id);
    expect(wordOf(unknown)).toBe('tenant_not_found');
    const another = await confirmRequestedTenant(
      options,
      newId('receipt', () => Bun.randomUUIDv7()),
    );
    expect(wordOf(another)).toBe('idempotency_key_reused');
  });
});

test('the platform lists its tenants in pages, and no other tenant sees any', async () => {
  const all = (await tenantsOfPlatform()).tenants.map(({ tenantId }) => tenantId);
  expect(all.length).toBeGreaterThan(5);
  const paged: string[] = [];
  let after: string | null = null;
  do {
    const page: { tenants: { tenantId: string }[]; next: string | null } = await tenantsOfPlatform({
      limit: '2',
      ...(after ? { after } : {}),
    });
    paged.push(...page.tenants.map(({ tenantId }) => tenantId));
    after = page.next;
  } while (after !== null);
  expect(paged).toEqual(all);
  const waiting = await tenantsOfPlatform({ status: 'REQUESTED' });
  expect(waiting.tenants.some(({ tenantId }) => tenantId === options.creation.tenantId)).toBe(true);
  const { tenantId } = options.creation;
  const scope = { tenantId, environmentId: toId('environment', tenantId.slice(4)) };
  const seen = await reading.read(scope, (db) => db.selectFrom('platform_tenants').select('id').execute());
  expect(seen).toEqual([]);
});

test('everything that happened here rebuilds the tables, and every receipt verifies', async () => {
  const proof = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(30);
  expect(bodyOf(await platform.run('platform.create_tenant', request, { caller: operator })).status).toBe('SUCCEEDED');
});

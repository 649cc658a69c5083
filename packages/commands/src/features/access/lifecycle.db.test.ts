import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { type Database, type Id, openDatabase } from '@karmanflow/schema';
import * as v from 'valibot';
import { createRegistry, type Registry } from '../../definition/registry.ts';
import type { Executor } from '../../executor/executor.ts';
import type { Caller } from '../../executor/metadata.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { parseCommand } from '../../executor/parse-command.ts';
import { registry } from '../../registry.ts';
import { createTestWorld, metadataFor, proveHistory, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { bodyOf, tally, wordOf } from '../../testing/stocked-world.ts';
import {
  createAuthenticator,
  createSessionAuthenticator,
  formatApiKey,
  formatSession,
  hashApiKeySecret,
  identityHashOf,
  parseApiKey,
} from './index.ts';

/**
 * Approvals are another feature's: here every command runs at once, so that what it does can be seen. What each of them
 * declares is tested beside it.
 */
const hasty: Registry = createRegistry(
  registry.features.map((feature) => ({
    ...feature,
    commands: feature.commands.map((command) => ({ ...command, risk: 'R1' as const })),
  })),
);

let world: TestWorld;
let database: Database;
let reading: Database;
let executor: Executor;
/** How far authenticators are ahead of the time; the answer to a credential is kept for half a second. */
let aheadMilliseconds = 0;
const now = (): number => Date.now() + aheadMilliseconds;
const withinASecond = (): void => {
  aheadMilliseconds += 999;
};

beforeAll(async () => {
  world = await createTestWorld();
  database = openDatabase({ url: world.testDatabase.urlFor('kf_command'), applicationName: 'kf-test-lifecycle' });
  reading = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-lifecycle' });
  executor = world.executorWith({ registry: hasty });
});
afterAll(async () => {
  await executor.drain();
  await database.close();
  await reading.close();
  await world.close();
});

function send(
  tenant: TestTenant,
  type: string,
  input: unknown,
  options: { caller?: Caller; executor?: Executor } = {},
): Promise<Outcome> {
  const definition = hasty.commands.get(type);
  if (!definition) throw new Error(`no command ${type}`);
  const parsed = parseCommand(definition, input);
  if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)}`);
  return (options.executor ?? executor).execute(parsed.command, metadataFor(options.caller ?? tenant.caller));
}

async function does(tenant: TestTenant, type: string, input: unknown): Promise<Record<string, string>> {
  const outcome = await send(tenant, type, input);
  if (outcome.kind !== 'receipt' || !outcome.receipt.response) throw new Error(`${type}: ${wordOf(outcome)}`);
  return JSON.parse(Buffer.from(outcome.receipt.response).toString('utf8'));
}

async function ask(tenant: TestTenant, type: string, input: Record<string, unknown> = {}) {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  expect(query.environment).toBe('control');
  const scope = { tenantId: tenant.tenantId, environmentId: controlOf(tenant) };
  const context = { ...scope, scope, database: reading, registry };
  const answer = await query.run(v.parse(query.input, input) as never, context);
  v.assert(query.output, answer);
  return answer as Record<string, Record<string, unknown>[]> & { next?: string | null };
}

const controlOf = (tenant: TestTenant): Id<'environment'> => `env_${tenant.tenantId.slice(4)}`;
const sha256 = (secret: Uint8Array): string => Buffer.from(hashApiKeySecret(secret)).toString('base64');

async function makePerson(tenant: TestTenant, handle: string, roles: readonly string[] = []) {
  const made = await does(tenant, 'access.register_principal', { handle, type: 'USER' });
  const principalId = made['principalId'] as Id<'principal'>;
  const grants: Id<'roleGrant'>[] = [];
  for (const role of roles) {
    const granted = await does(tenant, 'access.grant_role', { principalId, role, environmentId: null });
    grants.push(granted['roleGrantId'] as Id<'roleGrant'>);
  }
  return { principalId, grants };
}

async function issueKey(tenant: TestTenant, principalId: string) {
  const secret = randomBytes(32);
  const issued = await does(tenant, 'access.issue_api_key', {
    principalId,
    environmentId: tenant.environments.sandbox,
    name: 'test',
    secretHash: sha256(secret),
    scopes: ['inventory.level:read', 'inventory.variant:register'],
    riskCeiling: 'R1',
    expiresAt: null,
  });
  const apiKeyId = issued['apiKeyId'] as Id<'apiKey'>;
  return { apiKeyId, key: formatApiKey({ tenantId: tenant.tenantId, apiKeyId, secret }) };
}

describe('what is taken away stops within a second, in a process that has just used it', () => {
  let tenant: TestTenant;
  const authenticator = () => createAuthenticator({ database, now });
  beforeAll(async () => {
    tenant = await world.createTenant('Authority');
  });

  test('a key that was rotated: the old one ends, the new one begins, and they overlap as long as was said', async () => {
    const { principalId } = await makePerson(tenant, 'rotating', ['operator']);
    const { apiKeyId, key } = await issueKey(tenant, principalId);
    const { authenticate } = authenticator();
    const before = await authenticate(key);
    expect(before?.scopes).toEqual(new Set(['inventory.level:read', 'inventory.variant:register']));

    const secret = randomBytes(32);
    const rotated = await does(tenant, 'access.rotate_api_key', {
      apiKeyId,
      secretHash: sha256(secret),
      overlapSeconds: 3600,
    });
    const next = { tenantId: tenant.tenantId, apiKeyId: rotated['apiKeyId'] as Id<'apiKey'>, secret };
    withinASecond();
    expect(await authenticate(key)).not.toBeNull();
    const after = await authenticate(formatApiKey(next));
    expect(after).toMatchObject({ actor: before?.actor, scopes: before?.scopes, riskCeiling: before?.riskCeiling });
    const later = createAuthenticator({ database, now: () => Date.parse(rotated['oldKeyEndsAt'] ?? '') });
    expect(await later.authenticate(key)).toBeNull();
    expect(await later.authenticate(formatApiKey(next))).not.toBeNull();

    const last = randomBytes(32);
    await does(tenant, 'access.rotate_api_key', {
      apiKeyId: next.apiKeyId,
      secretHash: sha256(last),
      overlapSeconds: 0,
    });
    withinASecond();
    expect(await authenticate(formatApiKey(next))).toBeNull();
  });

  test('a key that was revoked', async () => {
    const { principalId } = await makePerson(tenant, 'revoked', ['operator']);
    const { apiKeyId, key } = await issueKey(tenant, principalId);
    const { authenticate } = authenticator();
    expect(await authenticate(key)).not.toBeNull();
    expect(wordOf(await send(tenant, 'access.revoke_api_key', { apiKeyId }))).toBe('SUCCEEDED');
    withinASecond();
    expect(await authenticate(key)).toBeNull();
  });

  test('a role: the key lives on and allows nothing, in its environment and in the control environment', async () => {
    const { principalId, grants } = await makePerson(tenant, 'roleless', ['operator']);
    const { key } = await issueKey(tenant, principalId);
    const { authenticate } = authenticator();
    expect((await authenticate(key))?.scopes.size).toBe(2);
    expect(wordOf(await send(tenant, 'access.revoke_role', { roleGrantId: grants[0] }))).toBe('SUCCEEDED');
    withinASecond();
    expect(await authenticate(key)).toMatchObject({ scopes: new Set(), controlScopes: new Set(), roles: [] });
  });

  test('a role counts in the environment that its grant names, and from when it says', async () => {
    const { principalId } = await makePerson(tenant, 'partial');
    const { key } = await issueKey(tenant, principalId);
    const validFrom = new Date(now() + 3_600_000).toISOString();
    const grant = { principalId, role: 'operator' };
    await does(tenant, 'access.grant_role', { ...grant, environmentId: tenant.environments.production });
    await does(tenant, 'access.grant_role', { ...grant, environmentId: tenant.environments.sandbox, validFrom });
    expect((await authenticator().authenticate(key))?.scopes.size).toBe(0);
    const later = createAuthenticator({ database, now: () => Date.parse(validFrom) });
    expect((await later.authenticate(key))?.scopes.size).toBe(2);
  });

  test('a principal: with its keys and its sessions', async () => {
    const { principalId } = await makePerson(tenant, 'leaving', ['operator']);
    const { key } = await issueKey(tenant, principalId);
    const session = await openSession(tenant, principalId);
    const keys = authenticator();
    const sessions = createSessionAuthenticator({ database, now });
    expect(await keys.authenticate(key)).not.toBeNull();
    expect(await sessions.authenticate(session.text)).toMatchObject({ actor: { id: principalId } });
    expect(wordOf(await send(tenant, 'access.disable_principal', { principalId }))).toBe('SUCCEEDED');
    withinASecond();
    expect(await keys.authenticate(key)).toBeNull();
    expect(await sessions.authenticate(session.text)).toBeNull();
    expect(wordOf(await send(tenant, 'access.disable_principal', { principalId }))).toBe('principal_disabled');
    expect(wordOf(await send(tenant, 'access.grant_role', { principalId, role: 'viewer', environmentId: null }))).toBe(
      'principal_disabled',
    );
  });

  test('a session, by an administrator, by its own person, and by nobody else', async () => {
    const { principalId } = await makePerson(tenant, 'sitting', ['operator']);
    const [first, second] = [await openSession(tenant, principalId), await openSession(tenant, principalId)];
    const { authenticate } = createSessionAuthenticator({ database, now });
    expect(await authenticate(first.text)).not.toBeNull();
    expect(await authenticate(second.text)).not.toBeNull();
    expect(wordOf(await send(tenant, 'access.revoke_session', { sessionId: first.sessionId }))).toBe('SUCCEEDED');
    const close = (caller: Caller) => send(tenant, 'access.close_session', { sessionId: second.sessionId }, { caller });
    const stranger = { ...second.caller, actor: tenant.caller.actor };
    expect(wordOf(await close(stranger))).toBe('session_not_found');
    withinASecond();
    expect(await authenticate(first.text)).toBeNull();
    expect(await authenticate(second.text)).not.toBeNull();
    expect(wordOf(await close(second.caller))).toBe('SUCCEEDED');
    withinASecond();
    expect(await authenticate(second.text)).toBeNull();
  });

  /** Opens a session as the process does that saw the identity provider's answer. */
  async function openSession(owner: TestTenant, principalId: Id<'principal'>) {
    const identityHash = identityHashOf({ issuer: 'https://login.example', subject: principalId });
    await send(owner, 'access.link_identity', { principalId, identityHash });
    const scopes = new Set(['access.session:open', 'access.session:close']);
    const caller: Caller = {
      ...owner.caller,
      actor: { type: 'USER', id: principalId, onBehalfOf: null },
      credential: null,
      scopes,
      controlScopes: scopes,
      riskCeiling: 'R1',
    };
    const secret = randomBytes(32);
    const opened = await send(
      owner,
      'access.open_session',
      {
        environmentId: owner.environments.sandbox,
        secretHash: sha256(secret),
        authenticatedAt: new Date(now()).toISOString(),
        expiresAt: new Date(now() + 3_600_000).toISOString(),
      },
      { caller },
    );
    if (opened.kind !== 'receipt' || !opened.receipt.response) throw new Error(wordOf(opened));
    const { sessionId } = JSON.parse(Buffer.from(opened.receipt.response).toString('utf8')) as {
      sessionId: Id<'session'>;
    };
    return { sessionId, caller, text: formatSession({ tenantId: owner.tenantId, sessionId, secret }) };
  }
});

test('in an archived environment nothing runs any more, whoever sends it, and the others go on', async () => {
  const tenant = await world.createTenant('Archived');
  const { authenticate } = createAuthenticator({ database, now });
  const register = async (caller: Caller, sku: string) =>
    send(tenant, 'inventory.register_variant', { sku, name: sku }, { caller });
  const before = await authenticate(tenant.apiKey);
  if (!before) throw new Error('the key is live');
  expect(wordOf(await register(before, 'ONE'))).toBe('SUCCEEDED');
  const environmentId = tenant.environments.sandbox;
  expect(wordOf(await send(tenant, 'access.archive_environment', { environmentId }))).toBe('SUCCEEDED');

  withinASecond();
  const after = await authenticate(tenant.apiKey);
  if (!after) throw new Error('the key is live, its environment is not');
  const denied = await register(after, 'TWO');
  expect(wordOf(denied)).toBe('DENIED');
  expect(bodyOf(denied)['policy']).toMatchObject({ rule: 'environment_archived' });
  const system: Caller = { ...after, actor: { ...after.actor, type: 'SYSTEM' } };
  expect(wordOf(await register(system, 'THREE'))).toBe('DENIED');

  const elsewhere: Caller = {
    ...before,
    environmentId: tenant.environments.production,
    environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
  };
  expect(wordOf(await register(elsewhere, 'FOUR'))).toBe('SUCCEEDED');
  const again = await send(tenant, 'access.archive_environment', { environmentId }, { caller: elsewhere });
  expect(wordOf(again)).toBe('environment_archived');
  const control = { environmentId: controlOf(tenant) };
  expect(wordOf(await send(tenant, 'access.archive_environment', control, { caller: elsewhere }))).toBe(
    'environment_is_control',
  );
  const { environments } = await ask(tenant, 'access.environments', { status: 'ARCHIVED' });
  expect(environments).toEqual([expect.objectContaining({ environmentId, name: 'sandbox', status: 'ARCHIVED' })]);
});

test('what identified a person is erased for good, and every event and receipt stands as before', async () => {
  const tenant = await world.createTenant('Forgetful');
  const personName = 'Wilhelmina Quarrelsome';
  const made = await does(tenant, 'access.register_principal', { handle: 'w', type: 'USER', personName });
  const principalId = made['principalId'] ?? '';
  const nameOf = async () => {
    const { principals } = await ask(tenant, 'access.principals', { type: 'USER' });
    return principals?.find((one) => one['principalId'] === principalId)?.['personName'];
  };
  expect(await nameOf()).toBe(personName);
  expect(await everywhere(personName)).toEqual(['personal_data']);
  const before = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(before.complaints).toEqual([]);

  expect(wordOf(await send(tenant, 'access.erase_personal_data', { principalId }))).toBe('SUCCEEDED');
  expect(await nameOf()).toBeNull();
  expect(await everywhere(personName)).toEqual([]);
  expect(wordOf(await send(tenant, 'access.erase_personal_data', { principalId }))).toBe('personal_data_not_found');
  const after = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(after.complaints).toEqual([]);
  expect(after.receipts).toBe(before.receipts + 2);
});

/** Names of the tables that have a text somewhere in a row, binary documents included. */
async function everywhere(text: string): Promise<string[]> {
  const admin = await world.testDatabase.admin();
  const { rows } = await admin.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'kf' order by 1",
  );
  expect(rows.length).toBeGreaterThan(20);
  const found: string[] = [];
  const forms = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')];
  for (const { name } of rows) {
    const { rows: hits } = await admin.query<{ hits: string }>(
      `select count(*) as hits from kf.${name} t where exists (
         select from unnest($1::text[]) f where position(f in t::text) > 0)`,
      [forms],
    );
    if (Number(hits[0]?.hits) > 0) found.push(name);
  }
  return found;
}

describe('a tenant always has an administrator', () => {
  test.each([
    ['access.revoke_role', 'access.revoke_role'],
    ['access.disable_principal', 'access.disable_principal'],
    ['access.revoke_role', 'access.disable_principal'],
  ])('also when two processes take one away each at the same time: %s and %s', async (oneType, otherType) => {
    const tenant = await world.createTenant('Governed');
    const other = world.executorWith({ registry: hasty });
    const [kept, ...more] = await administratorsOf(tenant);
    if (!kept) throw new Error('the tenant has an administrator');
    for (const { roleGrantId } of more) await does(tenant, 'access.revoke_role', { roleGrantId });
    const { principalId, grants } = await makePerson(tenant, 'second', ['administrator']);
    const inputOf = (type: string, who: { principalId: string; roleGrantId: string }): object =>
      type === 'access.revoke_role' ? { roleGrantId: who.roleGrantId } : { principalId: who.principalId };
    const outcomes = await Promise.all([
      send(tenant, oneType, inputOf(oneType, kept)),
      send(tenant, otherType, inputOf(otherType, { principalId, roleGrantId: grants[0] ?? '' }), { executor: other }),
    ]);
    expect(outcomes.map(wordOf).toSorted()).toEqual(['SUCCEEDED', 'last_administrator']);
    expect(await liveAdministrators(tenant)).toBe(1);
    await other.drain();
  });

  async function administratorsOf(tenant: TestTenant) {
    const { roleGrants } = await ask(tenant, 'access.role_grants', { role: 'administrator' });
    return (roleGrants ?? []) as unknown as { principalId: string; roleGrantId: string; revokedAt: string | null }[];
  }

  async function liveAdministrators(tenant: TestTenant): Promise<number> {
    const { principals } = await ask(tenant, 'access.principals', { type: 'USER', status: 'ACTIVE' });
    const active = new Set(principals?.map((one) => one['principalId']));
    const grants = await administratorsOf(tenant);
    return grants.filter((one) => one.revokedAt === null && active.has(one.principalId)).length;
  }
});

test('two processes that give out one name, one identity or the last place agree on who was first', async () => {
  const tenant = await world.createTenant('Racing');
  const other = world.executorWith({ registry: hasty });
  const race = async (type: string, input: (at: number) => unknown) =>
    tally(
      await Promise.all(
        [0, 1, 2, 3].map((at) => send(tenant, type, input(at), { executor: at % 2 === 0 ? executor : other })),
      ),
    );
  const people = await Promise.all([0, 1, 2, 3].map((at) => makePerson(tenant, `racer-${at}`)));
  const handle = { handle: 'eve', type: 'SERVICE' };
  expect(await race('access.register_principal', () => handle)).toEqual({ SUCCEEDED: 1, code_taken: 3 });
  const identityHash = 'c'.repeat(64);
  const link = (at: number) => ({ identityHash, principalId: people[at]?.principalId });
  expect(await race('access.link_identity', link)).toEqual({ SUCCEEDED: 1, identity_taken: 3 });
  expect(await race('access.create_environment', () => ({ name: 'third', kind: 'SANDBOX' }))).toEqual({
    SUCCEEDED: 1,
    code_taken: 3,
  });
  for (let made = 4; made <= 14; made += 1) {
    await does(tenant, 'access.create_environment', { name: `number-${made}`, kind: 'SANDBOX' });
  }
  const environment = (at: number) => ({ name: `last-${at}`, kind: 'PRODUCTION' });
  expect(await race('access.create_environment', environment)).toEqual({
    SUCCEEDED: 2,
    environment_limit_reached: 2,
  });
  await other.drain();
}, 30_000);

describe('what an administrator can look at', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await world.createTenant('Visible');
  });

  test('the tenant, with what it settled', async () => {
    expect(await ask(tenant, 'access.tenant')).toMatchObject({ name: 'Visible', status: 'ACTIVE', settingsVersion: 0 });
    await does(tenant, 'access.configure_tenant', { settings: { approvalTtlSeconds: 3600 } });
    await does(tenant, 'access.configure_tenant', { settings: { quorum: { 'reservation.cancel': 2 } } });
    expect(await ask(tenant, 'access.tenant')).toMatchObject({
      settings: { approvalTtlSeconds: 3600, loginMaxAgeSeconds: 900, quorum: { 'reservation.cancel': 2 } },
      settingsVersion: 2,
    } as never);
    const caller = await createAuthenticator({ database, now }).authenticate(tenant.apiKey);
    expect(caller?.tenantPolicy).toMatchObject({ approvalTtlSeconds: 3600, quorum: { 'reservation.cancel': 2 } });
  });

  test('identities, by the beginning of their hash, which is enough to take one away', async () => {
    const { principalId } = await makePerson(tenant, 'known');
    const identityHash = identityHashOf({ issuer: 'https://login.example', subject: 'known' });
    await does(tenant, 'access.link_identity', { principalId, identityHash });
    const { identities } = await ask(tenant, 'access.identities', { principalId });
    expect(identities).toMatchObject([{ identityHash: identityHash.slice(0, 16), status: 'LINKED' }]);
    await does(tenant, 'access.unlink_identity', { principalId, identityHash: identities?.[0]?.['identityHash'] });
    const { identities: after } = await ask(tenant, 'access.identities', { principalId });
    expect(after).toMatchObject([{ status: 'UNLINKED', version: 2 }]);
  });

  test('keys and sessions, never with the hash of a secret', async () => {
    const user = tenant.caller.actor.id;
    const { apiKeys } = await ask(tenant, 'access.api_keys', { principalId: user });
    expect(apiKeys).toMatchObject([{ apiKeyId: parseApiKey(tenant.apiKey)?.apiKeyId, revokedAt: null }]);
    expect(JSON.stringify(apiKeys)).not.toContain('ecret');
    const { sessions } = await ask(tenant, 'access.sessions');
    expect(sessions).toEqual([]);
  });

  test.each([
    ['access.environments', 'environments', 3],
    ['access.principals', 'principals', 7],
    ['access.role_grants', 'roleGrants', 2],
  ] as const)('%s in pages that leave nothing out', async (type, list, atLeast) => {
    const { [list]: whole, next } = await ask(tenant, type);
    expect(next).toBeNull();
    expect(whole?.length).toBeGreaterThanOrEqual(atLeast);
    const paged: unknown[] = [];
    let after: string | null | undefined;
    do {
      const answer = await ask(tenant, type, { limit: '1', ...(after ? { after } : {}) });
      expect(answer[list]).toHaveLength(1);
      paged.push(...(answer[list] ?? []));
      after = answer.next;
    } while (after);
    expect(paged).toEqual([...(whole ?? [])]);
  });
});

test('everything that happened here rebuilds the tables, and every receipt verifies', async () => {
  const proof = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(80);
});

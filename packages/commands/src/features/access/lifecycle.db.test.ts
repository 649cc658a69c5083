import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { Id } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import { proveHistory, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { bodyOf, wordOf } from '../../testing/stocked-world.ts';
import {
  createAuthenticator,
  createSessionAuthenticator,
  formatApiKey,
  formatSession,
  identityHashOf,
} from './index.ts';
import { controlOf, createHastyWorld, type HastyWorld, sha256Of } from './testing/hasty-world.ts';

let hasty: HastyWorld;
let world: TestWorld;
beforeAll(async () => {
  hasty = await createHastyWorld();
  ({ world } = hasty);
});
afterAll(() => hasty.close());
const send: HastyWorld['send'] = (...given) => hasty.send(...given);
const does: HastyWorld['does'] = (...given) => hasty.does(...given);
const ask: HastyWorld['ask'] = (...given) => hasty.ask(...given);
const makePerson: HastyWorld['makePerson'] = (...given) => hasty.makePerson(...given);
const issueKey: HastyWorld['issueKey'] = (...given) => hasty.issueKey(...given);

/** How far authenticators are ahead of the time; the answer to a credential is kept for half a second. */
let aheadMilliseconds = 0;
const now = (): number => Date.now() + aheadMilliseconds;
const withinASecond = (): void => {
  aheadMilliseconds += 999;
};

describe('what is taken away stops within a second, in a process that has just used it', () => {
  let tenant: TestTenant;
  const authenticator = () => createAuthenticator({ database: hasty.database, now });
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
      secretHash: sha256Of(secret),
      overlapSeconds: 3600,
    });
    const next = { tenantId: tenant.tenantId, apiKeyId: rotated['apiKeyId'] as Id<'apiKey'>, secret };
    withinASecond();
    expect(await authenticate(key)).not.toBeNull();
    const after = await authenticate(formatApiKey(next));
    expect(after).toMatchObject({ actor: before?.actor, scopes: before?.scopes, riskCeiling: before?.riskCeiling });
    const later = createAuthenticator({
      database: hasty.database,
      now: () => Date.parse(rotated['oldKeyEndsAt'] ?? ''),
    });
    expect(await later.authenticate(key)).toBeNull();
    expect(await later.authenticate(formatApiKey(next))).not.toBeNull();

    const last = randomBytes(32);
    await does(tenant, 'access.rotate_api_key', {
      apiKeyId: next.apiKeyId,
      secretHash: sha256Of(last),
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
    const later = createAuthenticator({ database: hasty.database, now: () => Date.parse(validFrom) });
    expect((await later.authenticate(key))?.scopes.size).toBe(2);
  });

  test('a principal: with its keys and its sessions', async () => {
    const { principalId } = await makePerson(tenant, 'leaving', ['operator']);
    const { key } = await issueKey(tenant, principalId);
    const session = await openSession(tenant, principalId);
    const keys = authenticator();
    const sessions = createSessionAuthenticator({ database: hasty.database, now });
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
    const { authenticate } = createSessionAuthenticator({ database: hasty.database, now });
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
        secretHash: sha256Of(secret),
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
  const { authenticate } = createAuthenticator({ database: hasty.database, now });
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

test('everything that happened here rebuilds the tables, and every receipt verifies', async () => {
  const proof = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(25);
});

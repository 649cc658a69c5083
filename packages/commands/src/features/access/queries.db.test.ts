import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { proveHistory, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { wordOf } from '../../testing/stocked-world.ts';
import { createAuthenticator, identityHashOf, parseApiKey } from './index.ts';
import { createHastyWorld, type HastyWorld } from './testing/hasty-world.ts';

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
    const caller = await createAuthenticator({ database: hasty.database, now: () => Date.now() }).authenticate(
      tenant.apiKey,
    );
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
    expect(JSON.stringify(apiKeys)).not.toMatch(/secret_?hash/i);
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
  expect(proof.receipts).toBeGreaterThan(5);
});

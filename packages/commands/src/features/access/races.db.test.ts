import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { proveHistory, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { tally, wordOf } from '../../testing/stocked-world.ts';
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

describe('a tenant always has an administrator', () => {
  test.each([
    ['access.revoke_role', 'access.revoke_role'],
    ['access.disable_principal', 'access.disable_principal'],
    ['access.revoke_role', 'access.disable_principal'],
  ])('also when two processes take one away each at the same time: %s and %s', async (oneType, otherType) => {
    const tenant = await world.createTenant('Governed');
    const other = hasty.otherExecutor();
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
  const other = hasty.otherExecutor();
  const race = async (type: string, input: (at: number) => unknown) =>
    tally(
      await Promise.all(
        [0, 1, 2, 3].map((at) => send(tenant, type, input(at), at % 2 === 0 ? {} : { executor: other })),
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
}, 90_000);

test('everything that happened here rebuilds the tables, and every receipt verifies', async () => {
  const proof = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(25);
});

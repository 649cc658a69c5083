import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { controlEnvironmentOf, openDatabase } from '@karmanflow/schema';
import { createExecutor } from '../../executor/executor.ts';
import type { Caller } from '../../executor/metadata.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { createTestWorld, processPorts, proveHistory, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { receiptOf, wordOf } from '../../testing/stocked-world.ts';

/** The way that these commands really take: a person asks for them, and another person approves. */

let world: TestWorld;
let tenant: TestTenant;
let user: Caller;
let cyd: Caller;

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  user = await tenant.signIn('user');
  cyd = await tenant.signIn('cyd');
});
afterAll(() => world.close());

function answerOf(outcome: Outcome): Record<string, string> {
  const { response } = receiptOf(outcome);
  if (!response) throw new Error(wordOf(outcome));
  return JSON.parse(Buffer.from(response).toString('utf8'));
}

async function propose(type: string, input: object): Promise<string> {
  const outcome = await tenant.run(type, input, { caller: user });
  expect(wordOf(outcome)).toBe('PENDING_APPROVAL');
  return answerOf(outcome)['approvalId'] ?? '';
}

const approve = (approvalId: string) =>
  tenant.run('approval.approve', { approvalId, level: 'tenant' }, { caller: cyd });

/** As the worker's role, which may take a personal value away and not read it; the end is brought forward for it and back. */
async function expireAsWorker(approvalId: string): Promise<Outcome> {
  const database = openDatabase({ url: world.testDatabase.urlFor('kf_worker'), applicationName: 'kf-test-worker' });
  const executor = createExecutor(processPorts(database, world.signer));
  const environmentId = controlEnvironmentOf(tenant.tenantId);
  const sweeper: Caller = {
    ...user,
    ...systemAuthority('expiry_sweeper'),
    environmentId,
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: tenant.principals.get('system') ?? user.actor.id, onBehalfOf: null },
    credential: null,
  };
  const move = (how: string) =>
    rowsOf(`update kf.approvals set expires_at = expires_at ${how} interval '2 days' where id = $1`, [
      approvalId.slice(4),
    ]);
  try {
    await move('-');
    const outcome = await tenant.run('approval.expire', { approvalId }, { caller: sweeper, executor });
    await expect(
      database.read({ tenantId: tenant.tenantId, environmentId }, (db) =>
        db.selectFrom('personal_data').select('value').execute(),
      ),
    ).rejects.toThrow('permission denied');
    return outcome;
  } finally {
    await move('+');
    await executor.drain();
    await database.close();
  }
}

async function rowsOf(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
  const admin = await world.testDatabase.admin();
  return (await admin.query<Record<string, unknown>>(sql, parameters)).rows;
}

const nameOf = async (handle: string): Promise<unknown> => {
  const rows = await rowsOf(
    `select d.value from kf.principals p left join kf.personal_data d
       on (d.tenant_id, d.environment_id, d.id) = (p.tenant_id, p.environment_id, p.personal_data_id)
     where p.handle = $1`,
    [handle],
  );
  return rows.length === 0 ? 'nobody' : rows[0]?.['value'];
};

describe('a person with a name', () => {
  test('is registered when a second person approves, and forgotten when another approval says so', async () => {
    const registering = await propose('access.register_principal', {
      handle: 'eve',
      type: 'USER',
      personName: 'Eve Moneypenny',
    });
    expect(await nameOf('eve')).toBe('nobody');
    expect(answerOf(await approve(registering))).toMatchObject({ status: 'EXECUTED' });
    expect(await nameOf('eve')).toBe('Eve Moneypenny');
    const [row] = await rowsOf("select id from kf.principals where handle = 'eve'");
    const erasing = await propose('access.erase_personal_data', { principalId: `prn_${String(row?.['id'])}` });
    expect(await nameOf('eve')).toBe('Eve Moneypenny');
    expect(answerOf(await approve(erasing))).toMatchObject({ status: 'EXECUTED' });
    expect(await nameOf('eve')).toBeNull();
    expect(await rowsOf("select from kf.personal_data where value = 'Eve Moneypenny'")).toEqual([]);
  });

  test.each(['deny', 'cancel', 'expire'] as const)(
    'leaves no name behind when its registration ends by %s',
    async (how) => {
      const handle = `mallory-${how}`;
      const registering = await propose('access.register_principal', { handle, type: 'USER', personName: handle });
      expect(await rowsOf('select from kf.personal_data where value = $1', [handle])).toHaveLength(1);
      const target = { approvalId: registering, level: 'tenant' };
      if (how === 'deny') expect(wordOf(await tenant.run('approval.deny', target, { caller: cyd }))).toBe('SUCCEEDED');
      if (how === 'cancel')
        expect(wordOf(await tenant.run('approval.cancel', target, { caller: user }))).toBe('SUCCEEDED');
      if (how === 'expire') expect(wordOf(await expireAsWorker(registering))).toBe('SUCCEEDED');
      expect(await nameOf(handle)).toBe('nobody');
      expect(await rowsOf('select from kf.personal_data where value = $1', [handle])).toEqual([]);
    },
  );
});

test('a tenant settles its own policy only with two people, and from then on it holds', async () => {
  const settings = { approvalTtlSeconds: 3600 };
  expect(answerOf(await approve(await propose('access.configure_tenant', { settings })))).toMatchObject({
    status: 'EXECUTED',
  });
  const [row] = await rowsOf('select settings from kf.tenant_policies where tenant_id = $1', [
    tenant.tenantId.slice(4),
  ]);
  expect(JSON.parse(String(row?.['settings']))).toMatchObject(settings);
});

test('every receipt of it verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(10);
});

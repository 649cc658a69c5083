import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { defaultTenantPolicy, roles } from '@karmanflow/policy';
import { type Database, limits, openDatabase } from '@karmanflow/schema';
import { createTestWorld, type TestTenant, type TestWorld } from '../../testing/index.ts';
import { wordOf } from '../../testing/stocked-world.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { type ApiKeyCredential, formatApiKey, parseApiKey } from './index.ts';

let world: TestWorld;
let tenant: TestTenant;
let other: TestTenant;
let database: Database;

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  other = await world.createTenant('Other');
  database = openDatabase({ url: world.testDatabase.urlFor('kf_command'), applicationName: 'kf-test-authenticator' });
});
afterAll(async () => {
  await database.close();
  await world.close();
});

/** Counts look-ups, and lets the test say what time it is. */
function watched(over: Partial<Database> = {}) {
  let lookUps = 0;
  let offset = 0;
  let frozenAt: number | null = null;
  const authenticator: Authenticator = createAuthenticator({
    database: {
      ...database,
      read: (scope, work) => {
        lookUps += 1;
        return (over.read ?? database.read)(scope, work);
      },
    },
    now: () => (frozenAt ?? Date.now()) + offset,
  });
  return {
    authenticator,
    lookUps: () => lookUps,
    freeze: () => {
      frozenAt = Date.now();
    },
    pass: (milliseconds: number) => {
      offset += milliseconds;
    },
  };
}

function credentialOf(owner: TestTenant): ApiKeyCredential {
  const parsed = parseApiKey(owner.apiKey);
  if (!parsed) throw new Error('the key of the tenant does not parse');
  return parsed;
}

/** Changes the rows of one tenant behind everybody's back, and changes them back afterwards. */
async function changed(sql: { does: string; undoes: string }, work: () => Promise<void>): Promise<void> {
  const admin = await world.testDatabase.admin();
  const parameters = [tenant.tenantId.slice(4)];
  expect((await admin.query(`${sql.does} where tenant_id = $1`, parameters)).rowCount).toBeGreaterThan(0);
  try {
    await work();
  } finally {
    await admin.query(`${sql.undoes} where tenant_id = $1`, parameters);
  }
}

describe('a live key', () => {
  test('stands for its principal, in its environment, with what roles and key both allow', async () => {
    const caller = await watched().authenticator.authenticate(tenant.apiKey);
    expect(caller).toEqual({
      tenantId: tenant.tenantId,
      environmentId: tenant.environments.sandbox,
      environment: { kind: 'SANDBOX', status: 'ACTIVE' },
      actor: { ...tenant.caller.actor, type: 'USER' },
      credential: { type: 'api_key', id: credentialOf(tenant).apiKeyId },
      scopes: new Set([...roles.operator, ...roles.administrator]),
      controlScopes: new Set([...roles.operator, ...roles.administrator]),
      roles: ['administrator', 'operator'],
      controlRoles: ['administrator', 'operator'],
      riskCeiling: 'R3',
      loginAgeSeconds: null,
      tenantPolicy: defaultTenantPolicy,
    });
  });

  test('is looked up once, however many ask at once, and again when the answer is half a second old', async () => {
    const { authenticator, lookUps, pass, freeze } = watched();
    freeze();
    const callers = await Promise.all(Array.from({ length: 100 }, () => authenticator.authenticate(tenant.apiKey)));
    expect(new Set(callers).size).toBe(1);
    expect(lookUps()).toBe(1);
    pass(limits.credentialCacheMilliseconds - 1);
    await authenticator.authenticate(tenant.apiKey);
    expect(lookUps()).toBe(1);
    pass(1);
    await authenticator.authenticate(tenant.apiKey);
    expect(lookUps()).toBe(2);
  });
});

describe('no caller stands behind', () => {
  const own = () => credentialOf(tenant);
  test.each([
    ['no text', () => ''],
    ['nonsense', () => 'Bearer hunter2'],
    ['a wrong secret', () => formatApiKey({ ...own(), secret: randomBytes(32) })],
    ['a secret of zeros', () => formatApiKey({ ...own(), secret: new Uint8Array(32) })],
    ['an unknown key', () => formatApiKey({ ...own(), apiKeyId: `key_${Bun.randomUUIDv7()}` })],
    ['an unknown tenant', () => formatApiKey({ ...own(), tenantId: `tnt_${Bun.randomUUIDv7()}` })],
    ['the key of one tenant in the name of another', () => formatApiKey({ ...own(), tenantId: other.tenantId })],
    ['the key of another with the secret of one', () => formatApiKey({ ...credentialOf(other), secret: own().secret })],
  ])('%s', async (_what, make) => {
    expect(await watched().authenticator.authenticate(make())).toBeNull();
  });

  test('what does not even look like a key, and the database is not asked', async () => {
    const { authenticator, lookUps } = watched();
    for (const text of ['', 'kf_', tenant.apiKey.slice(0, -1), `${tenant.apiKey}x`]) {
      expect(await authenticator.authenticate(text)).toBeNull();
    }
    expect(lookUps()).toBe(0);
  });

  test('a key that ran out, from that instant on', async () => {
    const at = new Date(Date.now() + 3_600_000);
    const sql = {
      does: `update kf.api_keys set expires_at = '${at.toISOString()}'`,
      undoes: 'update kf.api_keys set expires_at = null',
    };
    await changed(sql, async () => {
      const clock = { now: at.getTime() - 1 };
      const authenticator = createAuthenticator({ database, now: () => clock.now });
      expect(await authenticator.authenticate(tenant.apiKey)).not.toBeNull();
      const later = createAuthenticator({ database, now: () => at.getTime() });
      expect(await later.authenticate(tenant.apiKey)).toBeNull();
    });
  });

  test.each([
    [
      'a disabled principal',
      { does: "update kf.principals set status = 'DISABLED'", undoes: "update kf.principals set status = 'ACTIVE'" },
    ],
    [
      'a suspended tenant',
      { does: "update kf.tenants set status = 'SUSPENDED'", undoes: "update kf.tenants set status = 'ACTIVE'" },
    ],
    [
      'a revoked key',
      { does: 'update kf.api_keys set revoked_at = now()', undoes: 'update kf.api_keys set revoked_at = null' },
    ],
  ])('%s', async (_what, sql) => {
    await changed(sql, async () => expect(await watched().authenticator.authenticate(tenant.apiKey)).toBeNull());
    expect(await watched().authenticator.authenticate(tenant.apiKey)).not.toBeNull();
  });

  test('an archived environment is told, so that policy denies', async () => {
    const sql = {
      does: "update kf.environments set status = 'ARCHIVED'",
      undoes: "update kf.environments set status = 'ACTIVE'",
    };
    await changed(sql, async () => {
      const caller = await watched().authenticator.authenticate(tenant.apiKey);
      expect(caller?.environment).toEqual({ kind: 'SANDBOX', status: 'ARCHIVED' });
    });
  });

  test('revoked grants: the key lives, and allows nothing', async () => {
    const sql = {
      does: 'update kf.role_grants set revoked_at = now()',
      undoes: 'update kf.role_grants set revoked_at = null',
    };
    await changed(sql, async () => {
      const caller = await watched().authenticator.authenticate(tenant.apiKey);
      expect(caller?.scopes).toEqual(new Set());
    });
  });
});

test('a revoked key stops within a second, in a process that has just used it', async () => {
  const fresh = await world.createTenant('Revoked');
  let now = Date.now();
  const authenticator = createAuthenticator({ database, now: () => now });
  expect(await authenticator.authenticate(fresh.apiKey)).not.toBeNull();
  const { apiKeyId } = credentialOf(fresh);
  expect(wordOf(await fresh.run('access.revoke_api_key', { apiKeyId }))).toBe('SUCCEEDED');
  now += 999;
  expect(await authenticator.authenticate(fresh.apiKey)).toBeNull();
  expect(wordOf(await fresh.run('access.revoke_api_key', { apiKeyId }))).toBe('api_key_revoked');
});

describe('the answers that are kept', () => {
  test('are bounded: the oldest goes when there is no room', async () => {
    // What strangers ask for is not there; ten thousand questions to the database would only say so slowly.
    let isStranger = false;
    const { authenticator, lookUps, freeze } = watched({
      read: (scope, work) => (isStranger ? Promise.resolve(null as never) : database.read(scope, work)),
    });
    freeze();
    expect(await authenticator.authenticate(tenant.apiKey)).not.toBeNull();
    isStranger = true;
    const { secret } = credentialOf(tenant);
    const strangers = Array.from({ length: limits.credentialCacheEntries }, () =>
      formatApiKey({ tenantId: other.tenantId, apiKeyId: `key_${Bun.randomUUIDv7()}`, secret }),
    );
    const callers = await Promise.all(strangers.map((key) => authenticator.authenticate(key)));
    expect(new Set(callers)).toEqual(new Set([null]));
    await authenticator.authenticate(strangers.at(-1) ?? '');
    expect(lookUps()).toBe(strangers.length + 1);
    isStranger = false;
    expect(await authenticator.authenticate(tenant.apiKey)).not.toBeNull();
    expect(lookUps()).toBe(strangers.length + 2);
  });

  test('do not hold the failure of a database: the next one asks again', async () => {
    const gone = openDatabase({ url: 'postgresql://kf_command@127.0.0.1:1/nowhere', applicationName: 'kf-test' });
    let isGone = true;
    const { authenticator, lookUps } = watched({
      read: (scope, work) => (isGone ? gone : database).read(scope, work),
    });
    const first = await Promise.allSettled([
      authenticator.authenticate(tenant.apiKey),
      authenticator.authenticate(tenant.apiKey),
    ]);
    expect(first.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    expect(lookUps()).toBe(1);
    isGone = false;
    expect(await authenticator.authenticate(tenant.apiKey)).not.toBeNull();
    expect(lookUps()).toBe(2);
    await gone.close();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { defaultTenantPolicy, roles } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, type Id, limits, newId, openDatabase, toId } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Caller } from '../../executor/metadata.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import { createTestWorld, execute, metadataFor, responseOf, type TestWorld } from '../../testing/index.ts';
import {
  createSessionAuthenticator,
  formatSession,
  hashSessionSecret,
  identityHashOf,
  openSession as openSessionCommand,
  parseSession,
  type SessionCredential,
  sessionSecretBytes,
} from './index.ts';

const hourMilliseconds = 3_600_000;
const identityHash = identityHashOf({ issuer: 'https://id.example.com', subject: 'ada' });
const otherIdentity = identityHashOf({ issuer: 'https://id.example.com', subject: 'eve' });

interface Place {
  readonly tenantId: Id<'tenant'>;
  readonly principalId: Id<'principal'>;
  readonly sandbox: Id<'environment'>;
}

let world: TestWorld;
let database: Database;
let place: Place;
let other: Place;

beforeAll(async () => {
  world = await createTestWorld();
  database = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-sessions' });
  place = await makePlace();
  other = await makePlace();
});
afterAll(async () => {
  await database.close();
  await world.close();
});

async function makePlace(): Promise<Place> {
  const tenantId = toId('tenant', Bun.randomUUIDv7());
  const platform: Caller = {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
  const input = {
    name: 'Acme',
    environments: [
      { name: 'sandbox', kind: 'SANDBOX' },
      { name: 'production', kind: 'PRODUCTION' },
    ],
    principals: [{ handle: 'ada', type: 'USER', roles: ['operator', 'approver'], identityHash }],
    apiKeys: [],
    ingestSources: [],
  };
  // The output of the command has these lists.
  const made = responseOf(
    await execute(world.executor, 'access.bootstrap_tenant', input, metadataFor(platform)),
  ) as unknown as Record<string, { name: string; id: string }[]>;
  const idOf = (list: string, name: string): string => made[list]?.find((one) => one.name === name)?.id ?? '';
  return {
    tenantId,
    principalId: idOf('principals', 'ada') as Id<'principal'>,
    sandbox: idOf('environments', 'sandbox') as Id<'environment'>,
  };
}

async function openSession(at: Place, authenticatedAt = Date.now()): Promise<SessionCredential> {
  const secret = randomBytes(sessionSecretBytes);
  const person: Caller = {
    tenantId: at.tenantId,
    environmentId: at.sandbox,
    environment: { kind: 'SANDBOX', status: 'ACTIVE' },
    actor: { type: 'USER', id: at.principalId, onBehalfOf: null },
    credential: { type: 'identity', id: identityHash },
    ...systemAuthority('login'),
  };
  const input = {
    environmentId: at.sandbox,
    secretHash: Buffer.from(hashSessionSecret(secret)).toString('base64'),
    authenticatedAt: new Date(authenticatedAt).toISOString(),
    expiresAt: new Date(Date.now() + 8 * hourMilliseconds).toISOString(),
  };
  const made = responseOf(await execute(world.executor, 'access.open_session', input, metadataFor(person)));
  const { sessionId } = v.parse(openSessionCommand.output, made);
  return { tenantId: at.tenantId, sessionId, secret };
}

/** An authenticator whose time the test decides, and which counts its questions to the database. */
function watched(start = Date.now()) {
  let now = start;
  let lookUps = 0;
  const counting: Database = {
    ...database,
    read: (scope, work) => {
      lookUps += 1;
      return database.read(scope, work);
    },
  };
  return {
    authenticator: createSessionAuthenticator({ database: counting, now: () => now }),
    lookUps: () => lookUps,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

/** Changes rows of the first tenant behind everybody's back, and changes them back afterwards. */
async function changed(sql: { does: string; undoes: string }, work: () => Promise<void>): Promise<void> {
  const admin = await world.testDatabase.admin();
  const parameters = [place.tenantId.slice(4)];
  expect((await admin.query(`${sql.does} where tenant_id = $1`, parameters)).rowCount).toBeGreaterThan(0);
  try {
    await work();
  } finally {
    await admin.query(`${sql.undoes} where tenant_id = $1`, parameters);
  }
}

describe('a live session', () => {
  test('stands for its person with everything that was granted, and says how long ago they logged in', async () => {
    const credential = await openSession(place, Date.now() - 90_500);
    const caller = await watched().authenticator.authenticate(formatSession(credential), identityHash);
    const scopes = new Set<string>([...roles.operator, ...roles.approver]);
    expect(caller).toMatchObject({
      tenantId: place.tenantId,
      environmentId: place.sandbox,
      environment: { kind: 'SANDBOX', status: 'ACTIVE' },
      actor: { type: 'USER', id: place.principalId, onBehalfOf: null },
      credential: { type: 'session', id: credential.sessionId },
      scopes,
      controlScopes: scopes,
      roles: ['approver', 'operator'],
      controlRoles: ['approver', 'operator'],
      riskCeiling: 'R3',
      tenantPolicy: defaultTenantPolicy,
    });
    expect(caller?.loginAgeSeconds).toBeGreaterThanOrEqual(90);
    expect(caller?.loginAgeSeconds).toBeLessThan(120);
  });

  test('has nothing in the control environment of what was granted for one environment', async () => {
    const credential = await openSession(place);
    const sql = {
      does: `update kf.role_grants set target_environment_id = '${place.sandbox.slice(4)}'`,
      undoes: 'update kf.role_grants set target_environment_id = null',
    };
    await changed(sql, async () => {
      const caller = await watched().authenticator.authenticate(formatSession(credential));
      expect(caller?.scopes.size).toBeGreaterThan(10);
      expect(caller).toMatchObject({ controlScopes: new Set(), controlRoles: [] });
    });
  });

  test('is looked up twice a second at most', async () => {
    const text = formatSession(await openSession(place));
    const { authenticator, lookUps, pass } = watched();
    await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate(text, identityHash)));
    pass(limits.credentialCacheMilliseconds - 1);
    await authenticator.authenticate(text, identityHash);
    expect(lookUps()).toBe(1);
    pass(1);
    await authenticator.authenticate(text, identityHash);
    expect(lookUps()).toBe(2);
  });

  test('its text is what it was made of, and in one spelling only', async () => {
    const credential = await openSession(place);
    const text = formatSession(credential);
    expect(parseSession(text)).toEqual({ ...credential, secret: Buffer.from(credential.secret) });
    const last = text.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = `${text.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1]}`;
    expect(parseSession(twin)).toBeNull();
  });
});

describe('nobody stands behind', () => {
  test('anything that is not a session, and the database is not asked', async () => {
    const text = formatSession(await openSession(place));
    const { authenticator, lookUps } = watched();
    for (const wrong of ['', 'nonsense', `kf_${text}`, text.slice(0, -1), `${text}A`, text.toUpperCase(), ` ${text}`]) {
      expect(await authenticator.authenticate(wrong)).toBeNull();
    }
    expect(lookUps()).toBe(0);
  });

  test('a wrong secret, an unknown session, and a session in the name of another tenant', async () => {
    const credential = await openSession(place);
    const wrong: SessionCredential[] = [
      { ...credential, secret: randomBytes(sessionSecretBytes) },
      { ...credential, sessionId: toId('session', Bun.randomUUIDv7()) },
      { ...credential, tenantId: other.tenantId },
      { ...(await openSession(other)), secret: credential.secret },
    ];
    for (const one of wrong) expect(await watched().authenticator.authenticate(formatSession(one))).toBeNull();
  });

  test('a session from the instant of its end on', async () => {
    const credential = await openSession(place);
    const admin = await world.testDatabase.admin();
    const { rows } = await admin.query('select expires_at from kf.sessions where id = $1', [
      credential.sessionId.slice(4),
    ]);
    const end = new Date(rows[0].expires_at).getTime();
    expect(await watched(end - 1).authenticator.authenticate(formatSession(credential))).not.toBeNull();
    expect(await watched(end).authenticator.authenticate(formatSession(credential))).toBeNull();
  });

  test('a session that was closed, within a second, also where it was just used', async () => {
    const credential = await openSession(place);
    const { authenticator, pass } = watched();
    const caller = await authenticator.authenticate(formatSession(credential));
    if (caller === null) throw new Error('the session does not live');
    const owner = { ...caller, ...systemAuthority('login') };
    const input = { sessionId: credential.sessionId };
    responseOf(await execute(world.executor, 'access.close_session', input, metadataFor(owner)));
    pass(999);
    expect(await authenticator.authenticate(formatSession(credential))).toBeNull();
  });

  test.each([
    ['a person who is not active', 'principals', "status = 'DISABLED'", "status = 'ACTIVE'"],
    ['a suspended tenant', 'tenants', "status = 'SUSPENDED'", "status = 'ACTIVE'"],
    ['an archived environment', 'environments', "status = 'ARCHIVED'", "status = 'ACTIVE'"],
    ['an identity that was unlinked', 'principal_identities', "status = 'UNLINKED'", "status = 'LINKED'"],
  ])('the session of %s', async (_what, table, does, undoes) => {
    const text = formatSession(await openSession(place));
    await changed({ does: `update kf.${table} set ${does}`, undoes: `update kf.${table} set ${undoes}` }, async () => {
      expect(await watched().authenticator.authenticate(text)).toBeNull();
      expect(await watched().authenticator.authenticate(text, identityHash)).toBeNull();
    });
    expect(await watched().authenticator.authenticate(text, identityHash)).not.toBeNull();
  });

  test('a session and an identity that is not the one that opened it', async () => {
    const text = formatSession(await openSession(place));
    const { authenticator } = watched();
    expect(await authenticator.authenticate(text, otherIdentity)).toBeNull();
    expect(await authenticator.authenticate(text, '')).toBeNull();
    expect(await authenticator.authenticate(text)).not.toBeNull();
  });
});

test('what cannot be looked up is asked again', async () => {
  const text = formatSession(await openSession(place));
  let isGone = true;
  const broken: Database = {
    ...database,
    read: (scope, work) => (isGone ? Promise.reject(new Error('gone')) : database.read(scope, work)),
  };
  const authenticator = createSessionAuthenticator({ database: broken, now: () => Date.now() });
  await expect(authenticator.authenticate(text)).rejects.toThrow('gone');
  isGone = false;
  expect(await authenticator.authenticate(text)).not.toBeNull();
});

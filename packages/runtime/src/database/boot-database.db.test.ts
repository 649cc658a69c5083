import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { type Database, type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase, urlOf } from '@karmanflow/schema/testing';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { type BootDatabaseOptions, bootDatabase, BootRefused } from './boot-database.ts';

describe('bootDatabase', () => {
  let database: TestDatabase;
  const capture = captureLog();
  const logger = createLogger({ app: 'sample', level: 'debug', destination: capture.destination });
  const applicationName = `boot-${randomBytes(4).toString('hex')}`;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  function boot(options: Partial<BootDatabaseOptions> = {}): Promise<Database> {
    const role = options.role ?? 'kf_command';
    return bootDatabase({ url: database.urlFor(role), role, profile: 'local', applicationName, logger, ...options });
  }

  async function refusalOf(options: Partial<BootDatabaseOptions>): Promise<BootRefused> {
    const error = await boot(options).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error instanceof BootRefused) return error;
    throw new Error('expected BootRefused', { cause: error });
  }

  /** Whether the cluster has the newest security fixes is a caution of its own, and not what is tested here. */
  function fatalCodesOf(refusal: BootRefused): string[] {
    return refusal.findings.filter(({ severity }) => severity === 'fatal').map(({ code }) => code);
  }

  async function connectionsLeft(): Promise<number> {
    const admin = await database.admin();
    const { rows } = await admin.query<{ count: string }>(
      'select count(*) as count from pg_stat_activity where application_name = $1',
      [applicationName],
    );
    await admin.end();
    return Number(rows[0]?.count);
  }

  test.each([...runtimeRoles])('%s may start', async (role) => {
    const opened = await boot({ role, profile: 'local' });
    const [row] = await opened.connection(async (client) => (await client.query('select current_user as role')).rows);
    expect(row).toEqual({ role });
    await opened.close();
  });

  test('a superuser is refused with all that is wrong, and its connections are closed', async () => {
    const refusal = await refusalOf({ url: database.adminUrl });
    const codes = refusal.findings.map(({ code }) => code);
    expect(codes).toContain('role_unexpected');
    expect(codes).toContain('role_privileged');
    expect(codes).toContain('role_creates');
    for (const { code, detail } of refusal.findings) {
      expect(refusal.message).toContain(code);
      expect(refusal.message).toContain(detail);
    }
    await waitUntil({ what: 'no connection is left', condition: async () => (await connectionsLeft()) === 0 });
  });

  test('a role that is a member of another is refused', async () => {
    const probe = `kf_probe_${randomBytes(4).toString('hex')}`;
    const admin = await database.admin();
    await admin.query(`create role ${probe} login noinherit password 'probe'`);
    try {
      await admin.query(`grant connect on database ${database.name} to ${probe}`);
      // Told to expect the probe, so that its membership is all that is wrong with it.
      const options = { url: urlOf(database.adminUrl, { user: probe, password: 'probe' }), role: probe as RuntimeRole };
      await (await boot(options)).close();
      await admin.query(`grant kf_read to ${probe}`);
      const refusal = await refusalOf(options);
      expect(fatalCodesOf(refusal)).toEqual(['role_member']);
    } finally {
      await admin.query(`drop owned by ${probe}`);
      await admin.query(`drop role ${probe}`);
    }
  });

  test('another runtime role than the expected one is refused', async () => {
    const refusal = await refusalOf({ url: database.urlFor('kf_read'), role: 'kf_command' });
    expect(refusal.findings.map(({ code }) => code)).toContain('role_unexpected');
  });

  test('a schema that is older than the code is refused', async () => {
    const refusal = await refusalOf({ migration: '9999-not-yet' });
    expect(fatalCodesOf(refusal)).toEqual(['schema_outdated']);
  });

  test('a caution is logged in the local profile, and refused in production', async () => {
    const settings = { synchronous_commit: 'off' };
    const opened = await boot({ settings, profile: 'local' });
    await opened.close();
    const logged = capture
      .lines()
      .filter((line) => line['message'] === 'boot finding')
      .at(-1);
    expect(logged).toMatchObject({ level: 'warn', finding: { code: 'commits_not_durable', severity: 'caution' } });
    const refusal = await refusalOf({ settings, profile: 'production' });
    expect(refusal.findings.map(({ code }) => code)).toContain('commits_not_durable');
  });

  test('a wrong password is final, and is not repeated', async () => {
    const url = urlOf(database.urlFor('kf_command'), { password: 'hunter2', user: 'kf_nobody' });
    const error: unknown = await boot({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DatabaseUnreachable', code: expect.stringMatching(/^28/) });
    expect(Bun.inspect(error)).not.toContain('hunter2');
  });

  test('a database that comes up late is waited for', async () => {
    const target = new URL(database.adminUrl);
    const sockets: Socket[] = [];
    // Ends the first two connections as a proxy does that is not ready, and passes on the others.
    let arrived = 0;
    const proxy = createServer((inbound) => {
      arrived += 1;
      sockets.push(inbound);
      inbound.on('error', () => undefined);
      if (arrived <= 2) {
        inbound.destroy();
        return;
      }
      const outbound = connect(Number(target.port), target.hostname);
      sockets.push(outbound);
      outbound.on('error', () => undefined);
      inbound.pipe(outbound).pipe(inbound);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = new URL(database.urlFor('kf_command'));
    url.hostname = '127.0.0.1';
    url.port = String(address.port);
    const opened = await boot({ url: url.href });
    expect(arrived).toBeGreaterThan(2);
    await opened.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  test('no log line of all this carries a password', () => {
    expect(capture.lines().length).toBeGreaterThan(10);
    for (const role of runtimeRoles) expect(capture.text()).not.toContain(`test-${role}`);
    expect(capture.text()).not.toContain('hunter2');
  });
});

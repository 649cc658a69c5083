import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { withClient } from '@karmanflow/schema/testing';
import { startTemporaryCluster, type TemporaryCluster } from '../postgres/index.ts';
import { freePort } from '../postgres/port.ts';
import { checkDatabase } from './check-database.ts';
import type { LocalProblem } from './local-problem.ts';
import { provision } from './provision.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

setDefaultTimeout(90_000);
let cluster: TemporaryCluster;
let state: TemporaryState;
beforeAll(async () => {
  cluster = await startTemporaryCluster();
  state = await createTemporaryState();
  await run(cluster.adminUrl, "CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'hidden-word'");
  await run(cluster.adminUrl, "CREATE ROLE guest LOGIN PASSWORD 'hidden-word'");
  for (const name of ['empty', 'foreign_one', 'mine'])
    await run(cluster.adminUrl, `CREATE DATABASE ${name} OWNER owner`);
  await run(urlOf({ database: 'foreign_one' }), 'CREATE TABLE orders (id int)');
});
afterAll(async () => {
  await cluster.dispose();
  await state.remove();
});

function urlOf(part: { database?: string; user?: string; password?: string; port?: number }): string {
  const url = new URL(cluster.adminUrl);
  if (part.database !== undefined) url.pathname = part.database;
  if (part.user !== undefined) url.username = part.user;
  if (part.user !== undefined) url.password = part.password ?? 'hidden-word';
  if (part.port !== undefined) url.port = String(part.port);
  return url.href;
}

const run = (url: string, text: string): Promise<unknown> => withClient(url, (client) => client.query(text));

async function problemWith(url: string): Promise<LocalProblem> {
  const checked = await checkDatabase(url);
  if (checked.ok) throw new Error('the database was accepted');
  const password = URL.canParse(url) ? new URL(url).password : '';
  if (password !== '') expect(JSON.stringify(checked.problem)).not.toContain(password);
  expect(checked.problem.whatToDo).toContain('DATABASE_URL');
  return checked.problem;
}

describe('the database of DATABASE_URL', () => {
  test('may belong to an owner who is no superuser', async () => {
    const url = urlOf({ database: 'mine', user: 'owner' });
    expect(await checkDatabase(url)).toMatchObject({ ok: true, value: { isOurs: false, hasRoles: false } });
    const second = await createTemporaryState();
    try {
      const { migrated } = await provision({ adminUrl: url, secretsDirectory: second.paths.secrets });
      expect(migrated.length).toBeGreaterThan(0);
    } finally {
      await second.remove();
    }
  });

  test('may be empty or ours, and is named without its user and password', async () => {
    const url = urlOf({ database: 'empty' });
    expect(await checkDatabase(url)).toEqual({
      ok: true,
      value: { name: `127.0.0.1:${cluster.port}/empty`, isOurs: false, hasRoles: true },
    });
    await provision({ adminUrl: url, secretsDirectory: state.paths.secrets });
    expect(await checkDatabase(url)).toMatchObject({ value: { isOurs: true } });
    await run(url, 'CREATE TABLE public.beside (id int)');
    expect(await checkDatabase(url)).toMatchObject({ value: { isOurs: true } });
  });

  test('holds nothing of somebody else', async () => {
    const problem = await problemWith(urlOf({ database: 'foreign_one' }));
    expect(problem.code).toBe('database_not_ours');
    expect(problem.message).toContain('/foreign_one) holds 1 tables');
  });

  test('has a user who may make roles and a schema', async () => {
    expect(await problemWith(urlOf({ database: 'postgres', user: 'guest' }))).toMatchObject({ code: 'not_permitted' });
    const problem = await problemWith(urlOf({ database: 'postgres', user: 'owner' }));
    expect(problem.message).toContain('does not own the database');
  });

  test('answers, lets its user in and exists', async () => {
    const refused = await problemWith(urlOf({ user: 'owner', password: 'another-word' }));
    expect(refused.code).toBe('database_login_refused');
    const absent = await problemWith(urlOf({ database: 'nowhere' }));
    expect(absent.message).toContain('/nowhere');
    const silent = await problemWith(urlOf({ port: await freePort() }));
    expect(silent.code).toBe('database_unreachable');
  });

  test.each(['', 'mysql://user:hidden-word@host/data', 'postgres', 'hidden-word'])('%j is no address', async (text) => {
    const problem = await problemWith(text);
    expect(problem.code).toBe('database_url_invalid');
    expect(problem.message).not.toContain('hidden');
  });
});

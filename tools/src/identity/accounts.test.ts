import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAccounts, readAccounts } from './accounts.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kf-accounts-'));
  folders.push(folder);
  return join(folder, 'accounts.json');
}

const issuer = 'http://127.0.0.1:4003';
const ada = { subject: 'ada', displayName: 'Ada' };
const bob = { subject: 'bob', displayName: 'Bob' };

describe('the accounts of a local environment', () => {
  test('are made with passwords that differ, for this user alone', async () => {
    const path = await newPath();
    const { accounts } = await ensureAccounts({ path, issuer, people: [ada, bob] });
    expect(accounts.map(({ subject }) => subject)).toEqual(['ada', 'bob']);
    expect(new Set(accounts.map(({ password }) => password)).size).toBe(2);
    for (const { password } of accounts) expect(password.length).toBeGreaterThan(20);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, '..'))).toEqual(['accounts.json']);
  });

  test('stay what they are, with whoever comes and goes', async () => {
    const path = await newPath();
    const before = await ensureAccounts({ path, issuer, people: [ada] });
    expect(await ensureAccounts({ path, issuer, people: [ada] })).toEqual(before);
    const after = await ensureAccounts({ path, issuer, people: [ada, bob] });
    expect(after.accounts[0]).toEqual(before.accounts[0] ?? expect.unreachable());
    expect(await readAccounts(path)).toEqual(after);
  });

  test('stay those of the provider that they began with', async () => {
    const path = await newPath();
    await ensureAccounts({ path, issuer, people: [ada] });
    const moved = await ensureAccounts({ path, issuer: 'http://127.0.0.1:5003', people: [ada] });
    expect(moved.issuer).toBe(issuer);
  });

  test.each(['', '{"issuer":', '[]', '{"issuer":"x","accounts":[{}]}'])('are none in a file of %j', async (text) => {
    const path = await newPath();
    await writeFile(path, text);
    expect(await readAccounts(path)).toBeNull();
  });

  test('are none where there is no file', async () => {
    expect(await readAccounts(await newPath())).toBeNull();
  });
});

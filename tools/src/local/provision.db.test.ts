import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileSecretStore, loadReceiptKeyring } from '@karmanflow/runtime';
import { type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { migrations } from '@karmanflow/schema/migrations';
import { withClient } from '@karmanflow/schema/testing';
import { startTemporaryCluster, type TemporaryCluster } from '../postgres/index.ts';
import { secretReference } from './local-secrets.ts';
import {
  keyringSecretName,
  logKeySecretName,
  quarantineKeySecretName,
  provision,
  type Provisioned,
  webhookMasterSecretName,
} from './provision.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

setDefaultTimeout(90_000);
// A cluster of our own: roles belong to a whole cluster, and the shared one has tests that know its passwords.
let cluster: TemporaryCluster;
let state: TemporaryState;
beforeAll(async () => {
  cluster = await startTemporaryCluster();
});
afterAll(() => cluster.dispose());

let count = 0;
let adminUrl: string;
beforeEach(async () => {
  state = await createTemporaryState();
  adminUrl = await newDatabase();
});
afterEach(() => state.remove());

async function newDatabase(): Promise<string> {
  const name = `local_${(count += 1)}`;
  await withClient(cluster.adminUrl, (admin) => admin.query(`CREATE DATABASE ${name}`));
  const url = new URL(cluster.adminUrl);
  url.pathname = name;
  return url.href;
}

const provisioned = (url = adminUrl): Promise<Provisioned> =>
  provision({ adminUrl: url, secretsDirectory: state.paths.secrets });

function whoIs(url: string): Promise<unknown[]> {
  return withClient(url, async (client) => (await client.query('select current_user as role')).rows);
}

const keyId = async (): Promise<string> => {
  const store = createFileSecretStore({ directory: state.paths.secrets });
  return (await loadReceiptKeyring(store, secretReference(keyringSecretName))).signer.keyId;
};

describe('provisioning', () => {
  test('makes every role, the schema and the key, once', async () => {
    const first = await provisioned();
    expect(first.migrated).toEqual(migrations.map(({ name }) => name));
    expect(first.migrated.length).toBeGreaterThan(0);
    const key = await keyId();
    expect(runtimeRoles.length).toBeGreaterThan(3);
    for (const role of runtimeRoles) expect(await whoIs(first.urlFor(role))).toEqual([{ role }]);

    const second = await provisioned();
    expect(second.migrated).toEqual([]);
    expect(runtimeRoles.map(second.urlFor)).toEqual(runtimeRoles.map(first.urlFor));
    expect(await keyId()).toBe(key);
    expect(new Set(runtimeRoles.map((role) => new URL(first.urlFor(role)).password)).size).toBe(runtimeRoles.length);
  });

  test('keeps its secrets from other users, as the apps read them', async () => {
    const { urlFor } = await provisioned();
    const { secrets } = state.paths;
    expect((await stat(secrets)).mode & 0o777).toBe(0o700);
    const names = (await readdir(secrets)).toSorted();
    expect(names).toEqual(
      [
        ...runtimeRoles.map((role) => `database-url-${role}`),
        keyringSecretName,
        logKeySecretName,
        quarantineKeySecretName,
        webhookMasterSecretName,
      ].toSorted(),
    );
    for (const name of names) expect((await stat(join(secrets, name))).mode & 0o777).toBe(0o600);
    const written = await readFile(join(secrets, 'database-url-kf_worker'), 'utf8');
    expect(written.trim()).toBe(urlFor('kf_worker'));
  });

  test('goes on after a lost secret and after a change of the address', async () => {
    const first = await provisioned();
    await rm(join(state.paths.secrets, 'database-url-kf_read'));
    const moved = new URL(adminUrl);
    moved.hostname = 'localhost';
    const second = await provisioned(moved.href);
    const passwordOf = (from: Provisioned, role: RuntimeRole): string => new URL(from.urlFor(role)).password;
    expect(passwordOf(second, 'kf_read')).not.toBe(passwordOf(first, 'kf_read'));
    expect(passwordOf(second, 'kf_command')).toBe(passwordOf(first, 'kf_command'));
    expect(new URL(second.urlFor('kf_command')).hostname).toBe('localhost');
    expect(await whoIs(second.urlFor('kf_read'))).toEqual([{ role: 'kf_read' }]);
  });

  test('two at once do not trip over each other', async () => {
    await provisioned();
    const both = await Promise.all([provisioned(), provisioned()]);
    expect(both.map(({ migrated }) => migrated)).toEqual([[], []]);
  });
});

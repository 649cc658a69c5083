import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorld } from '@karmanflow/commands/testing';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';

/** What a process of this app is started with: its variables, and the store that they point to. */
export interface ProcessSettings {
  readonly environmentVariables: Readonly<Record<string, string>>;
  /** Texts that must appear in no output. */
  readonly secrets: readonly string[];
  remove(): Promise<void>;
}

/** Puts the secrets of a process over the database of a test into a store of files. */
export async function createProcessSettings(world: TestWorld): Promise<ProcessSettings> {
  const directory = await mkdtemp(join(tmpdir(), 'kf-console-api-'));
  const store = createFileSecretStore({ directory });
  const keyring = formatReceiptKeyring({
    seed: crypto.getRandomValues(new Uint8Array(32)),
    notBefore: '2020-01-01T00:00:00.000Z',
  });
  const values = {
    'database-url-kf_command': world.testDatabase.urlFor('kf_command'),
    'database-url-kf_read': world.testDatabase.urlFor('kf_read'),
    'receipt-keyring': keyring,
  };
  for (const [name, value] of Object.entries(values)) await store.write(`secrets://${name}`, Buffer.from(value));
  return {
    environmentVariables: {
      KF_PROFILE: 'local',
      KF_PORT: '0',
      KF_METRICS_PORT: '0',
      KF_SECRETS: `file:${directory}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_command',
      KF_READ_DATABASE_URL_REF: 'secrets://database-url-kf_read',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_PUBLIC_URL: 'https://api.example.com',
    },
    secrets: [
      ...Object.values(values),
      (JSON.parse(keyring) as { current: { seed: string } }).current.seed,
      'test-kf_command',
    ],
    remove: () => rm(directory, { recursive: true }),
  };
}

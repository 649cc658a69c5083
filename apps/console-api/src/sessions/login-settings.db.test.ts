import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { BootRefused, createFileSecretStore, createLogger, readConfiguration } from '@karmanflow/runtime';
import { captureLog, waitUntil } from '@karmanflow/runtime/testing';
import { type ConsoleApiConfiguration, configurationShape } from '../configuration.ts';
import { startConsoleApi } from '../start-console-api.ts';
import { createProcessSettings, type ProcessSettings } from '../testing/process-settings.ts';
import { readLoginSettings } from './login-settings.ts';

let world: TestWorld;
let settings: ProcessSettings;
let variables: Record<string, string>;
const sealingKey = randomBytes(32).toString('base64url');
beforeAll(async () => {
  world = await createTestWorld();
  settings = await createProcessSettings(world);
  const store = createFileSecretStore({ directory: storeDirectory() });
  const values = {
    'database-url-kf_login': world.testDatabase.urlFor('kf_login'),
    'oidc-client-secret': 'a secret of the client',
    'session-sealing-key': sealingKey,
    'short-key': 'a2V5',
  };
  for (const [name, value] of Object.entries(values)) await store.write(`secrets://${name}`, Buffer.from(value));
  variables = {
    KF_OIDC_ISSUER: 'http://127.0.0.1:1',
    KF_OIDC_CLIENT_ID: 'console',
    KF_OIDC_CLIENT_SECRET_REF: 'secrets://oidc-client-secret',
    KF_LOGIN_DATABASE_URL_REF: 'secrets://database-url-kf_login',
    KF_SESSION_SEALING_KEY_REF: 'secrets://session-sealing-key',
    KF_PUBLIC_URL: 'http://127.0.0.1:4000',
  };
});
afterAll(async () => {
  await settings.remove();
  await world.close();
});

const storeDirectory = (): string => (settings.environmentVariables['KF_SECRETS'] ?? '').slice('file:'.length);

function configurationOf(changes: Readonly<Record<string, string>>): ConsoleApiConfiguration {
  const read = readConfiguration(configurationShape, { ...settings.environmentVariables, ...variables, ...changes });
  if (!read.ok) throw new Error(read.message);
  return read.configuration;
}

const settingsOf = (changes: Readonly<Record<string, string>> = {}) =>
  readLoginSettings(configurationOf(changes), createFileSecretStore({ directory: storeDirectory() }));

async function refusal(changes: Readonly<Record<string, string>>): Promise<string> {
  const outcome = await settingsOf(changes).catch((error: unknown) => error);
  if (!(outcome instanceof Error)) throw new Error('the settings were accepted');
  return outcome.message;
}

describe('what people need to log in', () => {
  test('is nothing where no provider is named', async () => {
    expect(await settingsOf({ KF_OIDC_ISSUER: '' })).toBeNull();
  });

  test('is all of it where one is', async () => {
    expect((await settingsOf())?.sealingKey).toHaveLength(32);
    for (const name of Object.keys(variables)) {
      if (name === 'KF_OIDC_ISSUER' || name === 'KF_PUBLIC_URL') continue;
      expect(await refusal({ [name]: '' })).toBe(`KF_OIDC_ISSUER is set, so ${name} has to be set as well`);
    }
  });

  test('has TLS outside of the profile local, on both sides', async () => {
    const production = { KF_PROFILE: 'production' };
    expect(await refusal(production)).toContain('KF_OIDC_ISSUER must begin with https:');
    const issuer = { ...production, KF_OIDC_ISSUER: 'https://id.example.com/' };
    expect(await refusal(issuer)).toContain('KF_PUBLIC_URL must begin with https:');
    expect(await settingsOf({ ...issuer, KF_PUBLIC_URL: 'https://console.example.com' })).not.toBeNull();
  });

  test('has a key of the right size, and no refusal repeats it', async () => {
    const message = await refusal({ KF_SESSION_SEALING_KEY_REF: 'secrets://short-key' });
    expect(message).toBe('secrets://short-key is not base64url of 32 bytes');
  });

  test.each([
    'not an address',
    'ftp://id.example.com',
    'https://user:password@id.example.com',
    'https://id.example.com?x',
  ])('has an issuer, which %s is not', (issuer) => {
    expect(() => configurationOf({ KF_OIDC_ISSUER: issuer })).toThrow('KF_OIDC_ISSUER');
  });
});

describe('the process', () => {
  const open = async (): Promise<string[]> => {
    const admin = await world.testDatabase.admin();
    const { rows } = await admin.query(
      "select distinct usename from pg_stat_activity where datname = current_database() and application_name = 'console-api'",
    );
    return rows.map(({ usename }) => String(usename)).toSorted();
  };

  test('starts while the provider is down, with a third role for logins, and closes all of it', async () => {
    const log = captureLog();
    const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
    const running = await startConsoleApi(configurationOf({}), logger);
    const url = `http://127.0.0.1:${running.port}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await open()).toEqual(['kf_command', 'kf_login', 'kf_read']);
    const answer = await fetch(`${url}/login`, { redirect: 'manual' });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'login_unavailable', retryable: true });
    await running.stop();
    await waitUntil({ what: 'every connection to be closed', condition: async () => (await open()).length === 0 });
    for (const secret of [sealingKey, 'a secret of the client']) expect(log.text()).not.toContain(secret);
  });

  test('does not start when the role for logins is another, and leaves nothing open', async () => {
    const logger = createLogger({ app: 'console-api', level: 'info', destination: captureLog().destination });
    const wrong = configurationOf({ KF_LOGIN_DATABASE_URL_REF: 'secrets://database-url-kf_read' });
    expect(await startConsoleApi(wrong, logger).catch((error: unknown) => error)).toBeInstanceOf(BootRefused);
    await waitUntil({ what: 'every connection to be closed', condition: async () => (await open()).length === 0 });
  });
});

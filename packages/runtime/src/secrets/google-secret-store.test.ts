import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { describeError } from '../logging/describe-error.ts';
import {
  type SecretManagerFault,
  type SecretManagerServer,
  startSecretManagerServer,
} from '../testing/secret-manager-server.ts';
import { createGoogleSecretStore } from './google-secret-store.ts';
import { type SecretProblem, type SecretStore, SecretUnavailable } from './secret-store.ts';

const projectId = 'sample-project';
const value = new TextEncoder().encode('hunter2 \u0000 ÿ');

describe('createGoogleSecretStore against a local Secret Manager', () => {
  const credentialsBefore = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  let server: SecretManagerServer;
  let store: SecretStore;
  beforeAll(async () => {
    server = await startSecretManagerServer({ projectId });
    // The application default credentials, as in a deployment that is not on Google's machines.
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
    store = createGoogleSecretStore({ projectId, apiEndpoint: server.origin, deadlineMilliseconds: 20_000 });
    server.addVersion('database-url', new TextEncoder().encode('the first'));
    server.addVersion('database-url', value);
  });
  afterAll(async () => {
    if (credentialsBefore === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentialsBefore;
    await server.stop();
  });

  async function requestsDuring(work: () => Promise<void>): Promise<number> {
    const before = server.requests.length;
    await work();
    return server.requests.length - before;
  }

  async function problemOf(reading: Promise<unknown>): Promise<SecretUnavailable> {
    const error = await reading.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof SecretUnavailable)) throw new Error('expected SecretUnavailable');
    expect(JSON.stringify(describeError(error))).not.toContain('hunter2');
    expect(Bun.inspect(error)).not.toContain('hunter2');
    return error;
  }

  test('reads the latest version and a given one, byte for byte', async () => {
    expect(await store.read('secrets://database-url')).toEqual(value);
    expect(await store.read('secrets://database-url/2')).toEqual(value);
    expect(new TextDecoder().decode(await store.read('secrets://database-url/1'))).toBe('the first');
    expect(server.requests).toContain(`GET /v1/projects/${projectId}/secrets/database-url/versions/latest:access`);
    expect(server.requests).toContain(`GET /v1/projects/${projectId}/secrets/database-url/versions/1:access`);
  });

  const failures: [string, SecretManagerFault[], SecretProblem, number][] = [
    ['a wrong checksum', ['wrong_checksum'], 'value_corrupt', 1],
    ['a missing checksum', ['no_checksum'], 'value_corrupt', 1],
    ['an answer about another secret', ['other_secret'], 'value_corrupt', 1],
    ['403', ['permission_denied'], 'access_denied', 1],
    ['401', ['unauthenticated'], 'access_denied', 1],
    ['a disabled version', ['failed_precondition'], 'access_denied', 1],
    ['503 for ever', ['unavailable', 'unavailable', 'unavailable', 'unavailable'], 'store_unavailable', 4],
    [
      'an error page that quotes the secret',
      ['html_error', 'html_error', 'html_error', 'html_error'],
      'store_unavailable',
      4,
    ],
    ['an answer that is not JSON', ['not_json', 'not_json', 'not_json', 'not_json'], 'store_unavailable', 4],
  ];
  test.each(failures)('%s is refused without a word of the value', async (_what, faults, code, attempts) => {
    const requests = await requestsDuring(async () => {
      server.failNext(...faults);
      expect(await problemOf(store.read('secrets://database-url/2'))).toMatchObject({
        code,
        reference: 'secrets://database-url/2',
      });
    });
    expect(requests).toBe(attempts);
    expect(await store.read('secrets://database-url/2')).toEqual(value);
  });

  test('404 is not tried again', async () => {
    const requests = await requestsDuring(async () => {
      expect(await problemOf(store.read('secrets://unheard-of'))).toMatchObject({ code: 'not_found' });
      expect(await problemOf(store.read('secrets://database-url/99'))).toMatchObject({ code: 'not_found' });
    });
    expect(requests).toBe(2);
  });

  test('503 and 429, then an answer, is an answer', async () => {
    const requests = await requestsDuring(async () => {
      server.failNext('unavailable', 'resource_exhausted');
      expect(await store.read('secrets://database-url')).toEqual(value);
    });
    expect(requests).toBe(3);
  });

  test('silence ends at the deadline', async () => {
    const hasty = createGoogleSecretStore({ projectId, apiEndpoint: server.origin, deadlineMilliseconds: 600 });
    server.failNext('silence', 'silence', 'silence');
    expect(await problemOf(hasty.read('secrets://database-url'))).toMatchObject({ code: 'deadline_exceeded' });
    server.failNext();
  });

  test('one lost request leaves time for another', async () => {
    const patient = createGoogleSecretStore({ projectId, apiEndpoint: server.origin, deadlineMilliseconds: 4_000 });
    server.failNext('silence');
    expect(await patient.read('secrets://database-url')).toEqual(value);
  });

  test('nobody listening is store_unavailable', async () => {
    const nobody = await startSecretManagerServer({ projectId });
    await nobody.stop();
    const lonely = createGoogleSecretStore({ projectId, apiEndpoint: nobody.origin, deadlineMilliseconds: 1_500 });
    expect(await problemOf(lonely.read('secrets://database-url'))).toMatchObject({ code: 'store_unavailable' });
  });

  test('credentials that were not there at first are found later', async () => {
    const early = createGoogleSecretStore({ projectId, apiEndpoint: server.origin, deadlineMilliseconds: 20_000 });
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = `${server.credentialsPath}.not-yet`;
    expect(await problemOf(early.read('secrets://database-url'))).toMatchObject({ code: 'store_unavailable' });
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
    expect(await early.read('secrets://database-url')).toEqual(value);
  });

  test('a reference that is none is refused before anything is sent', async () => {
    const requests = await requestsDuring(async () => {
      expect(await problemOf(store.read('secrets://../hunter2'))).toMatchObject({ code: 'reference_invalid' });
    });
    expect(requests).toBe(0);
  });

  test('an access token is sent over https or to loopback only', () => {
    expect(() => createGoogleSecretStore({ projectId, apiEndpoint: 'http://metadata.example.org' })).toThrow('https');
    expect(createGoogleSecretStore({ projectId, apiEndpoint: 'https://secretmanager.example.org' })).toBeDefined();
  });

  test('the debug log of the library does not get the value', async () => {
    const probe = `
      import { createGoogleSecretStore } from ${JSON.stringify(new URL('google-secret-store.ts', import.meta.url).pathname)};
      const store = createGoogleSecretStore({ projectId: '${projectId}', apiEndpoint: '${server.origin}' });
      const value = await store.read('secrets://database-url');
      console.log('read', value.byteLength);
    `;
    const child = Bun.spawn([process.execPath, '-e', probe], {
      env: { ...process.env, GOOGLE_SDK_NODE_LOGGING: 'all' },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const printed = `${await new Response(child.stdout).text()}${await new Response(child.stderr).text()}`;
    expect(await child.exited).toBe(0);
    expect(printed).toContain(`read ${value.byteLength}`);
    // The log is on, or the test would prove nothing.
    expect(printed).toContain('versions/latest:access');
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain([...value].slice(0, 7).join(','));
    expect(printed).not.toContain(Buffer.from(value).toString('base64'));
  }, 90_000);
});

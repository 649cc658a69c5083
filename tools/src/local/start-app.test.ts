import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { isAlive } from '../postgres/process-table.ts';
import type { LocalProblem } from './local-problem.ts';
import type { RunningApp } from './running-app.ts';
import { type AppOptions, startApp, tryStartApp } from './start-app.ts';
import { type StandInKind, writeStandIn } from './testing/stand-in-app.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

// Far above what a start takes: a loaded machine must not turn into a failed test.
setDefaultTimeout(90_000);
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Made {
  readonly state: TemporaryState;
  readonly options: AppOptions;
}

async function madeUpApp(kind: StandInKind): Promise<Made> {
  const state = await createTemporaryState();
  cleanups.push(state.remove);
  await mkdir(state.paths.secrets, { recursive: true, mode: 0o700 });
  await writeStandIn({ root: state.folder, app: 'ingest', kind });
  return { state, options: { app: 'ingest', root: state.folder, secretsDirectory: state.paths.secrets } };
}

async function started(options: AppOptions): Promise<RunningApp> {
  const app = await startApp(options);
  cleanups.push(app.kill);
  return app;
}

async function refusal(options: AppOptions): Promise<LocalProblem> {
  const outcome = await tryStartApp(options);
  if (outcome.ok) throw new Error('the app started');
  return outcome.problem;
}

describe('starting an app', () => {
  test('gives it its ports, roles and secrets, and nothing of ours besides', async () => {
    const { state, options } = await madeUpApp('serves');
    process.env['DATABASE_URL'] = 'postgresql://somebody:hidden@elsewhere/data';
    cleanups.push(async () => delete process.env['DATABASE_URL']);
    const app = await started({ ...options, environment: { KF_SYNCHRONOUS_COMMIT: 'off' } });
    expect(app.url).toBe(`http://127.0.0.1:${app.port}`);
    expect(await isAlive(app.processId)).toBe(true);
    const seen: unknown = await (await fetch(app.url)).json();
    expect(seen).toMatchObject({
      KF_PROFILE: 'local',
      KF_PORT: String(app.port),
      KF_METRICS_PORT: String(app.metricsPort),
      KF_SECRETS: `file:${state.paths.secrets}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_ingest',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_PUBLIC_URL: app.url,
      KF_SYNCHRONOUS_COMMIT: 'off',
    });
    expect(JSON.stringify(seen)).not.toContain('hidden');
  });

  test('it drains on stop, and its log is for this user alone', async () => {
    const { state, options } = await madeUpApp('serves');
    const app = await started(options);
    await app.stop();
    expect(await app.exited).toBe(0);
    expect(await isAlive(app.processId)).toBe(false);
    const logFile = join(state.paths.logs, 'ingest.log');
    expect(app.logFile).toBe(logFile);
    expect(await readFile(logFile, 'utf8')).toBe('serving\ndraining\n');
    expect((await stat(logFile)).mode & 0o777).toBe(0o600);
    expect(await app.logTail()).toEqual(['serving', 'draining']);

    const again = await started(options);
    expect(await again.logTail()).toEqual(['serving']);
  });

  test('kill does not ask', async () => {
    const { options } = await madeUpApp('ignores_signals');
    const app = await started(options);
    await app.kill();
    expect(await app.exited).toBe(137);
    await app.stop();
  });

  test('one that ends while starting is refused with its last words', async () => {
    const { state, options } = await madeUpApp('fails');
    const problem = await refusal(options);
    expect(problem.code).toBe('app_ended');
    expect(problem.message).toContain('ingest ended with code 3');
    expect(problem.message).toContain('the start failed: no such role');
    expect(problem.whatToDo).toContain(join(state.paths.logs, 'ingest.log'));
    await expect(startApp(options)).rejects.toThrow('no such role');
  });

  test('one that never becomes ready is given up when asked to', async () => {
    const { options } = await madeUpApp('endless');
    const stop = new AbortController();
    const problem = refusal({ ...options, signal: stop.signal });
    stop.abort();
    expect((await problem).code).toBe('interrupted');
  });

  test('one that is not in the checkout is named', async () => {
    const { options } = await madeUpApp('serves');
    const problem = await refusal({ ...options, app: 'worker' });
    expect(problem.code).toBe('app_missing');
    expect(problem.message).toContain(join('apps', 'worker', 'src', 'main.ts'));
  });

  test('a port that was given and is taken is not exchanged for another', async () => {
    const { options } = await madeUpApp('serves');
    const holder = createServer().listen(0, '0.0.0.0');
    await once(holder, 'listening');
    cleanups.push(async () => holder.close());
    const address = holder.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const problem = await refusal({ ...options, port });
    expect(problem.message).toContain('EADDRINUSE');
  });
});

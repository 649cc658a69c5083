import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startTemporaryCluster, type TemporaryCluster } from '../postgres/index.ts';
import { liveServer } from '../postgres/pid-file.ts';
import { isAlive, sendSignal, waitUntil } from '../postgres/process-table.ts';
import { readRunRecord } from './run-record.ts';
import { runReset } from './run-reset.ts';
import { runUp } from './run-up.ts';
import { type StandInKind, writeStandIn } from './testing/stand-in-app.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

// In this process, over a made-up checkout: what goes wrong can be chosen.
setDefaultTimeout(90_000);
let cluster: TemporaryCluster;
let state: TemporaryState;
beforeAll(async () => {
  cluster = await startTemporaryCluster();
});
afterAll(() => cluster.dispose());
beforeEach(async () => {
  state = await createTemporaryState();
});
afterEach(() => state.remove());

interface Running {
  readonly exitCode: Promise<number>;
  readonly stop: AbortController;
  readonly force: AbortController;
  output(): string;
  /** Waits until the output has `text`, or until the end. */
  says(text: string): Promise<void>;
}

function startUp(variables: Readonly<Record<string, string>> = {}): Running {
  const stop = new AbortController();
  const force = new AbortController();
  let output = '';
  let hasEnded = false;
  const exitCode = runUp({
    root: state.folder,
    environment: { ...state.variables, ...variables },
    output: { isTerminal: false, write: (text) => void (output += text) },
    stop: stop.signal,
    force: force.signal,
  }).finally(() => {
    hasEnded = true;
  });
  return {
    exitCode,
    stop,
    force,
    output: () => output,
    says: async (text) => {
      await waitUntil(() => hasEnded || output.includes(text), 30);
      expect(output).toContain(text);
    },
  };
}

const onCluster = (): Record<string, string> => ({ DATABASE_URL: cluster.adminUrl });
const standIn = (app: 'ingest' | 'worker', kind: StandInKind): Promise<void> =>
  writeStandIn({ root: state.folder, app, kind });

async function appProcess(app: 'ingest' | 'worker'): Promise<number> {
  const record = await readRunRecord(state.paths.run);
  return record?.apps.find((one) => one.app === app)?.process.processId ?? 0;
}

describe('what goes wrong while it runs', () => {
  test('an app that dies is named with its last words, and the rest is stopped', async () => {
    await standIn('ingest', 'serves');
    await standIn('worker', 'serves');
    const up = startUp(onCluster());
    await up.says('Ready after');
    expect(up.output()).toContain(`127.0.0.1:${cluster.port}/postgres, from DATABASE_URL`);
    expect(up.output()).not.toContain(new URL(cluster.adminUrl).password);
    const worker = await appProcess('worker');
    sendSignal(await appProcess('ingest'), 'SIGKILL');
    expect(await up.exitCode).toBe(1);
    expect(up.output()).toContain('✗ ingest ended with code 137. Its last lines:\nserving\n');
    expect(await isAlive(worker)).toBe(false);
    expect(await readRunRecord(state.paths.run)).toBeNull();
  });

  test('a Postgres that dies ends everything, and the next start goes on with its data', async () => {
    const up = startUp();
    await up.says('Ready after');
    const server = await liveServer(state.paths.postgres);
    sendSignal(server?.processId ?? 0, 'SIGKILL');
    expect(await up.exitCode).toBe(1);
    expect(up.output()).toContain('✗ Postgres was killed by a signal.');

    const again = startUp();
    await again.says('Ready after');
    expect(again.output()).toContain('with the data of the last run');
    again.stop.abort();
    expect(await again.exitCode).toBe(0);
    expect(await liveServer(state.paths.postgres)).toBeNull();
  });

  test('a second request to stop does not wait', async () => {
    await standIn('worker', 'ignores_signals');
    const up = startUp(onCluster());
    await up.says('Ready after');
    const worker = await appProcess('worker');
    up.stop.abort();
    up.force.abort();
    expect(await up.exitCode).toBe(130);
    expect(await isAlive(worker)).toBe(false);
  });

  test('a request to stop during the start ends it without an error', async () => {
    await standIn('worker', 'endless');
    const up = startUp(onCluster());
    await up.says('demo data');
    up.stop.abort();
    expect(await up.exitCode).toBe(0);
    expect(up.output()).not.toContain('✗');
    expect(await readRunRecord(state.paths.run)).toBeNull();
  });
});

describe('what keeps it from starting', () => {
  async function refusal(variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const up = startUp(variables);
    expect(await up.exitCode).toBe(1);
    expect(up.output()).not.toMatch(/\n {4}at /);
    expect(await readRunRecord(state.paths.run)).toBeNull();
    return up.output();
  }

  test('a port that is taken, with the variable that moves it, before anything is made', async () => {
    await standIn('worker', 'serves');
    const holder = createServer().listen(Number(state.variables['KF_WORKER_METRICS_PORT']), '127.0.0.1');
    await once(holder, 'listening');
    try {
      const output = await refusal();
      expect(output).toContain(`Port ${state.variables['KF_WORKER_METRICS_PORT']} of 127.0.0.1 is in use`);
      expect(output).toContain('set KF_WORKER_METRICS_PORT to a free port');
      expect(await readdir(state.paths.directory)).toEqual(['logs']);
    } finally {
      holder.close();
    }
  });

  test('a setting that is none', async () => {
    expect(await refusal({ KF_POSTGRES_PORT: 'five' })).toContain('KF_POSTGRES_PORT is not a port.');
  });

  test('a half-made data folder, which a reset removes', async () => {
    const { paths } = state;
    await mkdir(join(paths.postgres, 'base'), { recursive: true });
    await chmod(state.folder, 0o711);
    const output = await refusal();
    expect(output).toContain(`${paths.postgres} is not a whole database`);
    expect(output).toContain('bun run reset');
    const reset = await runReset({ paths, mayStop: false });
    expect(reset).toMatchObject({ ok: true, value: { removed: expect.arrayContaining([paths.postgres]) } });
  });

  test('secrets that others may read', async () => {
    await mkdir(state.paths.secrets, { recursive: true });
    await chmod(state.paths.secrets, 0o755);
    const output = await refusal(onCluster());
    expect(output).toContain(`chmod -R go= ${state.paths.secrets}`);
  });

  test('an app that does not start, with its last words, without waiting for the others', async () => {
    await standIn('ingest', 'endless');
    await standIn('worker', 'fails');
    const output = await refusal(onCluster());
    expect(output).toContain('worker ended with code 3 while starting');
    expect(output).toContain('no such role');
    expect(output).not.toContain('not ready');
  });

  test('a database that is not there', async () => {
    const output = await refusal({ DATABASE_URL: 'postgresql://user:hidden@127.0.0.1:1/data' });
    expect(output).toContain('No Postgres answers at DATABASE_URL (127.0.0.1:1/data)');
    expect(output).not.toContain('hidden');
  });

  test('a reset leaves alone what is not ours', async () => {
    const { paths } = state;
    await mkdir(paths.secrets, { recursive: true });
    await writeFile(join(paths.directory, 'notes.txt'), 'mine');
    const reset = await runReset({ paths, mayStop: false });
    expect(reset).toMatchObject({ ok: true, value: { removed: [paths.secrets], kept: ['notes.txt'] } });
    expect(await readdir(paths.directory)).toEqual(['notes.txt']);
  });
});

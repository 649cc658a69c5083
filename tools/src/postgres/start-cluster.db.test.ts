import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  type Cluster,
  type ClusterOptions,
  type ClusterProblem,
  backendProcessIds,
  continueBackend,
  startCluster,
  startTemporaryCluster,
  stopBackend,
} from './index.ts';
import { descendants, isAlive, runningProcess } from './process-table.ts';

const password = 'a "password" with / and @';
const isRoot = process.getuid?.() === 0;
// Far above the second that a start takes: a loaded machine must not turn into a failed test.
setDefaultTimeout(90_000);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-test-'));
  await chmod(folder, 0o711);
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function started(options: Partial<ClusterOptions> & { dataDirectory: string }): Promise<Cluster> {
  const outcome = await startCluster({ port: 'free', password, ...options });
  if (!outcome.ok) throw new Error(`${outcome.problem.code}: ${outcome.problem.message}`);
  cleanups.push(() => outcome.value.stop('immediate'));
  return outcome.value;
}

async function refusal(options: Partial<ClusterOptions> & { dataDirectory: string }): Promise<ClusterProblem> {
  const outcome = await startCluster({ port: 'free', password, ...options });
  if (!outcome.ok) return outcome.problem;
  await outcome.value.stop('immediate');
  throw new Error('the cluster started');
}

async function query(cluster: { adminUrl: string }, text: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: cluster.adminUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

test('makes a cluster once, guards it by password, finds its data again, and ends with its stop', async () => {
  const dataDirectory = join(await newFolder(), 'parent', 'data');
  const first = await started({ dataDirectory });
  expect(first.created).toBe(true);
  expect((await readdir(join(dataDirectory, '..'))).toSorted()).toEqual(['data', 'data.log']);
  const settings = "'data_checksums', 'fsync', 'listen_addresses', 'unix_socket_directories', 'server_encoding', 'jit'";
  expect(await query(first, `select name, setting from pg_settings where name in (${settings}) order by name`)).toEqual(
    [
      ['data_checksums', 'on'],
      ['fsync', 'on'],
      ['jit', 'off'],
      ['listen_addresses', '127.0.0.1'],
      ['server_encoding', 'UTF8'],
      ['unix_socket_directories', ''],
    ],
  );
  expect(await query(first, 'select distinct auth_method from pg_hba_file_rules')).toEqual([['scram-sha-256']]);
  const stranger = { adminUrl: `postgresql://postgres:guess@127.0.0.1:${first.port}/postgres` };
  await expect(query(stranger, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  await query(first, 'create table kept as select 7 as number');

  const second = await refusal({ dataDirectory });
  expect(second).toMatchObject({ code: 'already_running', processId: first.processId });

  await first.stop();
  expect(await first.exited).toEqual({ code: 0 });
  expect(await isAlive(first.processId)).toBe(false);
  expect(await refusal({ dataDirectory, password: 'another' })).toMatchObject({ code: 'password_rejected' });

  const again = await started({ dataDirectory, settings: { jit: 'on' } });
  expect(again.created).toBe(false);
  expect(await query(again, 'select number, current_setting($$jit$$) from kept')).toEqual([[7, 'on']]);
});

test('two first starts at once make one cluster', async () => {
  const dataDirectory = join(await newFolder(), 'data');
  const outcomes = await Promise.all([1, 2].map(() => startCluster({ dataDirectory, port: 'free', password })));
  const winner = outcomes.find((outcome) => outcome.ok);
  cleanups.push(async () => winner?.value.stop('immediate'));
  const loser = outcomes.find((outcome) => !outcome.ok);
  expect(loser?.problem).toMatchObject({ code: 'already_running', processId: winner?.value.processId });
  expect((await readdir(join(dataDirectory, '..'))).toSorted()).toEqual(['data', 'data.log']);
});

test('refuses a port that another program holds, before it makes any data', async () => {
  const folder = await newFolder();
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  cleanups.push(async () => holder.close());
  const address = holder.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const problem = await refusal({ dataDirectory: join(folder, 'data'), port });
  expect(problem.code).toBe('port_in_use');
  expect(problem.message).toContain(String(port));
  expect(problem.whatToDo).toContain('KF_POSTGRES_PORT');
  expect(await readdir(folder)).toEqual([]);
});

test('leaves a half-made or foreign directory as it is, and says what to do', async () => {
  const dataDirectory = join(await newFolder(), 'data');
  await mkdir(dataDirectory);
  await writeFile(join(dataDirectory, 'postgresql.conf'), '');
  const incomplete = await refusal({ dataDirectory });
  expect(incomplete.code).toBe('data_directory_incomplete');
  expect(incomplete.whatToDo).toContain('bun run reset');
  await writeFile(join(dataDirectory, 'PG_VERSION'), '9\n');
  const foreign = await refusal({ dataDirectory });
  expect(foreign.code).toBe('data_directory_version');
  const own = /the embedded one is (\d+)/.exec(foreign.message)?.[1];
  await writeFile(join(dataDirectory, 'PG_VERSION'), `${own}\n`);
  expect((await refusal({ dataDirectory })).code).toBe('data_directory_incomplete');
  expect((await readdir(dataDirectory)).toSorted()).toEqual(['PG_VERSION', 'postgresql.conf']);
});

test('removes what a crashed creation left beside the directory, and names the log lines of a failed start', async () => {
  const dataDirectory = join(await newFolder(), 'data');
  // No process can have this id: it is above the largest that Linux and macOS give out.
  await mkdir(join(`${dataDirectory}.partial`, '4194305-1', 'data'), { recursive: true });
  await writeFile(join(`${dataDirectory}.partial`, 'anything'), 'half');
  const problem = await refusal({ dataDirectory, settings: { no_such_setting: '1' } });
  expect(problem.code).toBe('start_failed');
  expect(problem.message).toContain('unrecognized configuration parameter "no_such_setting"');
  expect((await readdir(join(dataDirectory, '..'))).toSorted()).toEqual(['data', 'data.log']);
  expect((await started({ dataDirectory })).created).toBe(false);
});

test('kill leaves no process, and the next start recovers what was committed', async () => {
  const dataDirectory = join(await newFolder(), 'data');
  const cluster = await started({ dataDirectory });
  await query(cluster, 'create table kept as select generate_series(1, 1000) as number');
  const family = await descendants(cluster.processId);
  expect(family.length).toBeGreaterThan(3);
  await cluster.kill();
  expect(await cluster.exited).toEqual({ code: null });
  for (const member of family) expect(await isAlive(member.processId)).toBe(false);
  const restarted = await started({ dataDirectory });
  expect(await query(restarted, 'select count(*)::int from kept')).toEqual([[1000]]);
  expect(await readFile(restarted.logFile, 'utf8')).toContain('was not properly shut down');
});

test('a temporary cluster is fast, its backends can be frozen, and it leaves nothing', async () => {
  const cluster = await startTemporaryCluster({ settings: { max_connections: '20' } });
  cleanups.push(() => cluster.dispose());
  expect(await query(cluster, 'select current_setting($$fsync$$), current_setting($$max_connections$$)')).toEqual([
    ['off', '20'],
  ]);
  const client = new pg.Client({ connectionString: cluster.adminUrl });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ id: number }>('select pg_backend_pid() as id');
  const backend = rows[0]?.id ?? 0;
  expect(await backendProcessIds(cluster)).toContain(backend);

  await stopBackend(backend);
  let hasAnswered = false;
  const answer = client.query('select 1').then(() => (hasAnswered = true));
  // A second connection's round trip shows that the server as a whole goes on while this backend does not.
  await query(cluster, 'select 1');
  expect(hasAnswered).toBe(false);
  expect((await runningProcess(backend))?.state).toBe('stopped');
  await continueBackend(backend);
  expect(await answer).toBe(true);
  await expect(stopBackend(process.pid)).rejects.toThrow('no Postgres backend');

  await stopBackend(backend);
  const disconnected = Promise.withResolvers<void>();
  client.once('end', disconnected.resolve);
  await cluster.dispose();
  await disconnected.promise;
  expect(await isAlive(backend)).toBe(false);
  await expect(readdir(join(cluster.logFile, '..'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.skipIf(!isRoot)('names the folder that keeps the server account out when root starts it', async () => {
  const folder = await newFolder();
  await chmod(folder, 0o700);
  const problem = await refusal({ dataDirectory: join(folder, 'data') });
  expect(problem.code).toBe('path_not_accessible');
  expect(problem.whatToDo).toContain(`chmod a+x ${folder}`);
});

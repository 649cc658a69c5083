import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, stopOrphan } from './index.ts';
import { descendants, isAlive, sendSignal, waitUntil } from './process-table.ts';

const entryPoint = join(import.meta.dir, 'index.ts');
const password = 'orphan';
// Far above the second that a start takes: a loaded machine must not turn into a failed test.
setDefaultTimeout(90_000);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs `program` in another Bun process, which prints one line of JSON about its cluster and then waits. */
async function ownerProcess(program: string): Promise<{ owner: Bun.Subprocess; line: string }> {
  const owner = Bun.spawn(
    [process.execPath, '-e', `import * as postgres from ${JSON.stringify(entryPoint)};${program}`],
    {
      stdout: 'pipe',
      stderr: 'inherit',
    },
  );
  cleanups.push(async () => owner.kill('SIGKILL'));
  let line = '';
  for await (const chunk of owner.stdout) {
    line += new TextDecoder().decode(chunk);
    if (line.includes('\n')) break;
  }
  return { owner, line };
}

test('stops the server of a killed owner, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-test-'));
  await chmod(folder, 0o711);
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const dataDirectory = join(folder, 'data');
  cleanups.push(() => stopOrphan(dataDirectory));
  expect(await stopOrphan(dataDirectory)).toEqual({ ok: true, value: { processId: null } });

  const options = JSON.stringify({ dataDirectory, password, port: 'free' });
  const { owner, line } = await ownerProcess(
    `const started = await postgres.startCluster(${options}); console.log(started.value.processId);`,
  );
  const processId = Number(line);
  expect(await isAlive(processId)).toBe(true);
  // The watch would end the server too: without it, as after a restart of the whole session, an orphan remains.
  const watch = (await descendants(owner.pid)).find((child) => child.command.includes('karmanflow-parent-watch'));
  expect(watch?.command).toContain(String(processId));
  sendSignal(watch?.processId ?? 0, 'SIGKILL');
  owner.kill('SIGKILL');
  await owner.exited;

  const blocked = await startCluster({ dataDirectory, password, port: 'free' });
  expect(blocked).toMatchObject({ ok: false, problem: { code: 'already_running', processId } });
  expect(await stopOrphan(dataDirectory)).toEqual({ ok: true, value: { processId } });
  expect(await isAlive(processId)).toBe(false);

  // A pid file whose id another program has by now: that program must live.
  await writeFile(join(dataDirectory, 'postmaster.pid'), `${process.pid}\n`);
  expect(await stopOrphan(dataDirectory)).toEqual({ ok: true, value: { processId: null } });
});

test('a server ends, and a temporary one disappears, with the owner that is killed', async () => {
  const { owner, line } = await ownerProcess(
    'const cluster = await postgres.startTemporaryCluster(); console.log(JSON.stringify(cluster));',
  );
  const cluster: { processId: number; logFile: string } = JSON.parse(line);
  expect(await isAlive(cluster.processId)).toBe(true);
  owner.kill('SIGKILL');
  expect(await waitUntil(async () => !(await isAlive(cluster.processId)), 10)).toBe(true);
  const isRemoved = (): Promise<boolean> =>
    readdir(join(cluster.logFile, '..')).then(
      () => false,
      () => true,
    );
  expect(await waitUntil(isRemoved, 10)).toBe(true);
});

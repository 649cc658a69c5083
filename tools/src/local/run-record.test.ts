import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { valueOf } from './local-problem.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import { claimRun, readRunRecord, type RecordedApp, type RunRecord } from './run-record.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

setDefaultTimeout(90_000);
let state: TemporaryState;
let path: string;
beforeEach(async () => {
  state = await createTemporaryState();
  path = state.paths.run;
  await mkdir(state.paths.directory);
});
afterEach(() => state.remove());

async function identityOfThisProcess(): Promise<RunRecord['up']> {
  const identity = await processIdentity(process.pid);
  if (identity === null) throw new Error('this process does not see itself');
  return identity;
}

/** A process that has run and is gone. */
async function formerProcess(): Promise<RunRecord['up']> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const exited = once(child, 'exit');
  const identity = await processIdentity(child.pid ?? 0);
  if (identity === null) throw new Error('the child was not seen');
  expect(await isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  await exited;
  return identity;
}

describe('the claim on a state directory', () => {
  test('names this process and its apps until it is released', async () => {
    const claim = valueOf(await claimRun(path));
    expect(claim.leftBehind).toBeNull();
    const up = await identityOfThisProcess();
    expect(await readRunRecord(path)).toEqual({ format: 1, up, apps: [] });
    const app: RecordedApp = {
      app: 'worker',
      url: 'http://127.0.0.1:1',
      metricsUrl: 'http://127.0.0.1:2',
      process: up,
    };
    await claim.record([app]);
    expect(await readRunRecord(path)).toEqual({ format: 1, up, apps: [app] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await claim.release();
    expect(await readdir(state.paths.directory)).toEqual([]);
  });

  test('is refused while its owner lives, also of two at the same time', async () => {
    const outcomes = await Promise.all([claimRun(path), claimRun(path)]);
    expect(outcomes.filter((outcome) => outcome.ok).length).toBe(1);
    const refusal = outcomes.find((outcome) => !outcome.ok);
    expect(refusal?.problem.code).toBe('up_running');
    expect(refusal?.problem.message).toContain(`process ${process.pid}`);
    expect(refusal?.problem.whatToDo).toContain('bun run down');
    expect(await readdir(state.paths.directory)).toEqual(['run.json']);
  });

  test('passes on from a process that died, also when its id is in use again', async () => {
    const dead = await formerProcess();
    const reused = { ...(await identityOfThisProcess()), startMark: 'at another time' };
    for (const up of [dead, reused]) {
      const left: RunRecord = { format: 1, up, apps: [] };
      await writeFile(path, JSON.stringify(left));
      const claim = valueOf(await claimRun(path));
      expect(claim.leftBehind).toEqual(left);
      await claim.release();
    }
  });

  test('passes over a record that is not whole', async () => {
    await writeFile(path, '{"format":1,"up":{"proc');
    expect(await readRunRecord(path)).toBeNull();
    const claim = valueOf(await claimRun(path));
    expect(claim.leftBehind).toBeNull();
  });
});

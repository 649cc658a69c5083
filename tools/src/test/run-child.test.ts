import { expect, test } from 'bun:test';
import { tmpdir } from 'node:os';

import { isAlive, pollIntervalMilliseconds } from '../postgres/process-table.ts';
import { runChild } from './run-child.ts';
import type { ChildOptions } from './run-child.ts';

function script(text: string, options: Partial<ChildOptions> = {}): ChildOptions {
  return {
    command: [process.execPath, '-e', text],
    directory: tmpdir(),
    env: process.env,
    deadlineSeconds: 60,
    signal: new AbortController().signal,
    ...options,
  };
}

const FOREVER = 'setInterval(() => {}, 1000);';

test('the exit code and both streams come back', async () => {
  const result = await runChild(script("console.log('out'); console.error('err'); process.exit(3);"));
  expect(result.exitCode).toBe(3);
  expect(result.output).toContain('out\n');
  expect(result.output).toContain('err\n');
});

test('a program that does not exist is a result', async () => {
  const result = await runChild(script('', { command: ['karmanflow-no-such-program'] }));
  expect(result.exitCode).toBe(1);
  expect(result.output).toContain('could not run');
});

test('a program past its deadline is ended, and the output says so', async () => {
  const result = await runChild(script(FOREVER, { deadlineSeconds: 0.2 }));
  expect(result.exitCode).toBe(1);
  expect(result.output).toContain('deadline');
});

test('a program ends when the run is stopped', async () => {
  const stopping = new AbortController();
  const running = runChild(script(FOREVER, { signal: stopping.signal }));
  stopping.abort();
  expect(await running).toMatchObject({ exitCode: 1 });
  expect(await runChild(script('', { signal: stopping.signal }))).toMatchObject({ exitCode: 1 });
});

test('what the program left running ends with it', async () => {
  const left = `const child = Bun.spawn([process.execPath, '-e', '${FOREVER}'], { stdout: 'inherit' });
    child.unref(); console.log(child.pid); process.exit(0);`;
  const result = await runChild(script(left));
  const pid = Number(result.output.trim());
  expect(pid).toBeGreaterThan(0);
  expect(await isGone(pid)).toBe(true);
});

// The kernel may take a moment to end it; asking again is the condition, the deadline of the test is the bound.
async function isGone(pid: number): Promise<boolean> {
  while (await isAlive(pid)) await Bun.sleep(pollIntervalMilliseconds);
  return true;
}

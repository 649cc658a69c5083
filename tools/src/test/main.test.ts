import { expect, test } from 'bun:test';
import { join } from 'node:path';

import { repositoryRoot } from '../tidy/tree.ts';
import { runChild } from './run-child.ts';
import type { ChildResult } from './run-child.ts';

function drive(...args: readonly string[]): Promise<ChildResult> {
  return runChild({
    command: [process.execPath, join(import.meta.dir, 'main.ts'), ...args],
    directory: repositoryRoot(),
    env: process.env,
    deadlineSeconds: 60,
    signal: new AbortController().signal,
  });
}

test('a passing run ends with its counts and nothing else', async () => {
  const result = await drive('unit', '--', 'tools/src/test/run-arguments.test.ts');
  expect(result.output).toMatch(/^== unit\n {3}ok: 4 passed, 0 failed in [\d.]+ s\n4 passed, 0 failed\n$/);
  expect(result.exitCode).toBe(0);
});

test('an unknown stage and an empty selection fail', async () => {
  const unknown = await drive('untis');
  expect(unknown.exitCode).toBe(1);
  expect(unknown.output).toEndWith('\n0 passed, 1 failed\n');
  const empty = await drive('unit', '--', 'no/such/path');
  expect(empty.exitCode).toBe(1);
  expect(empty.output).toEndWith('\n0 passed, 1 failed\n');
});

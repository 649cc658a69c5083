import { expect, test } from 'bun:test';

import { runtimeProblem } from './runtime-version.ts';

const pinned = { packageManager: 'bun@1.4.5', nodeVersion: '26.3.0' };

test('the pinned version is accepted', () => {
  expect(runtimeProblem({ ...pinned, bunVersion: '1.4.5' })).toBeUndefined();
});

test('another Bun, and Node, are told what to run instead', () => {
  expect(runtimeProblem({ ...pinned, bunVersion: '1.4.4' })).toBe(
    'this is Bun 1.4.4, and the repository runs on Bun 1.4.5: npx -y bun@1.4.5 run test',
  );
  expect(runtimeProblem({ ...pinned, bunVersion: undefined })).toContain('this is Node 26.3.0');
});

test('a pin that is missing or not exact is a problem of its own', () => {
  expect(runtimeProblem({ ...pinned, packageManager: undefined, bunVersion: '1.4.5' })).toContain('packageManager');
  expect(runtimeProblem({ ...pinned, packageManager: 'bun@^1.4.5', bunVersion: '1.4.5' })).toContain('packageManager');
});

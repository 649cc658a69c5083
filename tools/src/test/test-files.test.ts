import { expect, test } from 'bun:test';

import { listTree, repositoryRoot } from '../tidy/tree.ts';
import { dealFiles, selectTestFiles, suiteOf } from './test-files.ts';

test('each kind of test file has its suite', () => {
  expect(suiteOf('packages/policy/src/risk.test.ts')).toBe('unit');
  expect(suiteOf('packages/schema/src/roles.db.test.ts')).toBe('db');
  expect(suiteOf('tools/src/tidy/tidy.test.ts')).toBe('tidy');
  expect(suiteOf('conformance/src/tenancy.db.test.ts')).toBe('conformance');
  expect(suiteOf('packages/policy/src/risk.ts')).toBeUndefined();
});

test('every test file of the repository belongs to a suite, and to one only', () => {
  const paths = listTree(repositoryRoot());
  const selected = (['tidy', 'unit', 'db', 'conformance'] as const).flatMap((suite) =>
    selectTestFiles({ paths, suite, filters: [] }),
  );
  const all = paths.filter((path) => path.endsWith('.test.ts'));
  expect(all.length).toBeGreaterThan(0);
  expect(selected.toSorted()).toEqual(all);
});

test('a filter is a part of a path, and one match is enough', () => {
  const paths = ['packages/policy/src/a.test.ts', 'packages/events/src/b.test.ts', 'packages/schema/src/c.test.ts'];
  const selected = selectTestFiles({ paths, suite: 'unit', filters: ['policy', 'src/b'] });
  expect(selected).toEqual(['packages/policy/src/a.test.ts', 'packages/events/src/b.test.ts']);
});

test('every file is dealt to one process, as evenly as can be, and none is left empty', () => {
  const files = ['a', 'b', 'c', 'd', 'e'];
  expect(dealFiles(files, 2)).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd'],
  ]);
  for (const processes of [1, 2, 3, 5, 9]) {
    const dealt = dealFiles(files, processes);
    expect(dealt.flat().toSorted()).toEqual(files);
    expect(dealt).toHaveLength(Math.min(processes, files.length));
    expect(dealt.every((one) => one.length > 0)).toBe(true);
  }
});

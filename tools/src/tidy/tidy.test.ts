import { describe, expect, test } from 'bun:test';

import { allChecks } from './all-checks.ts';
import { renderFindings } from './tidy-check.ts';
import { listTree, readTree, repositoryRoot } from './tree.ts';
import { examplesByCheck, VIOLATIONS_PATH } from './violations.ts';

const files = readTree(repositoryRoot()).filter((file) => file.path !== VIOLATIONS_PATH);

test('the scan sees the repository', () => {
  const paths = files.map((file) => file.path);
  expect(paths).toContain('package.json');
  expect(paths).toContain('tools/src/tidy/tidy.test.ts');
  expect(paths.filter((path) => path.includes('node_modules/'))).toEqual([]);
});

test('every check file is in the list, and every check has examples', () => {
  const checkFiles = listTree(repositoryRoot())
    .map((path) => /^tools\/src\/tidy\/checks\/(.+)\.ts$/.exec(path)?.[1])
    .filter((name) => name !== undefined);
  const names = allChecks.map((check) => check.name);
  expect(names.toSorted()).toEqual(checkFiles.toSorted());
  expect(Object.keys(examplesByCheck).toSorted()).toEqual(names.toSorted());
});

for (const check of allChecks) {
  describe(check.name, () => {
    const examples = examplesByCheck[check.name] ?? { broken: [], harmless: [] };

    test('has something to find', () => {
      expect(examples.broken.length).toBeGreaterThan(0);
      expect(examples.harmless.length).toBeGreaterThan(0);
    });

    for (const example of examples.broken) {
      test(`finds: ${example.label}`, () => {
        expect(check.find(example.files)).not.toEqual([]);
      });
    }

    for (const example of examples.harmless) {
      test(`leaves alone: ${example.label}`, () => {
        expect(renderFindings(check.find(example.files))).toBe('');
      });
    }

    test('sees files of the repository', () => {
      expect(files.filter((file) => check.concerns(file.path)).length).toBeGreaterThan(0);
    });

    test('finds nothing in the repository', () => {
      expect(renderFindings(check.find(files))).toBe('');
    });
  });
}

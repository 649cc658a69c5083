import { expect, test } from 'bun:test';
import { prove } from '../testing/prove.ts';
import { tierBoundaryChecks } from './index.ts';
import { readImports } from './import-edges.ts';
import { ownRoot, readRepository, runningSources } from './repository.ts';

const own = readRepository(ownRoot);

prove(tierBoundaryChecks, (_asked, work) => work({ files: new Map(own.files) }));

test('sources of packages, apps and tools are read, and tests are not', () => {
  const paths = runningSources(own).map(([path]) => path);
  for (const folder of ['packages/', 'apps/', 'tools/', 'conformance/']) {
    expect(paths.filter((path) => path.startsWith(folder)).length).toBeGreaterThan(20);
  }
  expect(paths.filter((path) => path.endsWith('.test.ts'))).toEqual([]);
  expect(paths).toContain('packages/schema/src/migrations/0001-initial.sql');
});

test('every way to name a module counts', () => {
  const names = ['schema', 'commands', 'events', 'policy'].map((name) => `@karmanflow/${name}`);
  const [one, two, three, four] = names;
  const text = [
    `import type { A } from '${one}';`,
    `export * from "${two}";`,
    `type B = import('${three}').B;`,
    `import '${four}';`,
  ].join('\n');
  const path = 'packages/receipts/src/names.ts';
  const { edges } = readImports({ files: new Map(own.files).set(path, text) });
  const found = edges.filter((edge) => edge.path === path).map(({ specifier }) => specifier);
  expect(found.toSorted()).toEqual(names.toSorted());
});

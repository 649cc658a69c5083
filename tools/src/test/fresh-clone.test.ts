import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { repositoryRoot } from '../tidy/tree.ts';

/** The modules that loading a file loads, and the packages among them. Types are erased before anything is loaded. */
function moduleGraph(entry: string): { readonly files: Set<string>; readonly packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [entry];
  const transpiler = new Bun.Transpiler({ loader: 'ts' });
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const imported of transpiler.scanImports(readFileSync(path, 'utf8'))) {
      if (imported.path.startsWith('.')) waiting.push(resolve(dirname(path), imported.path));
      else if (!/^(?:node|bun):/.test(imported.path)) packages.add(imported.path);
    }
  }
  return { files, packages };
}

test('the driver loads nothing that a fresh clone does not have', () => {
  const graph = moduleGraph(join(repositoryRoot(), 'tools/src/test/main.ts'));
  expect(graph.files.size).toBeGreaterThan(10);
  expect([...graph.packages]).toEqual([]);
});

test('the scan would see a package', () => {
  const graph = moduleGraph(join(repositoryRoot(), 'tools/src/test/cluster-process.ts'));
  expect(graph.packages.size).toBeGreaterThan(0);
});

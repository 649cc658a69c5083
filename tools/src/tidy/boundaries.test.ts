import { expect, test } from 'bun:test';

import { runTool, turboBoundaries } from './root-tool.ts';
import { makeScratchTree, writeInto } from './scratch-tree.ts';
import type { SourceFile } from './tidy-check.ts';
import { readTree, repositoryRoot } from './tree.ts';

const tree = readTree(repositoryRoot());

/** Edges that the tiers forbid: between equals, upwards, and into what nothing may depend on. */
const FORBIDDEN_EDGES = [
  { from: 'packages/schema', to: '@karmanflow/policy' },
  { from: 'packages/policy', to: '@karmanflow/receipts' },
  { from: 'packages/receipts', to: '@karmanflow/events' },
  { from: 'packages/events', to: '@karmanflow/policy' },
  { from: 'packages/events', to: '@karmanflow/commands' },
  { from: 'packages/webhooks', to: '@karmanflow/commands' },
  { from: 'packages/webhooks', to: '@karmanflow/policy' },
  { from: 'packages/commands', to: '@karmanflow/webhooks' },
  { from: 'packages/commands', to: '@karmanflow/runtime' },
  { from: 'packages/agents', to: '@karmanflow/runtime' },
  { from: 'packages/runtime', to: '@karmanflow/agents' },
  { from: 'packages/runtime', to: '@karmanflow/worker' },
  { from: 'apps/worker', to: '@karmanflow/ingest' },
  { from: 'apps/worker', to: '@karmanflow/tools' },
  { from: 'apps/console-api', to: '@karmanflow/conformance' },
  { from: 'tools', to: '@karmanflow/conformance' },
  { from: 'conformance', to: '@karmanflow/tools' },
] as const;

function boundaries(directory: string): { readonly exitCode: number; readonly output: string } {
  return runTool({ tool: turboBoundaries(), directory });
}

/** The tree with one more file, and one more dependency where the import is to be declared. */
function withImport(input: { readonly from: string; readonly to: string; readonly isDeclared: boolean }): SourceFile[] {
  const manifestPath = `${input.from}/package.json`;
  const changed = tree.map((file) => {
    if (file.path !== manifestPath || !input.isDeclared) return file;
    // The manifests of this repository have this shape; tidy reads them all.
    const manifest = JSON.parse(file.text) as { dependencies?: Record<string, string> };
    const dependencies = { ...manifest.dependencies, [input.to]: 'workspace:*' };
    return { path: file.path, text: JSON.stringify({ ...manifest, dependencies }) };
  });
  return [...changed, { path: `${input.from}/src/forbidden-import.ts`, text: `export * from '${input.to}';\n` }];
}

test('the repository keeps its tiers', () => {
  const { exitCode, output } = boundaries(repositoryRoot());
  expect(output).toContain('no issues found');
  expect(output).toMatch(/Checked [1-9]\d* files in [1-9]\d* packages/);
  expect(exitCode).toBe(0);
});

test('a copy of the repository is judged the same', () => {
  using copy = makeScratchTree(tree);
  expect(boundaries(copy.root).output).toContain('no issues found');
});

for (const edge of FORBIDDEN_EDGES) {
  test(`red: ${edge.from} depends on ${edge.to}`, () => {
    using copy = makeScratchTree(withImport({ ...edge, isDeclared: true }));
    const { exitCode, output } = boundaries(copy.root);
    const sentence = output.replace(/\s*\n\s*\|?\s*/g, ' ');
    expect(sentence).toContain(`Package \`${edge.to}\` found without any tag listed in allowlist`);
    expect(exitCode).not.toBe(0);
  });
}

test('red: an import that package.json does not declare', () => {
  using copy = makeScratchTree(withImport({ from: 'packages/policy', to: '@karmanflow/receipts', isDeclared: false }));
  const { exitCode, output } = boundaries(copy.root);
  expect(output).toContain('cannot import package `@karmanflow/receipts`');
  expect(exitCode).not.toBe(0);
});

test('red: a relative import that leaves the package', () => {
  using copy = makeScratchTree(tree);
  const text = "export * from '../../receipts/src/index.ts';\n";
  writeInto({ root: copy.root, file: { path: 'packages/policy/src/forbidden-import.ts', text } });
  const { exitCode, output } = boundaries(copy.root);
  expect(output).toContain('leaves the package');
  expect(exitCode).not.toBe(0);
});

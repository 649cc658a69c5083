import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { rootTool, runTool } from './root-tool.ts';
import { makeScratchTree } from './scratch-tree.ts';
import type { SourceFile } from './tidy-check.ts';
import { repositoryRoot } from './tree.ts';

interface LintExample {
  /** The rule as the linter names it, for instance `eslint(no-eval)`. */
  readonly rule: string;
  readonly path: string;
  readonly text: string;
}

const POLICY = 'packages/policy/src';
const TESTING = "export { a } from './testing/a.ts';\n";
// Put together, because tidy refuses it in one piece.
const SILENCED = ['// @ts', 'ignore'].join('-');
const SUPPORT_RULE = 'eslint(no-restricted-imports)';

const REFUSED: readonly LintExample[] = [
  { rule: 'eslint(no-eval)', path: `${POLICY}/eval.ts`, text: "export const a: unknown = eval('1');\n" },
  { rule: 'eslint(no-eval)', path: `${POLICY}/eval-hidden.ts`, text: "export const a: unknown = (0, eval)('1');\n" },
  { rule: 'eslint(no-new-func)', path: 'apps/worker/src/a.ts', text: "export const a = new Function('return 1');\n" },
  {
    rule: 'typescript(no-require-imports)',
    path: `${POLICY}/require.ts`,
    text: "export const a = require('node:fs');\n",
  },
  { rule: 'import(no-commonjs)', path: `${POLICY}/commonjs.ts`, text: 'module.exports = {};\n' },
  { rule: 'typescript(no-explicit-any)', path: `${POLICY}/any.ts`, text: 'export const a = (b: any): unknown => b;\n' },
  { rule: 'typescript(no-explicit-any)', path: `${POLICY}/any.test.ts`, text: 'export const a = 1 as any;\n' },
  { rule: 'eslint(no-console)', path: `${POLICY}/console.ts`, text: "console.log('a');\nexport const a = 1;\n" },
  {
    rule: 'eslint(no-console)',
    path: 'apps/worker/src/console.ts',
    text: "console.error('a');\nexport const a = 1;\n",
  },
  { rule: 'import(no-default-export)', path: `${POLICY}/default.ts`, text: 'export default 1;\n' },
  {
    rule: 'import(no-cycle)',
    path: `${POLICY}/cycle-a.ts`,
    text: "import { b } from './cycle-b.ts';\nexport const a = (): number => b();\n",
  },
  {
    rule: 'import(no-cycle)',
    path: `${POLICY}/cycle-b.ts`,
    text: "import { a } from './cycle-a.ts';\nexport const b = (): number => a();\n",
  },
  {
    rule: 'typescript(consistent-type-imports)',
    path: `${POLICY}/in-place.ts`,
    text: "export type A = import('./a.ts').A;\n",
  },
  {
    rule: 'typescript(ban-ts-comment)',
    path: `${POLICY}/silent.ts`,
    text: `${SILENCED}\nexport const a: string = 1;\n`,
  },
  { rule: SUPPORT_RULE, path: `${POLICY}/own-testing.ts`, text: TESTING },
  { rule: SUPPORT_RULE, path: `${POLICY}/type-testing.ts`, text: "export type { A } from './testing/a.ts';\n" },
  { rule: SUPPORT_RULE, path: `${POLICY}/entry.ts`, text: "export { a } from '@karmanflow/schema/testing';\n" },
  {
    rule: SUPPORT_RULE,
    path: 'packages/runtime/src/entry.ts',
    text: "export { a } from '@karmanflow/schema/testing';\n",
  },
  {
    rule: SUPPORT_RULE,
    path: 'apps/console-api/src/entry.ts',
    text: "export { a } from '@karmanflow/commands/testing';\n",
  },
  {
    rule: SUPPORT_RULE,
    path: 'apps/worker/src/late.ts',
    text: "export const a = await import('@karmanflow/schema/testing');\n",
  },
  { rule: SUPPORT_RULE, path: `${POLICY}/second-schema.ts`, text: "export { z } from 'zod';\n" },
  { rule: SUPPORT_RULE, path: `${POLICY}/random-import.ts`, text: "export { randomUUID } from 'node:crypto';\n" },
  { rule: SUPPORT_RULE, path: `${POLICY}/process.ts`, text: "export { env } from 'node:process';\n" },
  { rule: 'eslint(no-restricted-globals)', path: `${POLICY}/network.ts`, text: "export const a = fetch('a');\n" },
  { rule: 'eslint(no-restricted-properties)', path: `${POLICY}/clock.ts`, text: 'export const a = Date.now();\n' },
  {
    rule: 'eslint(no-restricted-properties)',
    path: `${POLICY}/clock-default.ts`,
    text: 'export const a = (now = Date.now): number => now();\n',
  },
  { rule: 'eslint(no-restricted-properties)', path: `${POLICY}/random.ts`, text: 'export const a = Math.random();\n' },
  {
    rule: 'eslint(no-restricted-properties)',
    path: `${POLICY}/uuid.ts`,
    text: 'export const a = crypto.randomUUID();\n',
  },
  {
    rule: 'eslint(no-restricted-properties)',
    path: `${POLICY}/environment.ts`,
    text: "export const a = process.env['A'];\n",
  },
];

const ACCEPTED: readonly SourceFile[] = [
  { path: `${POLICY}/use.test.ts`, text: TESTING },
  { path: `${POLICY}/use.db.test.ts`, text: TESTING },
  { path: `${POLICY}/use.contract.ts`, text: TESTING },
  {
    path: `${POLICY}/testing/a.ts`,
    text: "export { b } from '@karmanflow/schema/testing';\nexport const a = Date.now();\n",
  },
  { path: 'conformance/src/use.ts', text: "export { a } from '@karmanflow/schema/testing';\nconsole.log('a');\n" },
  {
    path: 'tools/src/use.ts',
    text: "export { a } from '@karmanflow/schema/testing';\nconsole.log(process.env['A']);\n",
  },
  {
    path: 'packages/runtime/src/edge.ts',
    text: "export const a = (): number => Date.now() + Number(process.env['A']);\n",
  },
  { path: 'apps/worker/src/edge.ts', text: 'export const a = (): string => crypto.randomUUID();\n' },
  { path: 'apps/console-api/src/bridge.ts', text: "export { z } from 'zod';\n" },
  {
    path: `${POLICY}/argument.ts`,
    text: 'export const a = (fetch: (url: string) => string): string => fetch(String(1));\n',
  },
];

/** Diagnostics of the linter over the files, as `path rule`, with this repository's configuration. */
function lint(files: readonly SourceFile[]): string[] {
  const configuration = readFileSync(join(repositoryRoot(), '.oxlintrc.json'), 'utf8');
  using tree = makeScratchTree([...files, { path: '.oxlintrc.json', text: configuration }]);
  const { output } = runTool({ tool: rootTool({ tool: 'oxlint', args: ['--format=json'] }), directory: tree.root });
  // The fields that are read are asserted below: a report of another shape has no diagnostics and fails the tests.
  const report = JSON.parse(output) as { diagnostics: { filename: string; code: string }[]; number_of_files: number };
  expect(report.number_of_files).toBe(files.length);
  return report.diagnostics.map((diagnostic) => `${diagnostic.filename} ${diagnostic.code}`);
}

describe('the linter refuses', () => {
  const found = lint(REFUSED);
  for (const example of REFUSED) {
    test(`${example.rule} in ${example.path}`, () => {
      expect(found).toContain(`${example.path} ${example.rule}`);
    });
  }
});

test('the linter accepts test support in tests, effects at the edge, and the one bridge', () => {
  expect(lint(ACCEPTED)).toEqual([]);
});

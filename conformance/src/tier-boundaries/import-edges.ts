import { posix } from 'node:path';
import { isTestSupport, type Repository, runningSources, type Workspace, workspacesOf } from './repository.ts';

/** One import that leads from a workspace into another. */
export interface ImportEdge {
  readonly path: string;
  readonly specifier: string;
  readonly from: Workspace;
  readonly to: Workspace;
}

export interface Imports {
  /** How many import statements were read, whatever they lead to. */
  readonly statements: number;
  readonly edges: readonly ImportEdge[];
  /** Imports that can lead anywhere, or to where no workspace is, each with its file. */
  readonly untraceable: readonly string[];
  /** Test support that sources of packages and apps import. */
  readonly ofTests: readonly string[];
}

/**
 * Comments and strings are read as well: that errs towards seeing too much. A type named in place, `import('x').Name`, is
 * an import like any other.
 */
const named = [
  /\b(?:from|import)\s*(['"])([^'"\n]+)\1/g,
  /\b(?:import|require|require\.resolve|import\.meta\.resolve|mock\.module)\s*\(\s*(['"`])([^'"`\n]+)\1/g,
];
const computed = /\b(?:import|require|import\.meta\.resolve)\s*\(\s*(?:[A-Za-z_$([]|`[^`\n]*\$\{)/;
const ownScope = '@karmanflow/';

/** Every import of the sources that a process may run, by where it leads. */
export function readImports(repository: Repository): Imports {
  const workspaces = workspacesOf(repository);
  const imports = { statements: 0, edges: [] as ImportEdge[], untraceable: [] as string[], ofTests: [] as string[] };
  for (const [path, text] of runningSources(repository)) {
    const from = workspaceOf(workspaces, path);
    if (from === undefined || path.endsWith('.sql')) continue;
    const isProduct = /^(?:packages|apps)\//.test(path);
    if (isProduct && computed.test(text)) imports.untraceable.push(`${path} imports what is computed at run time`);
    for (const specifier of specifiersIn(text)) {
      imports.statements += 1;
      const to = leadsTo(workspaces, { path, specifier });
      if (to === 'nowhere') {
        // The tools hold made-up imports as text, of workspaces that do not exist.
        if (isProduct) imports.untraceable.push(`${path} imports ${specifier}, which is no workspace`);
      } else if (to !== null && to !== from) imports.edges.push({ path, specifier, from, to });
      if (isProduct && isTestSupport(`${specifier}/`)) imports.ofTests.push(`${path} imports ${specifier}`);
    }
  }
  return imports;
}

function specifiersIn(text: string): readonly string[] {
  return named.flatMap((pattern) => [...text.matchAll(pattern)].map(([, , specifier = '']) => specifier));
}

function workspaceOf(workspaces: readonly Workspace[], path: string): Workspace | undefined {
  return workspaces.find(({ directory }) => path.startsWith(`${directory}/`));
}

/** The workspace behind a specifier; null when it is somebody else's package. */
function leadsTo(
  workspaces: readonly Workspace[],
  { path, specifier }: { readonly path: string; readonly specifier: string },
): Workspace | null | 'nowhere' {
  if (specifier.startsWith('.')) {
    return workspaceOf(workspaces, posix.join(posix.dirname(path), specifier)) ?? 'nowhere';
  }
  if (!specifier.startsWith(ownScope)) return null;
  const name = specifier.split('/').slice(0, 2).join('/');
  return workspaces.find((workspace) => workspace.name === name) ?? 'nowhere';
}

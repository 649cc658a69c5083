import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { DEPENDENCY_KINDS, isManifestPath, readWorkspaces } from '../workspaces.ts';
import type { Workspace } from '../workspaces.ts';

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;
const BUN_CITATION = /\bbun@([0-9][\w.-]*)/g;

/**
 * Every dependency is pinned to one version, the same in all workspaces; a workspace depends on another by `workspace:*`.
 * The version of Bun is stated in `packageManager`, and whatever else names one names the same.
 */
export const exactVersions: TidyCheck = {
  name: 'exact-versions',
  concerns: isManifestPath,
  find: (files: readonly SourceFile[]): Finding[] => {
    const workspaces = readWorkspaces(files.filter((file) => isManifestPath(file.path)));
    return [...inexact(workspaces), ...divided(workspaces), ...bunVersions({ files, workspaces })];
  },
};

interface Dependency {
  readonly workspace: Workspace;
  readonly name: string;
  readonly version: string;
}

function dependencies(workspaces: readonly Workspace[]): Dependency[] {
  return workspaces.flatMap((workspace) =>
    DEPENDENCY_KINDS.flatMap((kind) =>
      Object.entries(workspace.manifest[kind] ?? {}).map(([name, version]) => ({ workspace, name, version })),
    ),
  );
}

function inexact(workspaces: readonly Workspace[]): Finding[] {
  const isInternal = (name: string): boolean => workspaces.some((workspace) => workspace.manifest.name === name);
  return dependencies(workspaces)
    .filter(({ name, version }) => (isInternal(name) ? version !== 'workspace:*' : !EXACT.test(version)))
    .map(({ workspace, name, version }) => ({
      path: manifestPath(workspace),
      line: 0,
      message: `${name} is «${version}», not an exact version or workspace:*`,
    }));
}

function divided(workspaces: readonly Workspace[]): Finding[] {
  const first = new Map<string, Dependency>();
  const findings: Finding[] = [];
  for (const dependency of dependencies(workspaces)) {
    const seen = first.get(dependency.name);
    if (seen === undefined) first.set(dependency.name, dependency);
    if (seen === undefined || seen.version === dependency.version) continue;
    const elsewhere = `${seen.version} in ${manifestPath(seen.workspace)}`;
    const message = `${dependency.name} is ${dependency.version} here and ${elsewhere}`;
    findings.push({ path: manifestPath(dependency.workspace), line: 0, message });
  }
  return findings;
}

function bunVersions(input: {
  readonly files: readonly SourceFile[];
  readonly workspaces: readonly Workspace[];
}): Finding[] {
  const root = input.workspaces.find((workspace) => workspace.directory === '');
  const expected = /^bun@(\d+\.\d+\.\d+)$/.exec(root?.manifest.packageManager ?? '')?.[1];
  if (expected === undefined) return [{ path: 'package.json', line: 0, message: 'packageManager names no exact Bun' }];
  const engine = root?.manifest.engines?.['bun'];
  const stated = input.files
    .filter((file) => /^(?:\.ci|\.github|infra)\//.test(file.path) || file.path.endsWith('.md'))
    .flatMap((file) =>
      [...file.text.matchAll(BUN_CITATION)].map((match) => ({ path: file.path, version: match[1] ?? '' })),
    );
  return [...(engine === undefined ? [] : [{ path: 'package.json', version: engine }]), ...stated]
    .filter(({ version }) => version !== expected)
    .map(({ path, version }) => ({ path, line: 0, message: `names Bun ${version}, packageManager names ${expected}` }));
}

function manifestPath(workspace: Workspace): string {
  return workspace.directory === '' ? 'package.json' : `${workspace.directory}/package.json`;
}

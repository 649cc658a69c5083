import type { SourceFile } from './tidy-check.ts';

/** The fields of a package.json that the checks read. */
export interface PackageManifest {
  readonly name?: string;
  readonly packageManager?: string;
  readonly exports?: Readonly<Record<string, unknown>> | string;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/** The fields of a turbo.json that the checks read. */
export interface TurboManifest {
  readonly extends?: readonly string[];
  readonly tags?: readonly string[];
  readonly boundaries?: {
    readonly implicitDependencies?: readonly string[];
    readonly tags?: Readonly<Record<string, { readonly dependencies?: { readonly allow?: readonly string[] } }>>;
  };
}

export interface Workspace {
  /** From the root, without a trailing slash; empty for the root itself. */
  readonly directory: string;
  readonly manifest: PackageManifest;
  readonly turbo: TurboManifest | undefined;
}

export const DEPENDENCY_KINDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const;

/** Whether a path is the package.json of the root or of a workspace. */
export function isManifestPath(path: string): boolean {
  return path === 'package.json' || path.endsWith('/package.json');
}

/** Every directory with a package.json, the root first. Throws on JSON that does not parse. */
export function readWorkspaces(files: readonly SourceFile[]): Workspace[] {
  const textOf = new Map(files.map((file) => [file.path, file.text]));
  return files
    .filter((file) => isManifestPath(file.path))
    .map((file) => {
      const directory = file.path.slice(0, -'package.json'.length).replace(/\/$/, '');
      const turboText = textOf.get(directory === '' ? 'turbo.json' : `${directory}/turbo.json`);
      return {
        directory,
        // The shape is what the fields above declare; every check treats a missing field as absent.
        manifest: JSON.parse(file.text) as PackageManifest,
        turbo: turboText === undefined ? undefined : (JSON.parse(turboText) as TurboManifest),
      };
    })
    .toSorted((left, right) => left.directory.localeCompare(right.directory));
}

/** The workspace that a file lies in, or undefined when it lies in none (root files, docs). */
export function workspaceOf(input: {
  readonly path: string;
  readonly workspaces: readonly Workspace[];
}): Workspace | undefined {
  return input.workspaces.find(
    (workspace) => workspace.directory !== '' && `${input.path}/`.startsWith(`${workspace.directory}/`),
  );
}

/** Tests and what only tests may import: the files that may use test support and root development dependencies. */
export function isTestCode(path: string): boolean {
  return (
    /\.(?:test|contract)\.ts$/.test(path) || /(?:^|\/)testing\//.test(path) || /^(?:tools|conformance)\//.test(path)
  );
}

/** Source files that the runtime, the compiler or turbo would read. */
export function isSourcePath(path: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx)$/.test(path);
}

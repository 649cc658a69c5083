import type { Finding, SourceFile, TidyCheck } from '../tidy-check.ts';
import { DEPENDENCY_KINDS, readWorkspaces } from '../workspaces.ts';

const FOREIGN_LOCKFILES = /(?:^|\/)(?:bun\.lockb|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml)$/;
const REGISTRY_HOST = /\b(?:registry\.(?:npmjs|yarnpkg|npmmirror)\.\w+|npm\.(?:pkg\.github|jsr)\.\w+)\b/g;
// A package of the default registry is recorded as [name@version, "", …]; anything in second place is an address.
const RECORDED_ADDRESS = /: \["[^"]+", "([^"]+)", \{/g;

/** The text lockfile is the only one, records no address, and agrees with every package.json. */
export const lockfile: TidyCheck = {
  name: 'lockfile',
  concerns: (path) => path === 'bun.lock' || FOREIGN_LOCKFILES.test(path) || path.endsWith('/bun.lock'),
  find: (files: readonly SourceFile[]): Finding[] => {
    const lock = files.find((file) => file.path === 'bun.lock');
    const extra = files.filter((file) => lockfile.concerns(file.path) && file.path !== 'bun.lock');
    const findings = extra.map((file) => finding({ path: file.path, message: 'a second lockfile, or a retired form' }));
    if (lock === undefined) return [...findings, finding({ path: 'bun.lock', message: 'is missing' })];
    return [...findings, ...addresses(lock), ...disagreements({ lock, files }), ...configuredRegistries(files)];
  },
};

function finding(input: { readonly path: string; readonly message: string }): Finding {
  return { ...input, line: 0 };
}

function addresses(lock: SourceFile): Finding[] {
  const found = [
    ...(lock.text.match(/https?:\/\/[^\s"]+/g) ?? []),
    ...(lock.text.match(REGISTRY_HOST) ?? []),
    ...[...lock.text.matchAll(RECORDED_ADDRESS)].map((match) => match[1] ?? ''),
  ];
  return [...new Set(found)].map((address) => finding({ path: lock.path, message: `records the address ${address}` }));
}

function configuredRegistries(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => /(?:^|\/)(?:\.npmrc|\.yarnrc\.yml)$/.test(file.path) || isRegistryInBunfig(file))
    .map((file) => finding({ path: file.path, message: 'configures a package registry' }));
}

function isRegistryInBunfig(file: SourceFile): boolean {
  return file.path.endsWith('bunfig.toml') && /^\s*(?:registry|scopes)\b|^\s*\[install\.scopes\]/m.test(file.text);
}

type LockedWorkspaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

// Bun checks this too when it installs; here it is a comparison of two texts, which needs neither network nor install.
function disagreements(input: { readonly lock: SourceFile; readonly files: readonly SourceFile[] }): Finding[] {
  const workspaces = readWorkspaces(input.files);
  const locked = lockedWorkspaces(input.lock.text);
  if (locked === undefined) return [finding({ path: 'bun.lock', message: 'is not the text form of a lockfile' })];
  const unlocked = Object.keys(locked)
    .filter((directory) => !workspaces.some((workspace) => workspace.directory === directory))
    .map((directory) => finding({ path: 'bun.lock', message: `knows a workspace that does not exist: ${directory}` }));
  const different = workspaces
    .filter((workspace) =>
      DEPENDENCY_KINDS.some(
        (kind) => !Bun.deepEquals(workspace.manifest[kind] ?? {}, locked[workspace.directory]?.[kind] ?? {}),
      ),
    )
    .map((workspace) =>
      finding({ path: 'bun.lock', message: `disagrees with package.json of ${workspace.directory || 'the root'}` }),
    );
  return [...unlocked, ...different];
}

function lockedWorkspaces(text: string): LockedWorkspaces | undefined {
  const trailingComma = /,(?=\s*[}\]])/g;
  try {
    // The cast names the one field that is read; a lockfile without it is reported by the caller.
    return (JSON.parse(text.replace(trailingComma, '')) as { workspaces?: LockedWorkspaces }).workspaces;
  } catch {
    return undefined;
  }
}

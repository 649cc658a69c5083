import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';

/** The files of a repository that its workspaces are made of, by path from the root. A saboteur adds some. */
export interface Repository {
  readonly files: Map<string, string>;
}

export interface Workspace {
  /** From the root, without a slash at the end. */
  readonly directory: string;
  readonly name: string;
  readonly tags: readonly string[];
}

/** What each tag may see, as the `boundaries` of the root turbo.json say it. */
export type Boundaries = ReadonlyMap<string, readonly string[]>;

const readFiles = /\.(?:[cm]?[jt]sx?|sql)$|(?:^|\/)(?:package|turbo)\.json$/;
const skippedFolders = ['node_modules', '.turbo', 'dist'];

const rootShape = v.object({ workspaces: v.array(v.string()) });
const manifestShape = v.object({ name: v.string() });
const tagsShape = v.object({ tags: v.array(v.string()) });
const allowShape = v.object({ allow: v.array(v.string()) });
const boundariesShape = v.object({
  boundaries: v.object({ tags: v.record(v.string(), v.object({ dependencies: allowShape })) }),
});

/** The repository that this suite stands in. */
export const ownRoot: string = resolve(import.meta.dir, '../../..');

/** Reads sources, migrations and manifests of every workspace. Throws when there is no root manifest. */
export function readRepository(root: string): Repository {
  const files = new Map<string, string>();
  const read = (path: string): void => void files.set(path, readFileSync(join(root, path), 'utf8'));
  read('package.json');
  read('turbo.json');
  for (const folder of workspaceFolders(root, files)) {
    for (const path of filesUnder(root, folder)) if (readFiles.test(path)) read(path);
  }
  return { files };
}

function workspaceFolders(root: string, files: ReadonlyMap<string, string>): readonly string[] {
  const { workspaces } = v.parse(rootShape, JSON.parse(files.get('package.json') ?? ''));
  return workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -'/*'.length);
    return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
  });
}

function filesUnder(root: string, folder: string): readonly string[] {
  if (!statSync(join(root, folder)).isDirectory()) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skippedFolders.includes(entry.name) ? [] : filesUnder(root, path);
    return entry.isFile() ? [path] : [];
  });
}

export function workspacesOf({ files }: Repository): readonly Workspace[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.endsWith('/package.json')) return [];
    const directory = path.slice(0, -'/package.json'.length);
    const turbo = files.get(`${directory}/turbo.json`);
    const { tags } = turbo === undefined ? { tags: [] } : v.parse(tagsShape, JSON.parse(turbo));
    return [{ directory, name: v.parse(manifestShape, JSON.parse(text)).name, tags }];
  });
}

export function boundariesOf({ files }: Repository): Boundaries {
  const { boundaries } = v.parse(boundariesShape, JSON.parse(files.get('turbo.json') ?? ''));
  return new Map(Object.entries(boundaries.tags).map(([tag, { dependencies }]) => [tag, dependencies.allow]));
}

/** Also the example of a package, which is a page of its documentation that a test runs. */
const testSupport = /\.(?:test|contract)\.[jt]sx?$|(?:^|\/)testing\/|^packages\/[^/]+\/example\.ts$/;

/** Sources and migrations that a process may run: no tests, and nothing that is for tests only. */
export function runningSources({ files }: Repository): readonly (readonly [path: string, text: string])[] {
  return [...files].filter(([path]) => !path.endsWith('.json') && !testSupport.test(path));
}

export function isTestSupport(path: string): boolean {
  return testSupport.test(path);
}

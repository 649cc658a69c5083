import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { SourceFile } from './tidy-check.ts';

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** The root of this checkout, as an absolute path. */
export function repositoryRoot(): string {
  return resolve(import.meta.dir, '../../..');
}

/**
 * The paths of the files that belong to the repository, sorted: what git tracks, and what it would track.
 * Throws when git cannot answer, because a scan of nothing would look like a pass.
 */
export function listTree(root: string): string[] {
  const listed = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (listed.exitCode !== 0) throw new Error(`git ls-files failed: ${listed.stderr.toString()}`);
  const paths = listed.stdout
    .toString()
    .split('\0')
    .filter((path) => path !== '' && isFile(join(root, path)));
  return [...new Set(paths)].toSorted();
}

/** The files of the repository with their text. */
export function readTree(root: string): SourceFile[] {
  return listTree(root).map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text: text.includes('\0') ? '' : text };
  });
}

// A file that was deleted but not yet staged is still listed by git.
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

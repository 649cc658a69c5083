import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { SourceFile } from './tidy-check.ts';

/** A directory outside the checkout that a test may damage. It goes when its `using` block ends. */
export interface ScratchTree extends Disposable {
  readonly root: string;
}

/** Writes the files into a new temporary directory. */
export function makeScratchTree(files: readonly SourceFile[]): ScratchTree {
  const root = mkdtempSync(join(tmpdir(), 'karmanflow-tidy-'));
  for (const file of files) writeInto({ root, file });
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** Adds a file to a scratch tree, or replaces it. */
export function writeInto(input: { readonly root: string; readonly file: SourceFile }): void {
  const target = join(input.root, input.file.path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, input.file.text);
}

import { randomUUID } from 'node:crypto';
import { type FileHandle, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ArchiveConflict, isArchivePath } from '@karmanflow/receipts';
import type { LogArchive } from './log-archive.ts';

/**
 * An archive in a folder, for one machine. A file appears whole or not at all, is on disk before `write` resolves, and is
 * never replaced. Whoever may write to the folder can still remove it: a bucket with a retention lock is what holds against that.
 */
export function createFolderArchive(options: { readonly directory: string }): LogArchive {
  const { directory } = options;
  const placeOf = (path: string): string => {
    if (!isArchivePath(path)) throw new TypeError('not a path of an archive');
    return join(directory, path);
  };

  async function read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(placeOf(path));
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    const place = placeOf(path);
    const folder = dirname(place);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    // No path of an archive begins with a dot, so that nobody takes what a crash left behind for a file of it.
    const draft = join(folder, `.${randomUUID()}`);
    await writeDurably(draft, bytes);
    try {
      // Unlike a rename, a link never replaces what is there.
      await link(draft, place);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      if (!Buffer.from(await readFile(place)).equals(bytes)) throw new ArchiveConflict(path);
    } finally {
      await unlink(draft);
    }
    await syncFolders({ from: folder, to: made === undefined ? folder : dirname(made) });
  }

  return { address: `file:${directory}`, read, write, close: async () => undefined };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o400);
  await file.writeFile(bytes);
  await file.sync();
}

/** A file is found after a crash when its folder was synced, and a folder when the one above it was. */
async function syncFolders({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    const handle: FileHandle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
    if (folder === to || dirname(folder) === folder) return;
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

import { type Archive, ArchiveConflict, isArchivePath } from '../archive.ts';

/** An archive in memory, which remembers the order in which it was written. */
export class MemoryArchive implements Archive {
  readonly files = new Map<string, Uint8Array>();

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (!isArchivePath(path)) throw new TypeError('not a path of an archive');
    const present = this.files.get(path);
    if (present === undefined) this.files.set(path, bytes.slice());
    else if (!Buffer.from(present).equals(bytes)) throw new ArchiveConflict(path);
  }
}

/**
 * A place for what has been published, that is written once and that the administrators of the database cannot write: a
 * bucket with a retention lock, or a folder. Paths are relative, of segments of lower-case letters, digits, dots and dashes.
 */
export interface Archive {
  /** The bytes at a path, or undefined when nothing is there. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * Resolves when the bytes are durable. Writing the same bytes again changes nothing, so that whoever was cut off begins
   * anew. Throws `ArchiveConflict` when other bytes are there: they stay.
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** Something else stands at this path already. */
export class ArchiveConflict extends Error {
  override readonly name = 'ArchiveConflict';
  readonly path: string;

  constructor(path: string) {
    super(`${path} holds other bytes than those that were to be written`);
    this.path = path;
  }
}

const pathPattern = /^(?:[a-z0-9][a-z0-9.-]{0,127}\/){0,15}[a-z0-9][a-z0-9.-]{0,127}$/;

/** True for a path that every archive accepts. */
export function isArchivePath(path: string): boolean {
  return pathPattern.test(path) && !path.includes('..');
}

import { type Archive, isArchivePath } from '@karmanflow/receipts';

/**
 * Where a process keeps or finds what the logs have published: the `Archive` of the receipts package, which says what
 * `read` and `write` keep to. Every implementation passes `logArchiveContract`, throws `TypeError` for a path that is not
 * one before it asks anybody, and throws for a place that does not answer in time: undefined only ever means that nothing is there.
 */
export interface LogArchive extends Archive {
  /** Where it is, for log lines: no credential is in it. */
  readonly address: string;
  /** Frees what it holds open. Nothing is read or written afterwards. */
  close(): Promise<void>;
}

export type LogArchiveSettings =
  | { readonly kind: 'folder'; readonly directory: string }
  /** `prefix` is empty, or a path of the archive: the objects are called `<prefix>/<path>`. */
  | { readonly kind: 'google'; readonly bucket: string; readonly prefix: string };

/** A name of a bucket in Google Cloud Storage (cloud.google.com/storage/docs/buckets#naming), without the dotted ones of domains. */
const bucketPattern = /^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/;

/** Reads `file:<absolute directory>` or `gs://<bucket>[/<prefix>]`; undefined for anything else. */
export function readLogArchiveSettings(text: string): LogArchiveSettings | undefined {
  if (/^file:\/./.test(text)) return { kind: 'folder', directory: text.slice('file:'.length) };
  const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]*)(?:\/(.+))?$/.exec(text) ?? [];
  if (!bucketPattern.test(bucket) || (prefix !== '' && !isArchivePath(prefix))) return undefined;
  return { kind: 'google', bucket, prefix };
}

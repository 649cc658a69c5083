import { ArchiveConflict, isArchivePath } from '@karmanflow/receipts';
import { runtimeLimits } from '../runtime-limits.ts';
import { ArchiveUnavailable } from './archive-unavailable.ts';
import { type BucketFacts, type BucketResult, type GcsBucket, openGcsBucket } from './gcs-bucket.ts';
import type { LogArchive } from './log-archive.ts';

export interface GcsArchiveOptions {
  readonly bucket: string;
  /** Empty, or a path: objects are called `<prefix>/<path>`. */
  readonly prefix: string;
  /** Another origin than Google's, for tests. Plain http is for loopback only. */
  readonly apiEndpoint?: string;
  /** For one request. */
  readonly attemptMilliseconds?: number;
  /** For one read or write with all of its requests. */
  readonly deadlineMilliseconds?: number;
  /** Before the second request; doubled before each further one. */
  readonly retryDelayMilliseconds?: number;
}

export interface GcsArchive extends LogArchive {
  /** What the bucket says of itself. Throws `ArchiveUnavailable`. */
  describe(): Promise<BucketFacts>;
}

/**
 * An archive in a bucket of Google Cloud Storage. Objects are created and never replaced: the precondition holds against this
 * process, the bucket's locked retention policy against everybody else. Throws `ArchiveUnavailable`, and `ArchiveConflict`.
 *
 * The identity of the process needs storage.objects.create, get and list. (Without list an object that is missing would be
 * answered with 403.) To describe the bucket it needs storage.buckets.get.
 */
export function createGcsArchive(options: GcsArchiveOptions): GcsArchive {
  const { bucket, prefix } = options;
  const {
    attemptMilliseconds = runtimeLimits.archiveAttemptMilliseconds,
    deadlineMilliseconds = runtimeLimits.archiveDeadlineMilliseconds,
    retryDelayMilliseconds = runtimeLimits.archiveRetryDelayMilliseconds,
  } = options;
  const folder = prefix === '' ? '' : `${prefix}/`;
  const address = `gs://${bucket}/${folder}`;
  const opened: GcsBucket = openGcsBucket({
    bucket,
    attemptMilliseconds,
    ...(options.apiEndpoint === undefined ? {} : { apiEndpoint: options.apiEndpoint }),
  });

  const nameOf = (path: string): string => {
    if (!isArchivePath(path)) throw new TypeError('not a path of an archive');
    return `${folder}${path}`;
  };

  async function insist<T>(path: string, request: () => Promise<BucketResult<T>>): Promise<T> {
    const deadline = performance.now() + deadlineMilliseconds;
    for (let attempt = 1; ; attempt += 1) {
      const result = await request();
      if (result.ok) return result.value;
      const delay = retryDelayMilliseconds * 2 ** (attempt - 1);
      const isLast = attempt >= runtimeLimits.archiveAttempts || performance.now() + delay >= deadline;
      if (!result.again || isLast) {
        throw new ArchiveUnavailable({ code: result.code, address: `${address}${path}`, detail: result.detail });
      }
      await Bun.sleep(delay);
    }
  }

  async function read(path: string): Promise<Uint8Array | undefined> {
    const name = nameOf(path);
    return insist(path, () => opened.read(name));
  }

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    const object = { name: nameOf(path), bytes, contentType: contentTypeOf(path) };
    if (bytes.byteLength > runtimeLimits.archiveObjectBytes) throw new RangeError('more bytes than an archive takes');
    if ((await insist(path, () => opened.create(object))) === 'created') return;
    // Also what a request of ours created whose answer was lost: then these are the same bytes.
    const present = await read(path);
    if (present === undefined) {
      const detail = 'an object that exists could not be found';
      throw new ArchiveUnavailable({ code: 'place_unavailable', address: `${address}${path}`, detail });
    }
    if (!Buffer.from(present).equals(bytes)) throw new ArchiveConflict(path);
  }

  return {
    address,
    read,
    write,
    describe: () => insist('', () => opened.describe()),
    close: async () => undefined,
  };
}

/** C2SP tlog-tiles: a checkpoint is text, tiles and entry bundles are bytes. */
function contentTypeOf(path: string): string {
  return path.includes('/checkpoint/') ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

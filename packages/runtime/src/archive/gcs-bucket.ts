import type { Bucket, File, Storage } from '@google-cloud/storage';
import { runtimeLimits } from '../runtime-limits.ts';
import { crc32c } from '../secrets/crc32c.ts';
import type { ArchiveProblem } from './archive-unavailable.ts';

/** What a bucket says of itself, as far as it matters for an archive. */
export interface BucketFacts {
  /** How long no object can be deleted or replaced; zero when it can. */
  readonly retentionSeconds: number;
  /** Whether nobody, not even the owner of the bucket, can shorten that time. */
  readonly isLocked: boolean;
  readonly isPublicAccessPrevented: boolean;
}

/** Why one request failed. `again` says that another one may succeed. */
export interface BucketFailure {
  readonly code: ArchiveProblem;
  readonly detail: string;
  readonly again: boolean;
}

export type BucketResult<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & BucketFailure);

/** One bucket of Google Cloud Storage: each call is one request, and each resolves. */
export interface GcsBucket {
  describe(): Promise<BucketResult<BucketFacts>>;
  /** The bytes of an object, undefined when there is none of this name. */
  read(name: string): Promise<BucketResult<Uint8Array | undefined>>;
  /** Creates an object, unless there is one of this name: that one is left as it is. */
  create(object: NewObject): Promise<BucketResult<'created' | 'exists'>>;
}

export interface NewObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

export interface GcsBucketOptions {
  readonly bucket: string;
  /** Another origin than Google's, for tests. Plain http is for loopback only: the request carries an access token. */
  readonly apiEndpoint?: string;
  readonly attemptMilliseconds: number;
}

const googleEndpoint = 'https://storage.googleapis.com';
/** Objects never change. They hold receipts of tenants, so that nobody between may keep them. */
const cacheControl = 'private, max-age=31536000, immutable';

/**
 * Opens a bucket by Google's library, with the application default credentials. The library is loaded with the first request.
 * Its own retries are off, and so is its check of what it uploaded: that one deletes the object when it disagrees.
 */
export function openGcsBucket(options: GcsBucketOptions): GcsBucket {
  const apiEndpoint = readEndpoint(options.apiEndpoint);
  const milliseconds = options.attemptMilliseconds;
  let bucket: Promise<Bucket> | undefined;

  async function connect(): Promise<Bucket> {
    const { Storage: Client } = await import('@google-cloud/storage');
    const storage = new Client({
      apiEndpoint,
      useAuthWithCustomEndpoint: true,
      // Objects have no project. Without one the library would look for its name, at a service that may not be reachable.
      projectId: 'none',
      retryOptions: { autoRetry: false },
      timeout: milliseconds,
    });
    refuseOtherEndpoint(storage, apiEndpoint);
    return storage.bucket(options.bucket);
  }

  async function attempt<T>(work: (bucket: Bucket, signal: AbortSignal) => Promise<T>): Promise<BucketResult<T>> {
    const over = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new LateAnswer()), milliseconds);
    const working = (async () => work(await (bucket ??= connect()), over.signal))();
    try {
      return { ok: true, value: await Promise.race([working, late.promise]) };
    } catch (error) {
      // The library keeps a failed start for ever; credentials that were not there yet may be there the next time.
      if (statusOf(error) === undefined) bucket = undefined;
      return { ok: false, ...failureOf(error) };
    } finally {
      clearTimeout(timer);
      over.abort();
      // The loser of the race still ends some day; nobody is left to hear of its failure.
      working.catch(() => undefined);
    }
  }

  return {
    describe: () =>
      attempt(async (opened) => {
        const [{ retentionPolicy, iamConfiguration }] = await opened.getMetadata();
        return {
          retentionSeconds: Number(retentionPolicy?.retentionPeriod ?? 0),
          isLocked: retentionPolicy?.isLocked === true,
          isPublicAccessPrevented: iamConfiguration?.publicAccessPrevention === 'enforced',
        };
      }),
    read: (name) =>
      attempt(async (opened, signal) => {
        try {
          return await download(opened.file(name), signal);
        } catch (error) {
          if (statusOf(error) !== 404 || isBucketMissing(error)) throw error;
          return undefined;
        }
      }),
    create: (object) =>
      attempt(async (opened) => {
        try {
          await upload(opened.file(object.name), object);
          return 'created';
        } catch (error) {
          // Under retention the refusal to replace an object may come before the one that is due to the precondition.
          if (statusOf(error) !== 412 && !hasReason(error, 'retentionPolicyNotMet')) throw error;
          return 'exists';
        }
      }),
  };
}

async function upload(file: File, { bytes, contentType }: NewObject): Promise<void> {
  const checksum = checksumOf(bytes);
  await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    // One request in which all arrives or nothing: a resumable upload would be two for each small tile.
    resumable: false,
    validation: false,
    // Zero: only when there is no object of this name.
    preconditionOpts: { ifGenerationMatch: 0 },
    // With the checksum in the request, what was damaged on its way is refused there and not kept for ever.
    metadata: { contentType, cacheControl, crc32c: checksum },
  });
  if (file.metadata.crc32c !== checksum) throw new CorruptContent('another checksum (CRC32C) was stored');
}

async function download(file: File, signal: AbortSignal): Promise<Uint8Array> {
  const stream = file.createReadStream({ validation: false });
  let isAnswered = false;
  signal.addEventListener('abort', () => {
    if (isAnswered) stream.destroy();
  });
  let checksum: string | undefined;
  // The library's type of this event is that of any; only the header is read, and compared.
  stream.on('response', (response: { readonly headers?: Readonly<Record<string, unknown>> }) => {
    checksum = /(?:^|,)\s*crc32c=([^,\s]+)/.exec(String(response.headers?.['x-goog-hash']))?.[1];
    isAnswered = true;
    // Right behind this event the library pipes the answer into the stream. Into one that is destroyed it cannot, and throws
    // where nobody catches: an answer that comes too late would end the process.
    if (signal.aborted) queueMicrotask(() => stream.destroy());
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new CorruptContent('the answer is not of bytes');
    length += chunk.byteLength;
    if (length > runtimeLimits.archiveObjectBytes) {
      throw new CorruptContent(`is larger than ${runtimeLimits.archiveObjectBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(Buffer.concat(chunks));
  if (checksumOf(bytes) !== checksum) throw new CorruptContent('the checksum (CRC32C) does not match');
  return bytes;
}

/** CRC-32C as Cloud Storage writes it: big-endian, in base64. */
function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(bytes));
  return checksum.toString('base64');
}

class LateAnswer extends Error {}
class CorruptContent extends Error {}
class OtherEndpoint extends Error {}

function failureOf(error: unknown): BucketFailure {
  if (error instanceof LateAnswer) return { code: 'deadline_exceeded', detail: 'did not answer in time', again: true };
  // What was damaged on its way may arrive whole the next time.
  if (error instanceof CorruptContent) return { code: 'content_corrupt', detail: error.message, again: true };
  if (error instanceof OtherEndpoint) return { code: 'place_unavailable', detail: error.message, again: false };
  const status = statusOf(error);
  if (status === 401) return { code: 'access_denied', detail: 'the credentials are not accepted', again: false };
  if (status === 403) return { code: 'access_denied', detail: 'this identity may not do that', again: false };
  if (status === 404) return { code: 'bucket_missing', detail: 'there is no such bucket', again: false };
  if (systemCodeOf(error) === 'ETIMEDOUT')
    return { code: 'deadline_exceeded', detail: 'did not answer in time', again: true };
  const isPassing = status === undefined || status === 408 || status === 429 || status >= 500;
  const detail = status === undefined ? 'cannot be reached or asked' : `answered ${status}`;
  return { code: 'place_unavailable', detail, again: isPassing };
}

function statusOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) ? code : undefined;
}

function systemCodeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** An object that is not there and a bucket that is not there are both 404; only the words differ. */
function isBucketMissing(error: unknown): boolean {
  return error instanceof Error && /bucket does not exist/i.test(error.message);
}

function hasReason(error: unknown, reason: string): boolean {
  const errors = error instanceof Error && 'errors' in error ? error.errors : undefined;
  return Array.isArray(errors) && errors.some((one: { readonly reason?: unknown } | null) => one?.reason === reason);
}

function readEndpoint(origin: string | undefined): string {
  if (origin === undefined) return googleEndpoint;
  const url = new URL(origin);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new TypeError('the endpoint of Cloud Storage must be https, or http on loopback');
  }
  return url.origin;
}

/** A variable of the library's own (STORAGE_EMULATOR_HOST) would send receipts and access tokens elsewhere. */
function refuseOtherEndpoint(storage: Storage, apiEndpoint: string): void {
  if (storage.baseUrl !== `${apiEndpoint}/storage/v1` || storage.apiEndpoint !== apiEndpoint) {
    throw new OtherEndpoint('the environment names another endpoint (STORAGE_EMULATOR_HOST)');
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../secrets/crc32c.ts';

/** What the server does with the next request to the bucket; after the last of a list it behaves. */
export type CloudStorageFault =
  | 'unavailable'
  | 'too_many'
  | 'forbidden'
  | 'unauthenticated'
  | 'html_error'
  /** Does what it is asked, and then answers as if it had failed. */
  | 'lost_answer'
  | 'retention'
  | 'wrong_checksum'
  | 'no_checksum'
  | 'other_bytes'
  | 'endless'
  | 'drips'
  | 'redirect'
  /** Gives the token late, and the answer late again: whoever waits for both as long as for one has gone by then. */
  | 'late'
  | 'silence';

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CloudStorageServer {
  readonly origin: string;
  /** The path of a file of credentials, for GOOGLE_APPLICATION_CREDENTIALS: workload identity whose tokens this server gives. */
  readonly credentialsPath: string;
  /** The access token that it gives, and asks for. */
  readonly accessToken: string;
  /** Requests to the bucket so far, as `<method> <path and query>`. */
  readonly requests: readonly string[];
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** What the bucket says of itself beside its name. */
  describeAs(metadata: Readonly<Record<string, unknown>>): void;
  /** Answers that were given late so far. */
  lateAnswers(): number;
  /** What happens to the next requests, one fault each; replaces what is left of an earlier list. */
  failNext(...faults: readonly CloudStorageFault[]): void;
  stop(): Promise<void>;
}

const lateMilliseconds = 300;
const accessToken = 'ya29.made-for-one-test';

/**
 * A local HTTP server that speaks as much of the JSON interface of Google Cloud Storage v1 as an archive needs: multipart
 * uploads with ifGenerationMatch=0 and a checksum, downloads with alt=media, and the metadata of the bucket. Anything else,
 * such as a delete, is answered with 501.
 */
export async function startCloudStorageServer(options: { readonly bucket: string }): Promise<CloudStorageServer> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  const faults: CloudStorageFault[] = [];
  let lateAnswers = 0;
  let description: Readonly<Record<string, unknown>> = {};

  async function answer(request: Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    if (pathname === '/token') {
      if (faults[0] === 'late') await Bun.sleep(lateMilliseconds);
      return Response.json(tokenAnswer);
    }
    const body = Buffer.from(await request.arrayBuffer());
    requests.push(`${request.method} ${pathname}${search}`);
    if (request.headers.get('authorization') !== `Bearer ${accessToken}`) return failure(401, 'unauthenticated');
    const fault = faults.shift();
    if (fault === 'late') {
      await Bun.sleep(lateMilliseconds);
      lateAnswers += 1;
    }
    const early = await earlyAnswer(fault);
    if (early !== null) return early;
    const [, upload, bucket = '', object] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)(?:\/o(?:\/(.+))?)?$/.exec(pathname) ?? [];
    if (bucket !== options.bucket) return failure(404, 'notFound', 'The specified bucket does not exist.');
    let response: Response;
    if (upload !== undefined) response = insert({ request, searchParams, body, fault });
    else if (object !== undefined && searchParams.get('alt') === 'media')
      response = media(decodeURIComponent(object), fault);
    else if (request.method === 'GET' && object === undefined)
      response = Response.json({ name: bucket, ...description });
    else response = failure(501, 'notImplemented');
    return fault === 'lost_answer' ? failure(503, 'backendError') : response;
  }

  function insert(input: {
    readonly request: Request;
    readonly searchParams: URLSearchParams;
    readonly body: Buffer;
    readonly fault: CloudStorageFault | undefined;
  }): Response {
    const { request, searchParams, body, fault } = input;
    const name = searchParams.get('name') ?? '';
    if (request.method !== 'POST' || searchParams.get('uploadType') !== 'multipart' || name === '') {
      return failure(501, 'notImplemented');
    }
    const parts = partsOf(body, request.headers.get('content-type') ?? '');
    if (parts === undefined) return failure(400, 'invalid');
    const { metadata, bytes } = parts;
    const checksum = checksumOf(bytes);
    if (metadata['crc32c'] !== undefined && metadata['crc32c'] !== checksum) return failure(400, 'invalid');
    if (fault === 'retention') return failure(403, 'retentionPolicyNotMet');
    if (searchParams.get('ifGenerationMatch') !== '0') return failure(400, 'required');
    if (objects.has(name)) return failure(412, 'conditionNotMet');
    objects.set(name, { bytes, metadata });
    return Response.json({ name, generation: '1', crc32c: fault === 'wrong_checksum' ? 'AAAAAA==' : checksum });
  }

  function media(name: string, fault: CloudStorageFault | undefined): Response {
    const bytes = objects.get(name)?.bytes;
    // As Cloud Storage answers a download: in words, not in JSON.
    if (bytes === undefined) return new Response(`No such object: ${options.bucket}/${name}`, { status: 404 });
    const checksum = fault === 'wrong_checksum' ? 'AAAAAA==' : checksumOf(bytes);
    const headers: Record<string, string> = { 'x-goog-stored-content-encoding': 'identity' };
    if (fault !== 'no_checksum') headers['x-goog-hash'] = `crc32c=${checksum},md5=1B2M2Y8AsgTpgAmY7PhCfg==`;
    if (fault === 'endless' || fault === 'drips') return new Response(endless(fault), { headers });
    return new Response(fault === 'other_bytes' ? 'other bytes' : new Uint8Array(bytes), { headers });
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 60, fetch: answer });
  const directory = await mkdtemp(join(tmpdir(), 'kf-google-credentials-'));
  const credentialsPath = join(directory, 'credentials.json');
  const subjectPath = join(directory, 'subject');
  await writeFile(subjectPath, 'made-for-one-test', { mode: 0o600 });
  const credentials = workloadIdentity({ tokenUrl: new URL('/token', server.url).href, subjectPath });
  await writeFile(credentialsPath, JSON.stringify(credentials), { mode: 0o600 });

  return {
    origin: server.url.origin,
    credentialsPath,
    accessToken,
    requests,
    objects,
    describeAs: (metadata) => void (description = metadata),
    lateAnswers: () => lateAnswers,
    failNext: (...next) => void faults.splice(0, faults.length, ...next),
    async stop() {
      await server.stop(true);
      await rm(directory, { recursive: true });
    },
  };
}

const tokenAnswer = {
  access_token: accessToken,
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 3_600,
};

/** Credentials of workload identity federation (RFC 8693 token exchange): the only ones that name their token endpoint. */
function workloadIdentity(input: { readonly tokenUrl: string; readonly subjectPath: string }): unknown {
  return {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/test',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: input.tokenUrl,
    credential_source: { file: input.subjectPath },
  };
}

async function earlyAnswer(fault: CloudStorageFault | undefined): Promise<Response | null> {
  if (fault === 'unavailable') return failure(503, 'backendError');
  if (fault === 'too_many') return failure(429, 'rateLimitExceeded');
  if (fault === 'forbidden') return failure(403, 'forbidden');
  if (fault === 'unauthenticated') return failure(401, 'authError');
  if (fault === 'html_error') return new Response('<html>bad gateway</html>', { status: 502 });
  if (fault === 'redirect') return Response.redirect('http://127.0.0.1:9/elsewhere', 307);
  if (fault === 'silence') return Promise.withResolvers<Response>().promise;
  return null;
}

/** The two parts of multipart/related: the metadata as JSON, and the bytes. */
function partsOf(body: Buffer, contentType: string): StoredObject | undefined {
  const boundary = /boundary=([^;\s]+)/.exec(contentType)?.[1];
  const delimiter = Buffer.from(`--${boundary}`);
  const second = body.indexOf(delimiter, delimiter.length);
  const last = body.lastIndexOf(delimiter);
  if (boundary === undefined || second < 0 || last <= second) return undefined;
  const metadata = contentOf(body.subarray(0, second));
  const bytes = contentOf(body.subarray(second, last));
  // The library writes this JSON; a server for tests need not doubt it.
  return { metadata: JSON.parse(metadata.toString()) as StoredObject['metadata'], bytes: Uint8Array.from(bytes) };
}

/** What stands between the empty line behind the headers of a part and the line end before the next delimiter. */
function contentOf(part: Buffer): Buffer {
  return part.subarray(part.indexOf('\r\n\r\n') + 4, part.length - 2);
}

/** An answer without an end: as fast as it is read, or one byte now and then so that no socket looks idle. */
function endless(fault: 'endless' | 'drips'): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (fault === 'drips') await Bun.sleep(50);
      controller.enqueue(new Uint8Array(fault === 'drips' ? 1 : 1_048_576));
    },
  });
}

function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(bytes));
  return checksum.toString('base64');
}

function failure(code: number, reason: string, message = `made to fail: ${reason}`): Response {
  return Response.json({ error: { code, message, errors: [{ reason, message, domain: 'global' }] } }, { status: code });
}

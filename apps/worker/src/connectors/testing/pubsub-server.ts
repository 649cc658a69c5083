import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the server does with the next request to publish; after the last of a list it takes them. */
export type PubsubFault =
  | 'unavailable'
  | 'permission_denied'
  | 'not_found'
  | 'invalid_argument'
  | 'resource_exhausted'
  | 'too_few_ids'
  | 'html_error'
  /** Takes the messages, and then answers as if it had failed. */
  | 'lost_answer'
  | 'silence';

export interface PublishedMessage {
  readonly data: string;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Which request it came with, from 1. */
  readonly request: number;
}

export interface PubsubServer {
  readonly origin: string;
  /** The path of a service account's key file, for GOOGLE_APPLICATION_CREDENTIALS; its key was made for this server. */
  readonly credentialsPath: string;
  /** What the topic has taken, in order. */
  readonly messages: readonly PublishedMessage[];
  /** Paths of the requests so far, each with an access token. */
  readonly requests: readonly string[];
  failNext(...faults: readonly PubsubFault[]): void;
  stop(): Promise<void>;
}

interface PublishRequest {
  readonly messages: readonly { data: string; orderingKey?: string; attributes?: Record<string, string> }[];
}

/**
 * A local HTTP server that speaks as much of the REST interface of Google Cloud Pub/Sub v1 as publishing needs:
 * `POST /v1/projects/{project}/topics/{topic}:publish`. It keeps to the rule that one request has one ordering key.
 */
export async function startPubsubServer(options: { readonly topic: string }): Promise<PubsubServer> {
  const messages: PublishedMessage[] = [];
  const requests: string[] = [];
  const faults: PubsubFault[] = [];

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    if (!request.headers.get('authorization')?.startsWith('Bearer ')) return failure(401, 'UNAUTHENTICATED');
    if (request.method !== 'POST' || pathname !== `/v1/${options.topic}:publish`) return failure(404, 'NOT_FOUND');
    const { messages: sent } = (await request.json()) as PublishRequest;
    const fault = faults.shift();
    if (fault === 'silence') return Promise.withResolvers<Response>().promise;
    if (fault !== undefined && fault !== 'too_few_ids' && fault !== 'lost_answer') return faultResponse(fault);
    const keys = new Set(sent.map(({ orderingKey = '' }) => orderingKey));
    if (sent.length === 0 || sent.length > 1_000 || keys.size !== 1) return failure(400, 'INVALID_ARGUMENT');
    const number = requests.length;
    for (const { data, orderingKey = '', attributes = {} } of sent) {
      messages.push({ data: Buffer.from(data, 'base64').toString(), orderingKey, attributes, request: number });
    }
    if (fault === 'lost_answer') return faultResponse('unavailable');
    const ids = sent.map((_, at) => `${number}-${at}`);
    return Response.json({ messageIds: fault === 'too_few_ids' ? ids.slice(1) : ids });
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 30, fetch: answer });
  const directory = await mkdtemp(join(tmpdir(), 'kf-pubsub-credentials-'));
  const credentialsPath = join(directory, 'credentials.json');
  await writeFile(credentialsPath, JSON.stringify(serviceAccount()), { mode: 0o600 });
  return {
    origin: server.url.origin,
    credentialsPath,
    messages,
    requests,
    failNext: (...next) => void faults.splice(0, faults.length, ...next),
    async stop() {
      await server.stop(true);
      await rm(directory, { recursive: true });
    },
  };
}

function faultResponse(fault: Exclude<PubsubFault, 'silence' | 'too_few_ids' | 'lost_answer'>): Response {
  if (fault === 'html_error') return new Response('<html>', { status: 502 });
  if (fault === 'permission_denied') return failure(403, 'PERMISSION_DENIED');
  if (fault === 'not_found') return failure(404, 'NOT_FOUND');
  if (fault === 'invalid_argument') return failure(400, 'INVALID_ARGUMENT');
  if (fault === 'resource_exhausted') return failure(429, 'RESOURCE_EXHAUSTED');
  return failure(503, 'UNAVAILABLE');
}

function failure(code: number, status: string): Response {
  return Response.json({ error: { code, message: `made to fail: ${status}`, status } }, { status: code });
}

function serviceAccount(): unknown {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    type: 'service_account',
    project_id: 'sample-project',
    private_key_id: 'made-for-one-test',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'publisher@sample-project.iam.gserviceaccount.com',
    token_uri: 'http://127.0.0.1:9/token',
  };
}

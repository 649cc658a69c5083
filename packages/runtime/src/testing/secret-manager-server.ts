import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../secrets/crc32c.ts';

/** What the server does with the next request for a secret; after the last of a list it answers as stored. */
export type SecretManagerFault =
  | 'wrong_checksum'
  | 'no_checksum'
  | 'other_secret'
  | 'not_json'
  | 'html_error'
  | 'permission_denied'
  | 'unauthenticated'
  | 'failed_precondition'
  | 'resource_exhausted'
  | 'unavailable'
  | 'silence';

export interface SecretManagerServer {
  readonly origin: string;
  /** The path of a service account's key file, for GOOGLE_APPLICATION_CREDENTIALS; its key was made for this server. */
  readonly credentialsPath: string;
  /** Requests so far, as `GET <path>`, each with an access token. */
  readonly requests: readonly string[];
  /** Adds a version and answers its number. */
  addVersion(secret: string, value: Uint8Array): number;
  /** What happens to the next requests, one fault each; replaces what is left of an earlier list. */
  failNext(...faults: readonly SecretManagerFault[]): void;
  stop(): Promise<void>;
}

/**
 * A local HTTP server that speaks as much of the REST interface of Google Secret Manager v1 as reading needs:
 * `GET /v1/projects/{project}/secrets/{secret}/versions/{version|latest}:access`.
 */
export async function startSecretManagerServer(options: { readonly projectId: string }): Promise<SecretManagerServer> {
  const versions = new Map<string, Uint8Array[]>();
  const requests: string[] = [];
  const faults: SecretManagerFault[] = [];
  const path = new RegExp(`^/v1/projects/${options.projectId}/secrets/([^/]+)/versions/(latest|\\d+):access$`);

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    if (!request.headers.get('authorization')?.startsWith('Bearer ')) return failure(401, 'UNAUTHENTICATED');
    const [, secret = '', version = ''] = path.exec(pathname) ?? [];
    const all = versions.get(secret) ?? [];
    const number = version === 'latest' ? all.length : Number(version);
    const value = all[number - 1];
    const fault = faults.shift();
    if (value === undefined) return failure(404, 'NOT_FOUND');
    if (fault === 'silence') return Promise.withResolvers<Response>().promise;
    return failureOf(fault, value) ?? Response.json(accessed({ secret, number, value, fault }));
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 30, fetch: answer });
  const directory = await mkdtemp(join(tmpdir(), 'kf-google-credentials-'));
  const credentialsPath = join(directory, 'credentials.json');
  await writeFile(credentialsPath, JSON.stringify(serviceAccount(options.projectId)), { mode: 0o600 });

  return {
    origin: server.url.origin,
    credentialsPath,
    requests,
    addVersion(secret, value) {
      const all = versions.get(secret) ?? [];
      versions.set(secret, [...all, value.slice()]);
      return all.length + 1;
    },
    failNext: (...next) => void faults.splice(0, faults.length, ...next),
    async stop() {
      await server.stop(true);
      await rm(directory, { recursive: true });
    },
  };
}

function accessed(version: {
  readonly secret: string;
  readonly number: number;
  readonly value: Uint8Array;
  readonly fault: SecretManagerFault | undefined;
}): unknown {
  const { secret, number, value, fault } = version;
  const checksum = fault === 'wrong_checksum' ? crc32c(value) ^ 1 : crc32c(value);
  return {
    // Google answers with the number of the project, whatever was asked for.
    name: `projects/4711/secrets/${fault === 'other_secret' ? 'another' : secret}/versions/${number}`,
    payload: {
      data: Buffer.from(value).toString('base64'),
      ...(fault === 'no_checksum' ? {} : { dataCrc32c: String(checksum >>> 0) }),
    },
  };
}

function failureOf(fault: SecretManagerFault | undefined, value: Uint8Array): Response | null {
  const text = Buffer.from(value).toString();
  if (fault === 'not_json') return new Response(`{"payload": ${text}`);
  if (fault === 'html_error') return new Response(`<html>${text}</html>`, { status: 502 });
  if (fault === 'permission_denied') return failure(403, 'PERMISSION_DENIED');
  if (fault === 'unauthenticated') return failure(401, 'UNAUTHENTICATED');
  if (fault === 'failed_precondition') return failure(400, 'FAILED_PRECONDITION');
  if (fault === 'resource_exhausted') return failure(429, 'RESOURCE_EXHAUSTED');
  if (fault === 'unavailable') return failure(503, 'UNAVAILABLE');
  return null;
}

function failure(code: number, status: string): Response {
  return Response.json({ error: { code, message: `made to fail: ${status}`, status } }, { status: code });
}

function serviceAccount(projectId: string): unknown {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    type: 'service_account',
    project_id: projectId,
    private_key_id: 'made-for-one-test',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: `reader@${projectId}.iam.gserviceaccount.com`,
    token_uri: 'http://127.0.0.1:9/token',
  };
}

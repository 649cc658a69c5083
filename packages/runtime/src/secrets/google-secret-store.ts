import type { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { runtimeLimits } from '../runtime-limits.ts';
import { crc32c } from './crc32c.ts';
import { parseSecretReference, type SecretAddress, type SecretReference } from './secret-reference.ts';
import { invalidReference, type SecretProblem, type SecretStore, SecretUnavailable } from './secret-store.ts';

export interface GoogleSecretStoreOptions {
  readonly projectId: string;
  /** Another origin than Google's, for tests. Plain http is for loopback only: the request carries an access token. */
  readonly apiEndpoint?: string;
  /** For one read with all of its attempts. */
  readonly deadlineMilliseconds?: number;
}

/** What the library answers; its own types allow every field to be anything. */
interface AccessResponse {
  readonly name?: unknown;
  readonly payload?: { readonly data?: unknown; readonly dataCrc32c?: unknown } | null;
}

type AccessCall = (
  request: { readonly name: string },
  options: { readonly timeout: number; readonly retry: null },
) => Promise<readonly [AccessResponse, ...unknown[]]>;

/** google.rpc.Code: which failures say what, and which are worth another attempt. */
const problems: Readonly<
  Record<number, { readonly code: SecretProblem; readonly detail: string; readonly again?: true }>
> = {
  4: { code: 'deadline_exceeded', detail: 'Secret Manager did not answer in time', again: true },
  5: { code: 'not_found', detail: 'does not exist in Secret Manager, or this version does not' },
  7: { code: 'access_denied', detail: 'may not be read by this identity (secretmanager.versions.access)' },
  8: { code: 'store_unavailable', detail: 'Secret Manager refuses more requests for now', again: true },
  9: { code: 'access_denied', detail: 'its version is disabled or destroyed' },
  13: { code: 'store_unavailable', detail: 'Secret Manager failed', again: true },
  14: { code: 'store_unavailable', detail: 'Secret Manager cannot be reached or failed', again: true },
  16: { code: 'access_denied', detail: 'Secret Manager does not accept the credentials of this process' },
};
const otherProblem = { code: 'store_unavailable', detail: 'Secret Manager could not be asked' } as const;

/**
 * Secrets of Google Secret Manager, by its library in REST mode: gRPC is not needed. Credentials are the application
 * default ones. The library is loaded with the first read, so that processes with another store do not pay for it.
 */
export function createGoogleSecretStore(options: GoogleSecretStoreOptions): SecretStore {
  const endpoint = readEndpoint(options.apiEndpoint);
  const deadlineMilliseconds = options.deadlineMilliseconds ?? runtimeLimits.secretReadDeadlineMilliseconds;
  let client: Promise<SecretManagerServiceClient> | undefined;

  async function connect(): Promise<SecretManagerServiceClient> {
    const { SecretManagerServiceClient: Client } = await import('@google-cloud/secret-manager');
    return new Client({ projectId: options.projectId, fallback: true, ...endpoint });
  }

  async function ready(): Promise<SecretManagerServiceClient> {
    client ??= connect();
    try {
      const connected = await client;
      await connected.initialize();
      return connected;
    } catch (error) {
      // The library keeps a failed start for ever; credentials that were not there yet may be there the next time.
      client = undefined;
      throw error;
    }
  }

  async function access(question: {
    readonly name: string;
    readonly timeoutMilliseconds: number;
  }): Promise<AccessResponse> {
    const connected = await ready();
    // The method of the class writes every response, with the secret, to its debug log; the call beneath it does not.
    const call = connected.innerApiCalls['accessSecretVersion'] as unknown as AccessCall;
    const [response] = await call({ name: question.name }, { timeout: question.timeoutMilliseconds, retry: null });
    return response;
  }

  async function readInTime(reference: SecretReference, address: SecretAddress): Promise<Uint8Array> {
    const name = `projects/${options.projectId}/secrets/${address.name}/versions/${address.version ?? 'latest'}`;
    const deadline = performance.now() + deadlineMilliseconds;
    for (let attempt = 1; ; attempt += 1) {
      // Half of the time for each attempt, so that one lost request leaves time for another.
      const timeoutMilliseconds = Math.max(
        1,
        Math.floor(Math.min(deadline - performance.now(), deadlineMilliseconds / 2)),
      );
      try {
        return bytesOf(reference, address, await access({ name, timeoutMilliseconds }));
      } catch (error) {
        const problem = problemOf(error);
        const delay = runtimeLimits.secretRetryDelayMilliseconds * 2 ** attempt;
        const exhausted = attempt >= runtimeLimits.secretReadAttempts || performance.now() + delay >= deadline;
        if (error instanceof SecretUnavailable) throw error;
        if (!problem.again || exhausted) throw new SecretUnavailable({ ...problem, reference });
        await Bun.sleep(delay);
      }
    }
  }

  return {
    async read(reference) {
      const address = parseSecretReference(reference);
      if (address === null) throw invalidReference();
      // The timeout of the call does not cover fetching an access token before it.
      return within({ reference, milliseconds: deadlineMilliseconds, work: readInTime(reference, address) });
    },
  };
}

function problemOf(error: unknown): { readonly code: SecretProblem; readonly detail: string; readonly again?: true } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof code === 'number' ? problems[code] : undefined) ?? otherProblem;
}

/** The bytes of a response, when it is the one that was asked for and arrived as it was stored. */
function bytesOf(reference: string, address: SecretAddress, response: AccessResponse): Uint8Array {
  const corrupt = (detail: string) => new SecretUnavailable({ code: 'value_corrupt', reference, detail });
  const { data, dataCrc32c } = response.payload ?? {};
  if (!(data instanceof Uint8Array)) throw corrupt('the response has no data');
  if (data.byteLength > runtimeLimits.secretBytes) throw corrupt(`is larger than ${runtimeLimits.secretBytes} bytes`);
  // Google answers with the project's number and the version that "latest" stands for.
  const answered = /^projects\/[^/]+\/secrets\/([^/]+)\/versions\/(\d+)$/.exec(String(response.name));
  if (answered?.[1] !== address.name) throw corrupt('the response is about another secret');
  if (address.version !== null && answered[2] !== address.version)
    throw corrupt('the response is about another version');
  if (String(dataCrc32c) !== String(crc32c(data))) throw corrupt('the checksum (CRC32C) does not match');
  return Uint8Array.from(data);
}

function readEndpoint(origin: string | undefined): Record<string, string | number> {
  if (origin === undefined) return {};
  const url = new URL(origin);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new TypeError('the endpoint of Secret Manager must be https, or http on loopback');
  }
  const protocol = url.protocol.slice(0, -1);
  return { apiEndpoint: url.hostname, protocol, port: Number(url.port) || (protocol === 'https' ? 443 : 80) };
}

async function within<T>(limit: {
  readonly reference: string;
  readonly milliseconds: number;
  readonly work: Promise<T>;
}): Promise<T> {
  const { reference, milliseconds, work } = limit;
  let timer: Timer | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    const detail = `Secret Manager did not answer within ${milliseconds} ms`;
    timer = setTimeout(
      () => reject(new SecretUnavailable({ code: 'deadline_exceeded', reference, detail })),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
    // The loser of the race still ends some day; nobody is left to hear of its failure.
    work.catch(() => undefined);
  }
}

import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import { errorCatalogue, isErrorCode } from '@karmanflow/schema';
import * as v from 'valibot';
import type { CommandOutcome, ReadOutcome } from './history.ts';

export interface CommandRequest {
  /** For example `reservation.create`. */
  readonly command: string;
  readonly key: string;
  /** JSON text. */
  readonly body: string;
  readonly apiKey: string;
  /** How long the API may take; null for its own limit. */
  readonly patienceMilliseconds: number | null;
}

export interface ApiClient {
  /** Sends a command once. Never throws: what cannot be told is an outcome too. */
  send(request: CommandRequest): Promise<CommandOutcome>;
  readReservation(request: { reservationId: string; apiKey: string }): Promise<ReadOutcome>;
  /** True when the process says that it can serve. */
  isReady(): Promise<boolean>;
  /** The published keys, parsed JSON. Throws when they cannot be fetched. */
  fetchKeySet(): Promise<unknown>;
}

const requestTimeoutMilliseconds = 20_000;
/** Answers without a receipt that promise that the request did nothing, and may be repeated. */
const nothingDoneCodes = new Set(['overloaded', 'draining', 'deadline_exceeded', 'database_unavailable']);

const answerShape = v.looseObject({
  data: v.optional(v.unknown()),
  replayed: v.optional(v.boolean(), false),
  receipt: v.strictObject({
    receipt: v.looseObject({ status: v.picklist(['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL']) }),
    hash: v.string(),
    signature: v.strictObject({ algorithm: v.string(), keyId: v.string(), value: v.string() }),
  }),
});
const problemShape = v.looseObject({ code: v.string() });
const readShape = v.looseObject({
  data: v.looseObject({ version: v.number(), status: v.string(), reference: v.nullable(v.string()) }),
});

/** The console-api over HTTP, as a client sees it that believes nothing but what it is told. */
export function createApiClient(options: { readonly url: string }): ApiClient {
  async function request(path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    const response = await fetch(new URL(path, options.url), {
      ...init,
      signal: AbortSignal.timeout(requestTimeoutMilliseconds),
    });
    return { response, text: await response.text() };
  }

  return {
    async send({ command, key, body, apiKey, patienceMilliseconds }) {
      const deadline =
        patienceMilliseconds === null ? {} : { 'x-karmanflow-deadline-milliseconds': String(patienceMilliseconds) };
      const always = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key };
      try {
        const { response, text } = await request(`/v1/${command.replace('.', '/')}`, {
          method: 'POST',
          headers: { ...always, ...deadline },
          body,
        });
        return commandOutcome({
          httpStatus: response.status,
          requestId: response.headers.get('x-karmanflow-request-id'),
          text,
        });
      } catch (error) {
        return { kind: 'unknown', httpStatus: null, reason: reasonOf(error) };
      }
    },
    async readReservation({ reservationId, apiKey }) {
      try {
        const { response, text } = await request(`/v1/reservation/get?reservationId=${reservationId}`, {
          headers: { authorization: `Bearer ${apiKey}` },
        });
        if (response.status === 404) return { kind: 'missing' };
        const parsed = v.safeParse(readShape, parseJson(text));
        if (response.status !== 200 || !parsed.success) return { kind: 'unknown', reason: `status ${response.status}` };
        const { version, status, reference } = parsed.output.data;
        return { kind: 'found', version, status, reference };
      } catch (error) {
        return { kind: 'unknown', reason: reasonOf(error) };
      }
    },
    async isReady() {
      const answer = await fetch(new URL('/readyz', options.url), { signal: AbortSignal.timeout(2_000) }).catch(
        () => null,
      );
      return answer?.ok ?? false;
    },
    async fetchKeySet() {
      const { response, text } = await request('/.well-known/karmanflow/receipt-keys.json', {});
      if (!response.ok) throw new Error(`the published keys cannot be fetched: status ${response.status}`);
      return JSON.parse(text);
    },
  };
}

/** What an answer says of its command. Exported for its test. */
export function commandOutcome(answer: { httpStatus: number; requestId: string | null; text: string }): CommandOutcome {
  const { httpStatus, requestId, text } = answer;
  const json = parseJson(text);
  const attested = v.safeParse(answerShape, json);
  if (attested.success) {
    const { receipt: document, data, replayed } = attested.output;
    const receipt = canonicalText(document.receipt);
    return {
      kind: 'receipt',
      status: document.receipt.status,
      httpStatus,
      replayed,
      requestId,
      receipt,
      hash: document.hash,
      signature: document.signature,
      isVerbatim: text.includes(receipt),
      data: data === undefined || data === null ? null : canonicalText(data),
    };
  }
  const problem = v.safeParse(problemShape, json);
  if (!problem.success) return { kind: 'unknown', httpStatus, reason: `an answer of ${text.length} characters` };
  const { code } = problem.output;
  if (nothingDoneCodes.has(code)) return { kind: 'nothing_done', httpStatus, code, requestId };
  const isFinal = httpStatus >= 400 && httpStatus < 500 && isErrorCode(code) && !errorCatalogue[code].retryable;
  if (isFinal) return { kind: 'rejected', httpStatus, code, requestId };
  return { kind: 'unknown', httpStatus, reason: code };
}

function canonicalText(value: unknown): string {
  // What JSON.parse returned is JSON.
  return new TextDecoder().decode(canonicalBytes(value as JsonValue));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

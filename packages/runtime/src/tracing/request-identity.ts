import { type Id, idPrefixes, isId, newId, type UuidSource } from '@karmanflow/schema';
import { runtimeLimits } from '../runtime-limits.ts';
import { mintTraceparent, parseTraceparent, formatTraceparent, type RandomBytes } from './traceparent.ts';
import { parseTracestate } from './tracestate.ts';

/** The headers that carry the identity of a request across hops. */
export const identityHeaders = {
  correlationId: 'x-karmanflow-correlation-id',
  requestId: 'x-karmanflow-request-id',
  causationId: 'x-karmanflow-causation-id',
  externalCorrelationId: 'x-karmanflow-external-correlation-id',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const;

/** Who this piece of work is, over all of its hops. It is on the receipt, each event, each delivery and each log line. */
export interface RequestIdentity {
  /** One id over retries, jobs, callbacks, receipts and logs. Accepted from the caller, or minted at ingress. */
  readonly correlationId: Id<'correlation'>;
  /** One HTTP request, queue attempt or worker attempt. Always minted here. */
  readonly requestId: Id<'request'>;
  /** The id of the command, event, job or delivery attempt that directly caused this one. */
  readonly causationId: string | null;
  /** An id that belongs to the partner, kept apart from ours. */
  readonly externalCorrelationId: string | null;
  /** Version 00: what the caller sent, or a new trace. Our own spans are its children. */
  readonly traceparent: string;
  readonly tracestate: string | null;
}

export type RequestIdentityResult =
  | { readonly ok: true; readonly identity: RequestIdentity }
  | { readonly ok: false; readonly header: string; readonly detail: string };

/** What is asked of headers: `Headers` of the platform has it. Several lines of one name arrive joined by a comma. */
export interface HeaderSource {
  get(name: string): string | null;
}

export interface IdentitySources {
  readonly uuidSource: UuidSource;
  readonly randomBytes: RandomBytes;
}

const uuid7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const visibleAscii = /^[\x21-\x7e]+$/;

/**
 * Reads who a request is. The refusal maps to the error code `header_invalid` and never repeats the header's value.
 *
 * A malformed `traceparent` is not refused but ignored, with its `tracestate`, and a new trace begins: W3C Trace Context
 * section 4.3. A request id from outside is ignored as well: each hop has its own.
 */
export function readRequestIdentity(headers: HeaderSource, sources: IdentitySources): RequestIdentityResult {
  const correlationId = headers.get(identityHeaders.correlationId);
  if (correlationId !== null && !isCorrelationId(correlationId)) {
    return refuse(
      identityHeaders.correlationId,
      `must be ${idPrefixes.correlation}_ and a UUID version 7 in lower case`,
    );
  }
  const causationId = headers.get(identityHeaders.causationId);
  if (causationId !== null && !isToken({ text: causationId, charactersMax: runtimeLimits.causationIdCharacters })) {
    return refuse(identityHeaders.causationId, tokenRule(runtimeLimits.causationIdCharacters));
  }
  const external = headers.get(identityHeaders.externalCorrelationId);
  if (external !== null && !isToken({ text: external, charactersMax: runtimeLimits.externalCorrelationIdCharacters })) {
    return refuse(identityHeaders.externalCorrelationId, tokenRule(runtimeLimits.externalCorrelationIdCharacters));
  }
  return {
    ok: true,
    identity: {
      correlationId: correlationId ?? newId('correlation', sources.uuidSource),
      requestId: newId('request', sources.uuidSource),
      causationId,
      externalCorrelationId: external,
      ...readTrace(headers, sources.randomBytes),
    },
  };
}

function readTrace(
  headers: HeaderSource,
  randomBytes: RandomBytes,
): Pick<RequestIdentity, 'traceparent' | 'tracestate'> {
  const parent = parseTraceparent(headers.get(identityHeaders.traceparent) ?? '');
  if (parent === null) return { traceparent: mintTraceparent(randomBytes), tracestate: null };
  return {
    traceparent: formatTraceparent(parent),
    tracestate: parseTracestate(headers.get(identityHeaders.tracestate) ?? ''),
  };
}

function isCorrelationId(text: string): text is Id<'correlation'> {
  return isId('correlation', text) && uuid7Pattern.test(text.slice(idPrefixes.correlation.length + 1));
}

function isToken(question: { readonly text: string; readonly charactersMax: number }): boolean {
  return question.text.length <= question.charactersMax && visibleAscii.test(question.text);
}

function tokenRule(charactersMax: number): string {
  return `must be one to ${charactersMax} visible ASCII characters`;
}

function refuse(header: string, rule: string): RequestIdentityResult {
  return { ok: false, header, detail: `${header} ${rule}` };
}

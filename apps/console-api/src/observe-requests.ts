import {
  activeTraceparent,
  identityHeaders,
  type Logger,
  parseTraceparent,
  problem,
  readRequestIdentity,
  type RequestIdentity,
  type RequestIdentityResult,
  runWithIdentity,
  type Telemetry,
  withSpan,
} from '@karmanflow/runtime';
import type { Context, Handler } from 'hono';
import { isDatabaseFailure } from './database-failure.ts';
import type { Exchange, ExchangeHandler, ExchangeNotes } from './exchange.ts';
import type { HttpMetrics } from './http-metrics.ts';

export interface RequestObserver {
  readonly tracer: Telemetry['tracer'];
  readonly logger: Logger;
  readonly httpMetrics: HttpMetrics;
}

const identitySources = {
  uuidSource: () => Bun.randomUUIDv7(),
  randomBytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)),
};
const nobody = { get: () => null };
/** SpanStatusCode.ERROR of OpenTelemetry. */
const spanFailed = 2;
/** RFC 9110 section 9 and RFC 5789. Any other word is the caller's own, and is not repeated. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Makes a handler for one route: one span, one log line and one observation for each of its requests, all joined by the
 * trace id, and the ids of the request on the answer. Neither the log nor the span ever holds a path, a query string, a
 * body or a header's value: any of them may carry a credential.
 */
export function observeRequests(
  observer: RequestObserver,
  { route, handle }: { readonly route: string; readonly handle: ExchangeHandler },
): Handler {
  return (context) => observe({ observer, route, handle, context, request: context.req.raw });
}

interface Observation {
  readonly observer: RequestObserver;
  readonly route: string;
  readonly handle: ExchangeHandler;
  readonly context: Context;
  readonly request: Request;
}

function observe(observation: Observation): Promise<Response> {
  const { observer, route, request } = observation;
  const startedAt = performance.now();
  const read = readRequestIdentity(request.headers, identitySources);
  const identity = read.ok ? read.identity : mintIdentity();
  const method = knownMethods.has(request.method) ? request.method : 'OTHER';
  const parent = request.headers.get(identityHeaders.traceparent);
  const continues = parent !== null && parseTraceparent(parent) !== null;
  return withSpan(
    observer.tracer,
    `${method} ${route}`,
    {
      kind: 'server',
      attributes: { 'http.request.method': method, 'http.route': route },
      // A trace that begins here has this span as its root, not one that nobody sent.
      ...(continues ? { parent: identity.traceparent } : {}),
    },
    (span) => {
      const traced = { ...identity, traceparent: activeTraceparent() ?? identity.traceparent };
      return runWithIdentity(traced, async () => {
        const notes: ExchangeNotes = {};
        const response = await answer(observation, { read, identity: traced, notes });
        span.setAttribute('http.response.status_code', response.status);
        if (response.status >= 500) span.setStatus({ code: spanFailed });
        identify(response.headers, traced);
        finish(observation, { method, status: response.status, milliseconds: performance.now() - startedAt, notes });
        return response;
      });
    },
  );
}

function mintIdentity(): RequestIdentity {
  const minted = readRequestIdentity(nobody, identitySources);
  if (!minted.ok) throw new Error('a request without headers has an identity');
  return minted.identity;
}

async function answer(
  { observer, handle, context, request }: Observation,
  { read, identity, notes }: { read: RequestIdentityResult; identity: RequestIdentity; notes: ExchangeNotes },
): Promise<Response> {
  if (!read.ok) {
    notes.outcome = 'header_invalid';
    return problem('header_invalid', { detail: read.detail });
  }
  const exchange: Exchange = { request, identity, parameter: (name) => context.req.param(name) ?? '', notes };
  try {
    return await handle(exchange);
  } catch (error) {
    const code = isDatabaseFailure(error) ? 'database_unavailable' : 'internal_error';
    notes.outcome = code;
    observer.logger.error({ err: error, code }, 'request failed');
    return problem(code);
  }
}

/** W3C Trace Context names no header of an answer; this one tells a caller without a trace where to look. */
function identify(headers: Headers, identity: RequestIdentity): void {
  headers.set(identityHeaders.requestId, identity.requestId);
  headers.set(identityHeaders.correlationId, identity.correlationId);
  headers.set(identityHeaders.traceparent, identity.traceparent);
}

function finish(
  { observer, route }: Observation,
  done: {
    readonly method: string;
    readonly status: number;
    readonly milliseconds: number;
    readonly notes: ExchangeNotes;
  },
): void {
  const { method, status, notes } = done;
  const milliseconds = Math.round(done.milliseconds * 1000) / 1000;
  observer.httpMetrics.record({ route, method, status, milliseconds });
  const line = { method, route, status, milliseconds, ...notes };
  if (status >= 500) observer.logger.warn(line, 'request');
  else observer.logger.info(line, 'request');
}

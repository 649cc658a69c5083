import {
  activeTraceparent,
  identityHeaders,
  type Logger,
  parseTraceparent,
  readRequestIdentity,
  type RequestIdentity,
  runWithIdentity,
  type Telemetry,
  withSpan,
} from '@karmanflow/runtime';
import type { MiddlewareHandler } from 'hono';
import { type IngestMetrics, type Route, routeOf } from '../ingest-metrics.ts';

export interface RequestObserver {
  readonly metrics: Pick<IngestMetrics, 'request'>;
  readonly logger: Logger;
  readonly tracer: Telemetry['tracer'];
  readonly uuidSource: () => string;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly monotonicNow: () => number;
}

export type ObservedVariables = { Variables: { identity: RequestIdentity } };

/** SpanStatusCode.ERROR of OpenTelemetry. */
const spanFailed = 2;
const methodPattern = /^[A-Z]{1,16}$/;
const traceHeaders: ReadonlySet<string> = new Set([identityHeaders.traceparent, identityHeaders.tracestate]);

/**
 * One span, one line and one measurement for each request, and its ids on the answer. The path is told as its pattern:
 * addresses are endless. Of the request's headers only the trace is believed, since a partner signs none of them.
 */
export function observeRequest(observer: RequestObserver): MiddlewareHandler<ObservedVariables> {
  return async (context, next) => {
    const startedAt = observer.monotonicNow();
    const { headers, method: givenMethod } = context.req.raw;
    const method = methodPattern.test(givenMethod) ? givenMethod : 'OTHER';
    const route = routeOf(context.req.path);
    const identity = identify(headers, observer);
    const attributes = { 'http.request.method': method, 'http.route': route };
    // A trace that begins here has this span as its root, not one that nobody sent.
    const parent = parseTraceparent(headers.get(identityHeaders.traceparent) ?? '')
      ? { parent: identity.traceparent }
      : {};
    await withSpan(observer.tracer, `${method} ${route}`, { kind: 'server', attributes, ...parent }, async (span) => {
      const traced = { ...identity, traceparent: activeTraceparent() ?? identity.traceparent };
      context.set('identity', traced);
      await runWithIdentity(traced, async () => {
        await next();
        const { status, headers: answered } = context.res;
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) span.setStatus({ code: spanFailed });
        answered.set(identityHeaders.requestId, traced.requestId);
        answered.set(identityHeaders.correlationId, traced.correlationId);
        answered.set(identityHeaders.traceparent, traced.traceparent);
        finish(observer, { route, method, status, milliseconds: observer.monotonicNow() - startedAt });
      });
    });
  };
}

function identify(headers: Headers, observer: RequestObserver): RequestIdentity {
  const believed = { get: (name: string) => (traceHeaders.has(name) ? headers.get(name) : null) };
  const read = readRequestIdentity(believed, observer);
  if (!read.ok) throw new Error(`a header that was not read was refused: ${read.header}`);
  return read.identity;
}

function finish(
  { metrics, logger }: RequestObserver,
  request: { readonly route: Route; readonly method: string; readonly status: number; readonly milliseconds: number },
): void {
  const milliseconds = Math.round(request.milliseconds * 1000) / 1000;
  metrics.request({ ...request, milliseconds });
  if (request.status >= 500) logger.warn({ ...request, milliseconds }, 'request');
  else if (request.route === '/healthz' || request.route === '/readyz')
    logger.debug({ ...request, milliseconds }, 'request');
  else logger.info({ ...request, milliseconds }, 'request');
}

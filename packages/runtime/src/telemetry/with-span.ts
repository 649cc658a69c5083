import {
  type Attributes,
  context,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { scrubText } from '../logging/scrub-text.ts';
import { runtimeLimits } from '../runtime-limits.ts';
import { formatTraceparent, parseTraceparent } from '../tracing/traceparent.ts';

export interface SpanOptions {
  /** internal unless given. */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Ids, names and counts. Never payloads, SQL values, or anything that names a person. */
  readonly attributes?: Attributes;
  /** A `traceparent` from outside that the span is a child of; the active span unless given. */
  readonly parent?: string;
  /** `traceparent`s of work that this span belongs to without being its child, as when it was queued in between. */
  readonly links?: readonly string[];
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/**
 * Runs `work` inside a span, which is the active one until it ends, also after an await. An error marks the span and is
 * thrown on. Without telemetry nothing but `work` happens.
 */
export async function withSpan<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  work: (span: Span) => T | Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[options.kind ?? 'internal'],
      links: (options.links ?? []).flatMap(linkTo),
      ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
    },
    parentOf(options.parent),
  );
  // Nothing to be active in: the tracer is that of a process without telemetry.
  if (!trace.isSpanContextValid(span.spanContext())) return work(span);
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work(span);
    } catch (error) {
      recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The `traceparent` of the active span, for a request to somewhere else or to keep with a queued job; null without one. */
export function activeTraceparent(): string | null {
  const active = trace.getActiveSpan()?.spanContext();
  if (active === undefined || !trace.isSpanContextValid(active)) return null;
  return formatTraceparent({
    traceId: active.traceId,
    spanId: active.spanId,
    sampled: (active.traceFlags & TraceFlags.SAMPLED) !== 0,
    randomTraceId: false,
  });
}

/** The type of the error and its message without credentials: a stack or a driver's detail can hold anyone's data. */
function recordError(span: Span, error: unknown): void {
  const type = error instanceof Error ? error.name : typeof error;
  const message = error instanceof Error ? scrubText(error.message).slice(0, runtimeLimits.spanErrorCharacters) : '';
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function parentOf(traceparent: string | undefined): Context {
  const remote = traceparent === undefined ? null : spanContextOf(traceparent);
  return remote === null ? context.active() : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function linkTo(traceparent: string): Link[] {
  const remote = spanContextOf(traceparent);
  return remote === null ? [] : [{ context: remote }];
}

function spanContextOf(traceparent: string) {
  const parent = parseTraceparent(traceparent);
  if (parent === null) return null;
  const traceFlags = parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return { traceId: parent.traceId, spanId: parent.spanId, traceFlags, isRemote: true };
}

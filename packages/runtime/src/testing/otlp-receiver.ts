import * as v from 'valibot';
import { waitUntil } from './wait-until.ts';

export type SpanAttribute = string | number | boolean | readonly string[];

/** A span as it arrived: enough to check what was traced and under which parent. */
export interface ReceivedSpan {
  readonly name: string;
  readonly serviceName: string;
  /** What is said about the process as a whole. */
  readonly resource: Readonly<Record<string, SpanAttribute>>;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, SpanAttribute>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  readonly failureMessage: string;
}

export interface OtlpReceiver {
  /** For `startTelemetry` and OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** Every path that was asked for, to see that nothing but traces is sent. */
  readonly paths: readonly string[];
  /** The one span of that name; throws when there is none, or several. */
  span(name: string): ReceivedSpan;
  /** Waits until that many spans have arrived. */
  waitForSpans(count: number): Promise<void>;
  stop(): Promise<void>;
}

const valueShape = v.object({
  stringValue: v.optional(v.string()),
  intValue: v.optional(v.union([v.string(), v.number()])),
  doubleValue: v.optional(v.number()),
  boolValue: v.optional(v.boolean()),
  arrayValue: v.optional(
    v.object({ values: v.optional(v.array(v.object({ stringValue: v.optional(v.string(), '') })), []) }),
  ),
});
const attributesShape = v.optional(v.array(v.object({ key: v.string(), value: valueShape })), []);
const spanShape = v.object({
  name: v.string(),
  kind: v.number(),
  traceId: v.string(),
  spanId: v.string(),
  parentSpanId: v.optional(v.string(), ''),
  attributes: attributesShape,
  links: v.optional(v.array(v.object({ traceId: v.string(), spanId: v.string() })), []),
  status: v.optional(v.object({ code: v.optional(v.number(), 0), message: v.optional(v.string(), '') }), {}),
});
/** ExportTraceServiceRequest in JSON, opentelemetry-proto v1. */
const requestShape = v.object({
  resourceSpans: v.array(
    v.object({
      resource: v.object({ attributes: attributesShape }),
      scopeSpans: v.array(v.object({ spans: v.array(spanShape) })),
    }),
  ),
});

const statusError = 2;

/** A local collector: takes OTLP traces as JSON over HTTP and keeps them, for tests. Refuses whatever else arrives. */
export function startOtlpReceiver(): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  const paths: string[] = [];

  async function receive(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    if (request.method !== 'POST' || pathname !== '/v1/traces') return new Response(null, { status: 404 });
    const body: unknown = await request.json().catch(() => null);
    const parsed = v.safeParse(requestShape, body);
    if (!parsed.success) return new Response(null, { status: 400 });
    for (const { resource, scopeSpans } of parsed.output.resourceSpans) {
      const about = attributesOf(resource.attributes);
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push(spanOf(span, about));
    }
    return Response.json({ partialSuccess: {} });
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: receive });
  return {
    endpoint: server.url.origin,
    spans,
    paths,
    span(name) {
      const found = spans.filter((span) => span.name === name);
      const [only] = found;
      if (only === undefined || found.length > 1) throw new Error(`${found.length} spans are named ${name}`);
      return only;
    },
    waitForSpans: (count) => waitUntil({ what: `${count} spans`, condition: () => spans.length >= count }),
    stop: () => server.stop(true),
  };
}

function spanOf(span: v.InferOutput<typeof spanShape>, resource: ReceivedSpan['resource']): ReceivedSpan {
  const { status, attributes, ...rest } = span;
  return {
    ...rest,
    serviceName: String(resource['service.name']),
    resource,
    attributes: attributesOf(attributes),
    failed: status.code === statusError,
    failureMessage: status.message ?? '',
  };
}

function attributesOf(list: v.InferOutput<typeof attributesShape>): Record<string, SpanAttribute> {
  return Object.fromEntries(list.map(({ key, value }) => [key, attributeOf(value)]));
}

function attributeOf(value: v.InferOutput<typeof valueShape>): SpanAttribute {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map((item) => item.stringValue);
  // OTLP writes 64-bit integers as text in JSON.
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue ?? '';
}

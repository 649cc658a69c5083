import { context, diag, DiagLogLevel, trace, type Tracer } from '@opentelemetry/api';
import type { Logger } from '../logging/logger.ts';
import { runtimeLimits } from '../runtime-limits.ts';
import { createDiagnosticLogger } from './diagnostic-logger.ts';

export interface TelemetryOptions {
  /** `service.name` of every span: which process it comes from. */
  readonly serviceName: string;
  /** Base address of a collector that takes OTLP over HTTP, without /v1/traces; null for no spans at all. */
  readonly endpoint: string | null;
  /** Told, at most once a minute, when spans are lost. */
  readonly logger?: Logger;
}

export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is queued, for at most 1.5 seconds, and never fails: telemetry must not eat the time to stop in. */
  shutdown(): Promise<void>;
}

/**
 * Starts tracing for the process. Spans are made by hand (`withSpan`), since automatic instrumentation silently does
 * nothing in a bundle. The queue is bounded and an unreachable collector costs spans, never time or a request.
 * Sampling follows the standard variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { endpoint, serviceName, logger } = options;
  if (endpoint === null) return { tracer: trace.getTracer(serviceName), shutdown: async () => undefined };
  // Loaded here, because the SDK is a quarter of a second of start-up that a process without a collector is spared.
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  if (logger !== undefined) {
    const diagnostics = createDiagnosticLogger({ logger, now: () => performance.now() });
    diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }
  const sdk = new NodeSDK({
    serviceName,
    traceExporter: new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
      timeoutMillis: runtimeLimits.spanExportTimeoutMilliseconds,
      // The last flush sends the whole queue at once, in batches; those beyond this limit would be dropped.
      concurrencyLimit: runtimeLimits.spanExportsAtOnce,
    }),
    // Traces only. Empty lists keep the SDK from exporting metrics and logs, which it would by default; the detectors
    // would put the host, the user and the command line on every span; headers are read and written by our own code.
    metricReaders: [],
    logRecordProcessors: [],
    autoDetectResources: false,
    textMapPropagator: null,
    instrumentations: [],
  });
  sdk.start();
  return {
    tracer: trace.getTracer(serviceName),
    async shutdown() {
      await endInTime(sdk.shutdown());
      trace.disable();
      context.disable();
      diag.disable();
    },
  };
}

async function endInTime(work: Promise<void>): Promise<void> {
  let timer: Timer | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, runtimeLimits.telemetryShutdownMilliseconds);
  });
  await Promise.race([work.catch(() => undefined), expired]);
  clearTimeout(timer);
}

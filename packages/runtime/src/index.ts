export { ArchiveUnavailable, type ArchiveProblem } from './archive/archive-unavailable.ts';
export { createFolderArchive } from './archive/folder-archive.ts';
export { createGcsArchive, type GcsArchive, type GcsArchiveOptions } from './archive/gcs-archive.ts';
export { type LogArchive, type LogArchiveSettings, readLogArchiveSettings } from './archive/log-archive.ts';
export { logVariables } from './archive/log-variables.ts';
export { ArchiveRefused, openLogArchive, type OpenLogArchiveOptions } from './archive/open-log-archive.ts';
export {
  sharedVariables,
  type Profile,
  profiles,
  readSecretReference,
  type SecretSettings,
} from './configuration/shared-variables.ts';
export { describeConfiguration, type VariableDescription } from './configuration/describe-configuration.ts';
export {
  type Configuration,
  type ConfigurationProblem,
  type ConfigurationResult,
  type ConfigurationShape,
  readConfiguration,
} from './configuration/read-configuration.ts';
export { optional, required, type VariableDoc, type VariableSchema, withDefault } from './configuration/variable.ts';
export { bootDatabase, type BootDatabaseOptions, BootRefused, DatabaseUnreachable } from './database/boot-database.ts';
export { PortUnavailable } from './http/open-server.ts';
export { problem, type ProblemOptions } from './http/problem.ts';
export { type BodyResult, readBoundedBody } from './http/read-bounded-body.ts';
export { secureHeaders, type SecureHeadersOptions } from './http/secure-headers.ts';
export { type HttpServer, type HttpServerOptions, serveHttp } from './http/serve-http.ts';
export { createLogger, type LoggerOptions } from './logging/create-logger.ts';
export { describeError, type ErrorDescription } from './logging/describe-error.ts';
export { type LogDestination, type LogFields, type Logger, type LogLevel, logLevels } from './logging/logger.ts';
export { scrubText } from './logging/scrub-text.ts';
export { createMetrics, durationBucketsSeconds, type GaugeMetric, type Metrics } from './metrics/create-metrics.ts';
export type { CounterMetric } from './metrics/registered-counter.ts';
export type { HistogramMetric } from './metrics/registered-histogram.ts';
export type { LabelLists, LabelValues, MetricDefinition } from './metrics/series-index.ts';
export { type MetricSource, type RenderedMetrics, renderMetrics } from './metrics/render-metrics.ts';
export { type MetricsServer, serveMetrics } from './metrics/serve-metrics.ts';
export { type ProcessOptions, type RunningProcess, runProcess } from './process/run-process.ts';
export { stopInOrder, type StopStep } from './process/stop-in-order.ts';
export { runtimeLimits } from './runtime-limits.ts';
export { cacheSecrets, type SecretCacheOptions } from './secrets/cache-secrets.ts';
export { createFileSecretStore } from './secrets/file-secret-store.ts';
export { createGoogleSecretStore, type GoogleSecretStoreOptions } from './secrets/google-secret-store.ts';
export { openSecretStore } from './secrets/open-secret-store.ts';
export { readSecretText } from './secrets/read-secret-text.ts';
export {
  isSecretReference,
  parseSecretReference,
  type SecretAddress,
  type SecretReference,
} from './secrets/secret-reference.ts';
export {
  type SecretProblem,
  type SecretStore,
  SecretUnavailable,
  type WritableSecretStore,
} from './secrets/secret-store.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry/start-telemetry.ts';
export { activeTraceparent, type SpanOptions, withSpan } from './telemetry/with-span.ts';
export { currentIdentity, runWithIdentity } from './tracing/request-context.ts';
export {
  type HeaderSource,
  identityHeaders,
  type IdentitySources,
  readRequestIdentity,
  type RequestIdentity,
  type RequestIdentityResult,
} from './tracing/request-identity.ts';
export {
  childTraceparent,
  formatTraceparent,
  mintTraceparent,
  parseTraceparent,
  type RandomBytes,
  type TraceParent,
} from './tracing/traceparent.ts';
export { parseTracestate } from './tracing/tracestate.ts';
export { composeExecutor, type ExecutorComposition } from './compose-executor.ts';
export { formatReceiptKeyring, loadReceiptKeyring, type ReceiptKeyring } from './receipt-keyring.ts';
export { executorVariables, portVariable } from './configuration/executor-variables.ts';
export { createDatabaseReadiness, type DatabaseReadiness, type ReadinessBounds } from './http/database-readiness.ts';

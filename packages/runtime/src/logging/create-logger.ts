import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { currentIdentity } from '../tracing/request-context.ts';
import { parseTraceparent } from '../tracing/traceparent.ts';
import type { LogDestination, Logger, LogLevel } from './logger.ts';
import { redactFields } from './redact-fields.ts';
import { scrubText } from './scrub-text.ts';

export interface LoggerOptions {
  /** Which process writes, for example `console-api`. */
  readonly app: string;
  readonly level: LogLevel;
  /** Standard output unless given. */
  readonly destination?: LogDestination;
}

/** The names that Cloud Logging reads from a line, and orders by. */
const severities: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/**
 * A logger that writes one JSON object for each line, synchronously, so that a line about a crash is not lost with it.
 *
 * Each line carries `trace_id` and `span_id` of the active span, else of the request that it is written in, and the
 * request's ids. Secrets are kept out twice: by the names of fields, and by their form in the finished line.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    base: { app: options.app },
    level: options.level,
    messageKey: 'message',
    errorKey: 'err',
    timestamp: stdTimeFunctions.isoTime,
    mixin: traceFields,
    // pino's own serializer copies every property of an error; `redactFields` describes errors instead.
    serializers: { err: (value: unknown) => value },
    formatters: {
      level: (label: string) => ({ level: label, severity: severities[label] ?? 'DEFAULT' }),
      log: redactFields,
    },
    hooks: { streamWrite: scrubText },
  };
  return narrow(options.destination === undefined ? pino(settings) : pino(settings, options.destination));
}

/** Only what `Logger` promises: no interpolation into messages, and no bindings past the redaction, which pino skips. */
function narrow(lines: PinoLogger): Logger {
  return {
    debug: (fields, message) => lines.debug(fields, message),
    info: (fields, message) => lines.info(fields, message),
    warn: (fields, message) => lines.warn(fields, message),
    error: (fields, message) => lines.error(fields, message),
    fatal: (fields, message) => lines.fatal(fields, message),
    child: (fields) => narrow(lines.child(redactFields(fields))),
  };
}

function traceFields(): Record<string, string> {
  const identity = currentIdentity();
  const request = identity === null ? {} : { correlation_id: identity.correlationId, request_id: identity.requestId };
  const active = trace.getActiveSpan()?.spanContext();
  if (active !== undefined && isSpanContextValid(active)) {
    return { trace_id: active.traceId, span_id: active.spanId, ...request };
  }
  const parent = identity === null ? null : parseTraceparent(identity.traceparent);
  if (parent === null) return request;
  return { trace_id: parent.traceId, span_id: parent.spanId, ...request };
}

import type { DiagLogger } from '@opentelemetry/api';
import type { Logger } from '../logging/logger.ts';
import { runtimeLimits } from '../runtime-limits.ts';

/**
 * Where OpenTelemetry reports its own trouble: to our log, at most one line a minute, since a dead collector fails with
 * every batch. The line tells how many reports it stands for.
 */
export function createDiagnosticLogger(options: { readonly logger: Logger; readonly now: () => number }): DiagLogger {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unreported = 0;
  const ignore = (): void => undefined;

  function report(message: string): void {
    if (options.now() < quietUntil) {
      unreported += 1;
      return;
    }
    quietUntil = options.now() + runtimeLimits.telemetryWarningIntervalMilliseconds;
    const reason = message.slice(0, runtimeLimits.spanErrorCharacters);
    options.logger.warn({ reason, unreported }, 'telemetry is being lost');
    unreported = 0;
  }

  return { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore };
}

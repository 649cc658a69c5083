import type { LogDestination } from '../logging/logger.ts';

export interface LogCapture {
  readonly destination: LogDestination;
  /** All that was written, byte for byte. */
  text(): string;
  /** Each line, parsed. Throws when a line is not one JSON object. */
  lines(): readonly Record<string, unknown>[];
}

/** A destination for `createLogger` that keeps what it is given, for tests. */
export function captureLog(): LogCapture {
  const written: string[] = [];
  return {
    destination: { write: (line) => void written.push(line) },
    text: () => written.join(''),
    lines: () =>
      written.map((line) => {
        if (!line.endsWith('\n') || line.indexOf('\n') !== line.length - 1) throw new Error('not exactly one line');
        const parsed: unknown = JSON.parse(line);
        if (typeof parsed !== 'object' || parsed === null) throw new Error('not a JSON object');
        // JSON.parse made it, so its keys are strings.
        return parsed as Record<string, unknown>;
      }),
  };
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a line says besides its message. Names in camel case; an error goes under `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One JSON object for each line. The message is constant text: what varies goes into the fields, where it is searchable
 * and redacted by name.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  fatal(fields: LogFields, message: string): void;
  /** A logger whose lines all carry these fields. */
  child(fields: LogFields): Logger;
}

/** Where lines go: each call gets one line with its line feed. */
export interface LogDestination {
  write(line: string): void;
}

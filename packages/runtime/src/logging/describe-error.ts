import { runtimeLimits } from '../runtime-limits.ts';

/** What of an error is logged. Its other properties are not: drivers put rows, queries and whole responses there. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

export function describeError(error: unknown, causes: number = runtimeLimits.logErrorCauses): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: bounded(printThrown(error)) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: bounded(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: bounded(error.stack) }),
    ...(error.cause === undefined || causes === 0 ? {} : { cause: describeError(error.cause, causes - 1) }),
  };
}

function printThrown(thrown: unknown): string {
  // An object that was thrown may hold anything; only its kind is told.
  return typeof thrown === 'object' && thrown !== null ? Object.prototype.toString.call(thrown) : String(thrown);
}

function bounded(text: string): string {
  const charactersMax = runtimeLimits.logTextCharacters;
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`;
}

/** A command line that cannot be understood; its message says how to call. */
export class UsageError extends Error {}

/** Whether an error is about the command line, ours or that of `parseArgs`, and not about the program. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/**
 * The error catalogue. A code is a fact in snake case and never changes its meaning; status, title and advice follow from
 * it. `docs/reference/errors.md` is generated from it, and every problem document (RFC 9457) names one of these.
 *
 * `retryable` says what the caller may do with the very same request and idempotency key.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly whatToDo: string;
}

/** One entry of the catalogue. */
export function entry(status: number, title: string, whatToDo: string, options: { retryable?: true } = {}): ErrorEntry {
  return { status, title, whatToDo, retryable: options.retryable ?? false };
}

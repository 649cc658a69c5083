import type { WebhookRefusal } from './webhook-refusal.ts';

export interface TimestampWindow {
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
}

/** One spelling for each number, so that the signed content and its meaning cannot drift apart. */
const timestampPattern = /^[1-9][0-9]{0,11}$/;

/**
 * Reads `webhook-timestamp` and judges it against the window, which is two-sided and includes both edges.
 * A message from the future is refused too: else it could be replayed until its time comes.
 */
export function readTimestamp(
  text: string,
  window: TimestampWindow,
): { readonly ok: true; readonly timestampSeconds: number } | WebhookRefusal {
  if (!timestampPattern.test(text)) {
    const detail = 'The timestamp is not a positive whole number of at most 12 digits without leading zeros.';
    return { ok: false, code: 'timestamp_malformed', detail };
  }
  const timestampSeconds = Number(text);
  const ageSeconds = window.nowSeconds - timestampSeconds;
  if (ageSeconds > window.toleranceSeconds) {
    const detail = `The timestamp is more than ${window.toleranceSeconds} seconds in the past.`;
    return { ok: false, code: 'timestamp_too_old', detail };
  }
  if (-ageSeconds > window.toleranceSeconds) {
    const detail = `The timestamp is more than ${window.toleranceSeconds} seconds in the future.`;
    return { ok: false, code: 'timestamp_too_new', detail };
  }
  return { ok: true, timestampSeconds };
}

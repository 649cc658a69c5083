import type { TimestampWindow } from './read-timestamp.ts';
import { webhookLimits } from './webhook-limits.ts';

/** Not-a-number would make both sides of the window pass, so the window is judged before it is used. */
export function requireWindow(input: {
  readonly nowSeconds: number;
  readonly toleranceSeconds?: number | undefined;
}): TimestampWindow {
  const { nowSeconds, toleranceSeconds = webhookLimits.toleranceDefaultSeconds } = input;
  const max = webhookLimits.toleranceMaxSeconds;
  if (!Number.isSafeInteger(nowSeconds) || nowSeconds < 0) {
    throw new RangeError('The current time must be a whole number of seconds since the Unix epoch.');
  }
  if (!Number.isInteger(toleranceSeconds) || toleranceSeconds < 0 || toleranceSeconds > max) {
    throw new RangeError(`The tolerance must be a whole number of seconds from 0 to ${max}.`);
  }
  return { nowSeconds, toleranceSeconds };
}

import { deliveryLimits } from './delivery-limits.ts';

const secondsPattern = /^[0-9]{1,64}$/;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const clock = '(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9]):(?<second>[0-5][0-9]|60)';

/** The three forms that RFC 9110 section 5.6.7 asks a recipient to read. The name of the day is not checked. */
const datePatterns: readonly RegExp[] = [
  new RegExp(`^[a-z]{3}, (?<day>[0-9]{2}) (?<month>[a-z]{3}) (?<year>[0-9]{4}) ${clock} GMT$`, 'i'),
  new RegExp(`^[a-z]{6,9}, (?<day>[0-9]{2})-(?<month>[a-z]{3})-(?<year>[0-9]{2}) ${clock} GMT$`, 'i'),
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[0-9]{2}| [0-9]) ${clock} (?<year>[0-9]{4})$`, 'i'),
];

export interface RetryAfterClock {
  readonly nowMilliseconds: number;
  /** The longest answer. By default a day. */
  readonly capMilliseconds?: number;
}

/**
 * Reads Retry-After (RFC 9110 section 10.2.3): whole seconds or a date. Answers milliseconds from now between 0 and the
 * cap, or undefined for anything else: a sign, a fraction, an exponent, `inf`, a date that does not exist.
 */
export function readRetryAfter(value: string | undefined, now: RetryAfterClock): number | undefined {
  const cap = now.capMilliseconds ?? deliveryLimits.retryAfterMaxMilliseconds;
  const text = value ?? '';
  if (secondsPattern.test(text)) return clamp(Number(text) * 1000, cap);
  const atMilliseconds = readHttpDate(text, now.nowMilliseconds);
  return atMilliseconds === undefined ? undefined : clamp(atMilliseconds - now.nowMilliseconds, cap);
}

function clamp(milliseconds: number, cap: number): number {
  return Math.max(0, Math.min(milliseconds, cap));
}

function readHttpDate(text: string, nowMilliseconds: number): number | undefined {
  if (text.length > 64) return undefined;
  const groups = datePatterns.map((pattern) => pattern.exec(text)?.groups).find((found) => found !== undefined);
  if (groups === undefined) return undefined;
  const month = months.indexOf(groups['month']?.toLowerCase() ?? '');
  const day = Number(groups['day']);
  const year = readYear(groups['year'] ?? '', nowMilliseconds);
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // The calendar turns 31 February into March; a date that moves does not exist.
  if (month === -1 || date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(Number(groups['hour']), Number(groups['minute']), Number(groups['second']));
}

/** Two digits are the nearest such year that is at most 50 years ahead. */
function readYear(digits: string, nowMilliseconds: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMilliseconds).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

import type { DeliveryFailureCode } from './delivery-result.ts';

/** What the judgement needs of a `DeliveryResult`, so that a stored one serves as well. */
export type JudgedResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly code: DeliveryFailureCode; readonly status?: number };

/**
 * What an outcome means for the schedule and for the health of the endpoint:
 * delivered    the receiver has it
 * failed       the receiver's fault, or the network's on the way to it
 * slow_down    the receiver asks for less
 * gone         the receiver wants nothing more, ever
 * not_charged  our own fault: the receiver was not reached because of us
 * unsendable   our own request is broken, and the next attempt would be too
 */
export type DeliveryVerdict = 'delivered' | 'failed' | 'slow_down' | 'gone' | 'not_charged' | 'unsendable';

/** Standard Webhooks asks for throttling at 429, 502 and 504; 503 says by definition that the server is overloaded. */
const slowDownStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function judgeResult(result: JudgedResult): DeliveryVerdict {
  if (result.kind === 'delivered') return 'delivered';
  if (result.code === 'request_invalid') return 'unsendable';
  if (result.code === 'cancelled' || result.code === 'egress_proxy_failed') return 'not_charged';
  if (result.code !== 'status_refused' || result.status === undefined) return 'failed';
  if (result.status === 410) return 'gone';
  return slowDownStatuses.has(result.status) ? 'slow_down' : 'failed';
}

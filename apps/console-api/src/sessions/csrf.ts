import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const csrfHeader = 'x-karmanflow-csrf';

/** The token that proves knowledge of what only our own pages can read, made from the secret of a session. */
export function csrfTokenOf(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('karmanflow.csrf/1').digest('base64url');
}

/** What was asked and by whom, as far as a browser says. */
export interface CsrfQuestion {
  readonly headers: Headers;
  readonly secret: Uint8Array;
  /** Scheme, host and port of ours. */
  readonly origin: string;
}

/**
 * Whether a request that changes something comes from a page of ours: it carries the token, and the browser names our
 * origin. A cookie alone says nothing, for browsers send it whoever asks.
 */
export function isFromOurPages({ headers, secret, origin }: CsrfQuestion): boolean {
  return isFromOurOrigin(headers, origin) && isSame(headers.get(csrfHeader) ?? '', csrfTokenOf(secret));
}

/** Each of the two headers that is there must speak for us, and one of them has to be there (Fetch Metadata section 2.3). */
function isFromOurOrigin(headers: Headers, ours: string): boolean {
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (origin === null && site === null) return false;
  return (origin === null || origin === ours) && (site === null || site === 'same-origin');
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

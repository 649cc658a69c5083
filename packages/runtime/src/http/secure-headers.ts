import type { MiddlewareHandler } from 'hono';
import type { Profile } from '../configuration/shared-variables.ts';

export interface SecureHeadersOptions {
  /** Strict-Transport-Security is sent in production: in a browser it would lock a local address to https. */
  readonly profile: Profile;
  /** For an app that serves pages; unless given nothing may be loaded, run, framed or submitted. */
  readonly contentSecurityPolicy?: string;
}

const nothingAllowed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const twoYearsSeconds = 2 * 365 * 24 * 60 * 60;

/**
 * Headers that make every answer of an API inert in a browser and keep it out of caches. A handler that sets one of them
 * itself keeps its own value, so that a page can have its own policy and a public document can be cached.
 */
export function secureHeaders(options: SecureHeadersOptions): MiddlewareHandler {
  const headers: Record<string, string> = {
    'content-security-policy': options.contentSecurityPolicy ?? nothingAllowed,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
  if (options.profile === 'production') {
    headers['strict-transport-security'] = `max-age=${twoYearsSeconds}; includeSubDomains`;
  }
  const entries = Object.entries(headers);

  return async (context, next) => {
    await next();
    const missing = entries.filter(([name]) => !context.res.headers.has(name));
    for (const [name, value] of missing) context.res.headers.set(name, value);
  };
}

import { sessionLimits } from './session-limits.ts';

/** The cookies of a browser, by what they hold. */
export interface CookieNames {
  /** Names a session and proves that it is the browser's. */
  readonly session: string;
  /** Sealed: which identity logged in, and when it was last seen here. */
  readonly seen: string;
  /** Sealed: a login that is under way. */
  readonly transaction: string;
}

/** Where and how cookies are set. */
export interface CookieJar {
  readonly names: CookieNames;
  /** The Set-Cookie header that keeps `value` for `seconds`. */
  set(name: string, value: string, seconds: number): string;
  /** The Set-Cookie header that makes a browser forget. */
  clear(name: string): string;
  /**
   * The value of a cookie, or null when there is none. Of two cookies of one name neither is believed: the text is then
   * empty, which is never a value of ours.
   */
  read(headers: Headers, name: string): string | null;
}

/**
 * Over https the names begin with `__Host-`: then no other host, not even a subdomain, can set them, and they are Secure
 * (RFC 6265bis section 4.1.3.2). Over http, on one machine, that prefix would make browsers refuse them.
 */
export function createCookieJar(options: { readonly isSecure: boolean }): CookieJar {
  const prefix = options.isSecure ? '__Host-' : '';
  const attributes = `Path=/; HttpOnly; SameSite=Lax${options.isSecure ? '; Secure' : ''}`;
  return {
    names: { session: `${prefix}kf_session`, seen: `${prefix}kf_seen`, transaction: `${prefix}kf_login` },
    set: (name, value, seconds) => `${name}=${value}; Max-Age=${Math.max(0, Math.floor(seconds))}; ${attributes}`,
    clear: (name) => `${name}=; Max-Age=0; ${attributes}`,
    read: readCookie,
  };
}

function readCookie(headers: Headers, name: string): string | null {
  const header = headers.get('cookie');
  if (header === null || header.length > sessionLimits.cookieHeaderCharacters) return null;
  // Two Cookie headers arrive joined by a comma (Fetch section 2.2.2), and no value of ours has one.
  const values = header
    .split(/[;,]/)
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value = null] = values;
  return values.length > 1 ? '' : value;
}

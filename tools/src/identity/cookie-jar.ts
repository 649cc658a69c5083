/** A cookie as a browser keeps it. */
export interface JarCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
  /** Seconds since the epoch; null: with the browser. */
  readonly expiresAt: number | null;
}

/** The cookies of one host, whatever its ports: cookies do not tell those apart (RFC 6265 section 8.5). */
export interface HostCookies {
  /** Takes in the Set-Cookie headers of an answer. `now` in seconds since the epoch. */
  keep(lines: readonly string[], now: number): void;
  /** The Cookie header for a path; empty when there is nothing to send. */
  headerFor(path: string): string;
  all(): readonly JarCookie[];
}

export function createHostCookies(): HostCookies {
  let cookies: readonly JarCookie[] = [];
  return {
    keep(lines, now) {
      for (const line of lines) {
        const cookie = parseSetCookie(line, now);
        cookies = cookies.filter(({ name, path }) => name !== cookie.name || path !== cookie.path);
        if (cookie.expiresAt === null || cookie.expiresAt > now) cookies = [...cookies, cookie];
      }
    },
    headerFor: (path) =>
      cookies
        .filter((cookie) => covers(cookie.path, path))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    all: () => cookies,
  };
}

/** The cookies as a file that `curl --cookie` and `--cookie-jar` share, in the form of Netscape. */
export function cookieJarText(jar: { readonly host: string; readonly cookies: readonly JarCookie[] }): string {
  const lines = jar.cookies.map(({ name, value, path, isSecure, expiresAt }) =>
    // Cookies that scripts must not read have this prefix there, which is not a comment.
    [`#HttpOnly_${jar.host}`, 'FALSE', path, isSecure ? 'TRUE' : 'FALSE', expiresAt ?? 0, name, value].join('\t'),
  );
  return ['# Netscape HTTP Cookie File', ...lines, ''].join('\n');
}

function covers(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

/** RFC 6265 section 5.2, as far as the two servers of a login use it. */
function parseSetCookie(line: string, now: number): JarCookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const attributes = new Map(
    rest.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.toLowerCase(), value.join('=')] as const;
    }),
  );
  const at = pair.indexOf('=');
  const maxAge = attributes.get('max-age');
  const expires = attributes.get('expires');
  const ofExpires = expires === undefined ? null : Math.floor(Date.parse(expires) / 1000);
  return {
    name: pair.slice(0, at),
    value: pair.slice(at + 1),
    path: attributes.get('path') ?? '/',
    isSecure: attributes.has('secure'),
    expiresAt: maxAge === undefined ? ofExpires : now + Number(maxAge),
  };
}

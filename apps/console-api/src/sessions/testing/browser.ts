import { apiAnswerOf, type ApiAnswer } from '../../testing/api-answer.ts';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export interface BrowserRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** As much of a browser as a login needs: cookies of one host, whatever the port, and redirects that a test can stop at. */
export class Browser {
  #cookies: Cookie[] = [];

  async request(url: string, { method = 'GET', headers = {}, body }: BrowserRequest = {}): Promise<ApiAnswer> {
    const { pathname } = new URL(url);
    const cookie = this.#cookies
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const response = await fetch(url, {
      method,
      headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return apiAnswerOf(response);
  }

  /** Goes where it is sent, until it is not sent on or would arrive at an address for which `stopsAt` is true. */
  async follow(
    url: string,
    request: BrowserRequest & { readonly stopsAt?: (url: string) => boolean } = {},
  ): Promise<{ readonly url: string; readonly answer: ApiAnswer }> {
    let at = url;
    let answer = await this.request(at, request);
    for (let hops = 0; hops < 12; hops += 1) {
      const location = answer.headers.get('location');
      if (location === null) return { url: at, answer };
      at = new URL(location, at).href;
      if (request.stopsAt?.(at) === true) return { url: at, answer };
      answer = await this.request(at);
    }
    throw new Error(`sent in circles, last to ${at}`);
  }

  /** The value of a cookie; empty when there is none. */
  cookie(name: string): string {
    return this.#cookies.find((one) => one.name === name)?.value ?? '';
  }

  setCookie(name: string, value: string): void {
    this.#cookies = [...this.#cookies.filter((one) => one.name !== name), { name, value, path: '/' }];
  }

  forget(name: string): void {
    this.#cookies = this.#cookies.filter((one) => one.name !== name);
  }

  /** Another browser with the same cookies: what a thief has. */
  twin(): Browser {
    const twin = new Browser();
    twin.#cookies = [...this.#cookies];
    return twin;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(name.length + 1);
    const attribute = (wanted: string): string | undefined =>
      attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute('path') ?? '/';
    const expires = attribute('expires');
    const isOver = attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now());
    this.#cookies = this.#cookies.filter((one) => one.name !== name || one.path !== path);
    if (!isOver) this.#cookies.push({ name, value, path });
  }
}

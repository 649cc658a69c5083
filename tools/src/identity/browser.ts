import { createHostCookies, type HostCookies } from './cookie-jar.ts';

export interface BrowserRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Where a browser ended up, and what it was shown there. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** As much of a browser as a login needs: the cookies of one host, forms, and redirects. */
export interface Browser {
  readonly cookies: HostCookies;
  /** One request, which is not sent on. */
  ask(url: string, request?: BrowserRequest): Promise<Response>;
  /** Goes where it is sent, with the fields of a form first where there are some, until it stays or `stopsAt` an address. */
  follow(
    url: string,
    options?: { readonly form?: URLSearchParams; readonly stopsAt?: (url: string) => boolean },
  ): Promise<Page>;
}

const hopsMax = 12;
const answerDeadlineMilliseconds = 10_000;

/** Its methods throw when nobody answers. */
export function createBrowser(): Browser {
  const cookies = createHostCookies();

  async function ask(url: string, request: BrowserRequest = {}): Promise<Response> {
    const cookie = cookies.headerFor(new URL(url).pathname);
    const response = await fetch(url, {
      ...request,
      headers: { ...(cookie === '' ? {} : { cookie }), ...request.headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(answerDeadlineMilliseconds),
    });
    cookies.keep(response.headers.getSetCookie(), Math.floor(Date.now() / 1000));
    return response;
  }

  return {
    cookies,
    ask,
    async follow(url, { form, stopsAt = () => false } = {}) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      let at = url;
      let response = await ask(at, form === undefined ? {} : { method: 'POST', headers, body: form.toString() });
      for (let hop = 0; hop < hopsMax; hop += 1) {
        const location = response.headers.get('location');
        if (location === null) break;
        at = new URL(location, at).href;
        if (stopsAt(at)) return { url: at, status: response.status, text: '' };
        response = await ask(at);
      }
      return { url: at, status: response.status, text: await response.text() };
    },
  };
}

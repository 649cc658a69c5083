import type { ApiAnswer } from '../../testing/api-answer.ts';
import type { Browser } from './browser.ts';

export interface LogIn {
  readonly browser: Browser;
  readonly url: string;
  readonly subject: string;
  readonly password: string;
  /** What follows /login, with its question mark. */
  readonly query?: string;
}

/** Goes to /login, says who it is at the embedded provider, and answers where the browser is about to come back to. */
export async function goToCallback(order: LogIn): Promise<string> {
  const { browser, url, subject, password, query = '' } = order;
  const stopsAt = (to: string): boolean => to.startsWith(`${url}/login/callback`);
  const arrived = await browser.follow(`${url}/login${query}`, { stopsAt });
  if (stopsAt(arrived.url)) return arrived.url;
  if (!arrived.answer.text.includes('name="password"')) throw new Error(`no page to log in at: ${arrived.answer.text}`);
  const form = new URLSearchParams({ account: subject, password });
  const back = await browser.follow(arrived.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    stopsAt,
  });
  if (!stopsAt(back.url)) throw new Error(`not let in: ${back.answer.status} ${back.answer.text}`);
  return back.url;
}

/** The whole login. Answers what the browser was told on its return. */
export async function logIn(order: LogIn): Promise<ApiAnswer> {
  return order.browser.request(await goToCallback(order));
}

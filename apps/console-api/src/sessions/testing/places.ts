import { expect } from 'bun:test';
import * as v from 'valibot';
import type { ApiAnswer } from '../../testing/api-answer.ts';
import { sessionShape, type SessionDocument } from '../session-shapes.ts';
import { Browser } from './browser.ts';
import { type SessionTenant, type SessionWorld, sendFromPage, startSessionWorld } from './session-world.ts';
import { startTestProvider, type TestProvider } from './test-provider.ts';

/** People and where they work: ada in one place, bob in three of two tenants, cyd in two of one, eve nowhere. */
export interface Places {
  readonly provider: TestProvider;
  readonly world: SessionWorld;
  readonly solo: SessionTenant;
  readonly alpha: SessionTenant;
  readonly beta: SessionTenant;
  /** Goes to /login as somebody, and answers where the browser is about to come back to. */
  goToCallback(subject: string, browser: Browser, query?: string): Promise<string>;
  /** The whole login. Answers what the browser was told on its return. */
  logIn(subject: string, browser: Browser, query?: string): Promise<ApiAnswer>;
  /** A new browser, with which somebody logged in. */
  loggedIn(subject: string): Promise<Browser>;
  /** What GET /v1/session says, which must be there. */
  session(browser: Browser): Promise<SessionDocument>;
  /** The status of a read of the environment. */
  statusOf(browser: Browser): Promise<number>;
  /** Picks an environment as a page of ours would. */
  select(browser: Browser, tenant: SessionTenant, environment?: string): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

export async function startPlaces(): Promise<Places> {
  const provider = startTestProvider('ada');
  const world = await startSessionWorld({ issuer: provider.issuer, clientId: 'console', clientSecret: 'a secret' });
  const { url } = world;
  const solo = await world.createTenant({ name: 'Solo', environments: ['sandbox'], people: { ada: ['operator'] } });
  const two = { environments: ['sandbox', 'production'], people: { bob: ['operator'], cyd: ['viewer'] } };
  const alpha = await world.createTenant({ ...two, name: 'Alpha' });
  const beta = await world.createTenant({ name: 'Beta', environments: ['sandbox'], people: { bob: ['viewer'] } });

  async function goToCallback(subject: string, browser: Browser, query = ''): Promise<string> {
    provider.become(subject);
    const stopsAt = (to: string): boolean => to.startsWith(world.redirectUri);
    const arrived = await browser.follow(`${url}/login${query}`, { stopsAt });
    if (!stopsAt(arrived.url)) throw new Error(`stranded: ${arrived.answer.status} ${arrived.answer.text}`);
    return arrived.url;
  }
  const logIn = async (subject: string, browser: Browser, query = ''): Promise<ApiAnswer> =>
    browser.request(await goToCallback(subject, browser, query));

  return {
    provider,
    world,
    solo,
    alpha,
    beta,
    goToCallback,
    logIn,
    async loggedIn(subject) {
      const browser = new Browser();
      expect((await logIn(subject, browser)).status).toBe(302);
      return browser;
    },
    async session(browser) {
      const answer = await browser.request(`${url}/v1/session`);
      expect(answer.status).toBe(200);
      return v.parse(sessionShape, answer.json['data']);
    },
    statusOf: async (browser) => (await browser.request(`${url}/v1/inventory/levels`)).status,
    select: (browser, tenant, environment = 'sandbox') =>
      sendFromPage(browser, {
        url,
        path: '/v1/session/select',
        input: { tenantId: tenant.tenantId, environmentId: tenant.environments[environment] },
      }),
    async stop() {
      await world.stop();
      await provider.stop();
    },
  };
}

import * as v from 'valibot';
import { createBrowser, type Page } from './browser.ts';
import type { JarCookie } from './cookie-jar.ts';

export interface LogInOrder {
  /** Of the console's API, without a slash at the end. */
  readonly url: string;
  readonly account: string;
  readonly password: string;
  /** The environment to work in, by name. */
  readonly environment: string;
  /** The tenant, by name or id; null when there is one to choose from. */
  readonly tenant: string | null;
}

export type LogInOutcome =
  | {
      readonly ok: true;
      readonly cookies: readonly JarCookie[];
      readonly csrfToken: string;
      readonly place: { readonly tenant: string; readonly environment: string };
    }
  /** What the last answer was, or what there is to choose from. */
  | { readonly ok: false; readonly reason: string };

const bodyCharactersShown = 400;

const sessionShape = v.object({
  data: v.object({
    binding: v.nullable(v.object({ environmentId: v.string() })),
    csrfToken: v.string(),
    tenants: v.array(
      v.object({
        tenantId: v.string(),
        name: v.string(),
        environments: v.array(v.object({ environmentId: v.string(), name: v.string() })),
      }),
    ),
  }),
});
const selectedShape = v.object({ data: v.object({ csrfToken: v.string() }) });

/**
 * Logs a person in as a browser would: to the API, on to the embedded provider, with name and password into its form, back,
 * and into an environment. Throws when nobody answers.
 */
export async function logIn(order: LogInOrder): Promise<LogInOutcome> {
  const { ask, follow, cookies } = createBrowser();
  const page = await follow(`${order.url}/login?returnTo=/v1/session`);
  if (!page.text.includes('name="password"')) return unexpected('no page to log in at', page);
  const form = new URLSearchParams({ account: order.account, password: order.password });
  const arrived = await follow(page.url, { form });
  const session = v.safeParse(sessionShape, parseJson(arrived.text));
  if (!session.success) return unexpected('the login did not end in a session', arrived);
  const { data } = session.output;
  const choice = chooseFrom(data.tenants, order);
  if (choice === null)
    return { ok: false, reason: `there is no such place for ${order.account}; ${choices(data.tenants)}` };
  const place = { tenant: choice.tenant.name, environment: choice.environment.name };
  const done = (csrfToken: string): LogInOutcome => ({ ok: true, cookies: cookies.all(), csrfToken, place });
  if (data.binding?.environmentId === choice.environment.environmentId) return done(data.csrfToken);
  const selected = await ask(`${order.url}/v1/session/select`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-karmanflow-csrf': data.csrfToken,
      origin: new URL(order.url).origin,
    },
    body: JSON.stringify({ tenantId: choice.tenant.tenantId, environmentId: choice.environment.environmentId }),
  });
  const text = await selected.text();
  const parsed = v.safeParse(selectedShape, parseJson(text));
  if (!parsed.success) return unexpected('no session was opened', { url: selected.url, status: selected.status, text });
  return done(parsed.output.data.csrfToken);
}

type Tenants = v.InferOutput<typeof sessionShape>['data']['tenants'];

function chooseFrom(tenants: Tenants, order: LogInOrder) {
  const tenant =
    order.tenant === null && tenants.length === 1
      ? tenants[0]
      : tenants.find(({ tenantId, name }) => tenantId === order.tenant || name === order.tenant);
  const environment = tenant?.environments.find(({ name }) => name === order.environment);
  return tenant === undefined || environment === undefined ? null : { tenant, environment };
}

function choices(tenants: Tenants): string {
  const places = tenants.map(({ name, environments }) => `${name} (${environments.map((one) => one.name).join(', ')})`);
  return `there are: ${places.join(', ')}`;
}

function unexpected(what: string, { url, status, text }: Page): LogInOutcome {
  return {
    ok: false,
    reason: `${what}: ${new URL(url).pathname} answered ${status} ${text.slice(0, bodyCharactersShown)}`,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

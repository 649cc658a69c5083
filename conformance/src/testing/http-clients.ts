import type { ActorType } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import type { Client, GovernedAnswer, SendOptions } from '../governance/governed.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';

const deadlineMilliseconds = 10_000;

interface Person {
  readonly url: string;
  readonly actorType: ActorType;
  readonly principalId: Id<'principal'>;
}

/** Headers that prove who asks: of a read, and of what changes something. */
interface Proof {
  readonly reads: Readonly<Record<string, string>>;
  readonly changes: Readonly<Record<string, string>>;
}

export function keyClient({ apiKey, ...person }: Person & { readonly apiKey: string }): Client {
  const headers = { authorization: `Bearer ${apiKey}` };
  return clientOf(person, 'key', { reads: headers, changes: headers });
}

const credentialNames = { key: 'a key', session: 'a session', 'old session': 'an old session' } as const;

function clientOf({ url, actorType, principalId }: Person, credential: Client['credential'], proof: Proof): Client {
  return {
    who: `${actorType} with ${credentialNames[credential]}`,
    actorType,
    credential,
    principalId,
    send: (type: string, input: unknown, { idempotencyKey = Bun.randomUUIDv7() }: SendOptions = {}) =>
      ask(`${url}/v1/${type.replace('.', '/')}`, {
        method: 'POST',
        headers: { ...proof.changes, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(input),
      }),
    read: (target) => ask(`${url}${target}`, { headers: proof.reads }),
  };
}

async function ask(url: string, request: RequestInit): Promise<GovernedAnswer> {
  const response = await fetch(url, {
    ...request,
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMilliseconds),
  });
  const text = await response.text();
  const names = [...response.headers.keys()].toSorted();
  const headers = `${response.headers.get('content-type') ?? ''} ${names.join(' ')}`;
  return { status: response.status, text, json: objectOf(text), headers };
}

function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The cookies of one browser. */
class Jar {
  readonly #values = new Map<string, string>();

  keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(';', 1)[0] ?? '';
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1);
      if (value === '') this.#values.delete(pair.slice(0, at));
      else this.#values.set(pair.slice(0, at), value);
    }
  }

  header(): string {
    return [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/** A person's whole way in, as a browser goes it: the provider of the test names whoever its address asks for. */
export async function logIn(order: {
  readonly url: string;
  readonly subject: string;
  readonly principalId: Id<'principal'>;
  readonly entrance: { readonly tenantId: string; readonly environmentId: string };
  readonly ageSeconds: number;
}): Promise<Client> {
  const { url, subject, principalId, entrance, ageSeconds } = order;
  const jar = new Jar();
  const go = async (path: string, request: RequestInit = {}): Promise<Response> => {
    const headers = { cookie: jar.header(), ...(request.headers as Record<string, string> | undefined) };
    const response = await fetch(`${url}${path}`, { ...request, headers, redirect: 'manual' });
    jar.keep(response);
    return response;
  };
  const begun = await go('/login');
  const back = await go(`/login/callback?${new URLSearchParams({ subject, age: String(ageSeconds) }).toString()}`);
  if (begun.status !== 302 || back.status !== 302) {
    throw new Error(`${subject} was not let in: ${begun.status}, ${back.status} ${await back.text()}`);
  }
  const selected = await go('/v1/session/select', {
    method: 'POST',
    headers: { ...fromPage(url, await csrfTokenFor(url, jar)), 'content-type': 'application/json' },
    body: JSON.stringify(entrance),
  });
  if (selected.status !== 200) throw new Error(`${subject} may not work there: ${await selected.text()}`);
  const cookie = { cookie: jar.header() };
  return clientOf({ url, actorType: 'USER', principalId }, ageSeconds === 0 ? 'session' : 'old session', {
    reads: cookie,
    changes: { ...cookie, ...fromPage(url, await csrfTokenFor(url, jar)) },
  });
}

function fromPage(url: string, csrfToken: string): Record<string, string> {
  return { 'x-karmanflow-csrf': csrfToken, origin: url };
}

async function csrfTokenFor(url: string, jar: Jar): Promise<string> {
  const { json } = await ask(`${url}/v1/session`, { headers: { cookie: jar.header() } });
  const { data } = json;
  if (!isObject(data) || typeof data['csrfToken'] !== 'string') throw new Error('the session names no token');
  return data['csrfToken'];
}

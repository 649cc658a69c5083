import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import { problem } from '@karmanflow/runtime';
import type { ExchangeHandler } from './exchange.ts';
import { observeRequests, type RequestObserver } from './observe-requests.ts';

/** One operation: what OpenAPI says of it, and what it does. */
export interface Endpoint {
  readonly method: 'get' | 'post';
  /** In the form of OpenAPI, with `{name}` for a parameter; also the value of the route label and the name of the span. */
  readonly path: string;
  /** The last parameter of the path, where it may hold slashes. */
  readonly deepParameter?: string;
  readonly operation: Omit<RouteConfig, 'method' | 'path'>;
  readonly handle: ExchangeHandler;
}

/** The route under which everything is observed that has no endpoint. */
export const unmatchedRoute = 'unmatched';

/**
 * Puts the endpoints into the router and into the OpenAPI document, in one step, so that neither has what the other lacks.
 * A known path answers 405 with Allow to any other method and 204 to OPTIONS, without a word about origins: browsers of
 * other sites are thereby refused. Everything else is 404.
 */
export function registerEndpoints(app: OpenAPIHono, endpoints: readonly Endpoint[], observer: RequestObserver): void {
  for (const endpoint of endpoints) {
    const { method, path, operation, handle } = endpoint;
    app.openAPIRegistry.registerPath({ ...operation, method, path });
    app.on(method.toUpperCase(), routerPath(endpoint), observeRequests(observer, { route: path, handle }));
  }
  for (const [path, ofPath] of byPath(endpoints)) {
    const allow = allowOf(ofPath.map(({ method }) => method));
    const handle: ExchangeHandler = ({ request, notes }) => {
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } });
      notes.outcome = 'method_not_allowed';
      return problem('method_not_allowed', { headers: { allow } });
    };
    app.all(routerPath({ path, ...ofPath[0] }), observeRequests(observer, { route: path, handle }));
  }
  const notFound: ExchangeHandler = ({ notes }) => {
    notes.outcome = 'not_found';
    return problem('not_found');
  };
  app.all('*', observeRequests(observer, { route: unmatchedRoute, handle: notFound }));
}

function routerPath({ path, deepParameter }: Pick<Endpoint, 'path' | 'deepParameter'>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => (name === deepParameter ? `:${name}{.+}` : `:${name}`));
}

function byPath(endpoints: readonly Endpoint[]): Map<string, Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) found.set(endpoint.path, [...(found.get(endpoint.path) ?? []), endpoint]);
  return found;
}

/** The router answers HEAD with the headers of GET. */
function allowOf(methods: readonly Endpoint['method'][]): string {
  return [
    ...(methods.includes('get') ? ['GET', 'HEAD'] : []),
    ...(methods.includes('post') ? ['POST'] : []),
    'OPTIONS',
  ].join(', ');
}

import type { Saboteur } from '../harness/check.ts';
import type { Handler, Surface } from './surface.ts';

/** A request like another, with other headers or another body. */
export async function requestLike(
  request: Request,
  change: { readonly headers?: (headers: Headers) => void; readonly body?: (text: string) => string },
): Promise<Request> {
  const { url, method } = request;
  const headers = new Headers(request.headers);
  change.headers?.(headers);
  const text = await request.clone().text();
  return new Request(url, { method, headers, body: method === 'POST' ? (change.body?.(text) ?? text) : null });
}

/** The API, with something before it that changes what passes. */
export function standingBefore(
  name: string,
  mentions: string,
  around: (handler: Handler, surface: Surface) => Handler,
): Saboteur<Surface> {
  return {
    name,
    mentions,
    apply: async (surface) => surface.recompose?.({ around: (handler) => around(handler, surface) }),
  };
}

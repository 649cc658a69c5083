import { combineHeaderLines, type SignedRequest } from './signed-request.ts';

const targetPattern =
  /^(?<scheme>https?):\/\/(?<authority>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?<port>:[0-9]{1,5})?(?<path>\/[!"$->@-~]*)?(?<query>\?[!"$-~]*)?$/;
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const fieldNamePattern = /^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/;

const derivedComponents = ['@method', '@target-uri', '@authority', '@path', '@query'] as const;

/** Whether a component of this name can be read: one of five derived ones, or a header field in lower case. */
export function isSupportedComponent(name: string): boolean {
  return name.startsWith('@') ? derivedComponents.some((derived) => derived === name) : fieldNamePattern.test(name);
}

/**
 * The value of a component (RFC 9421 sections 2.1 and 2.2). Undefined when the request does not have it or it cannot
 * be read in one way only. Path and query stay in the spelling in which they arrived.
 */
export function readComponent(request: SignedRequest, name: string): string | undefined {
  if (name === '@method') return methodPattern.test(request.method) ? request.method : undefined;
  if (!name.startsWith('@')) return combineHeaderLines(request, name);
  const target = targetPattern.exec(request.url)?.groups;
  if (target === undefined) return undefined;
  if (name === '@target-uri') return request.url;
  if (name === '@path') return target['path'] ?? '/';
  // A query that is absent and one that is empty are both a lone question mark (section 2.2.7).
  if (name === '@query') return target['query'] ?? '?';
  const defaultPort = target['scheme'] === 'https' ? ':443' : ':80';
  const port = target['port'] === defaultPort ? '' : (target['port'] ?? '');
  return `${(target['authority'] ?? '').toLowerCase()}${port}`;
}

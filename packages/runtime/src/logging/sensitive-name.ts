import { runtimeLimits } from '../runtime-limits.ts';

const sensitiveWords = [
  'authorization',
  'cookie',
  'credential',
  'passphrase',
  'password',
  'secret',
  'signature',
  'token',
];
const sensitivePairs = ['api key', 'private key', 'signing key', 'pass phrase'];
const joinedPairs = ['apikey', 'privatekey', 'signingkey'];
/** A name that ends in one of these says something about a secret without being one: `secretRef`, `tokenId`. */
const harmlessEndings = new Set(['id', 'ids', 'ref', 'refs', 'name', 'names', 'version', 'count']);

const known = new Map<string, boolean>();

/**
 * Whether a field of this name holds a secret, in camel, snake, kebab or header case. It errs towards yes: a missing value
 * in a log line costs a minute, a secret in one costs a rotation.
 */
export function isSensitiveName(name: string): boolean {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const verdict = judge(name);
  if (known.size < runtimeLimits.sensitiveNameCacheEntries) known.set(name, verdict);
  return verdict;
}

/** An idempotency key is an id that callers choose: it may carry meaning, so its digest is logged. */
export function isIdempotencyKeyName(name: string): boolean {
  return /^idempotency[-_ ]?key$/i.test(name);
}

function judge(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (words.length > 1 && harmlessEndings.has(words.at(-1) ?? '')) return false;
  const spaced = words.join(' ');
  return (
    words.some((word) => [...sensitiveWords, ...joinedPairs].some((sensitive) => word.includes(sensitive))) ||
    sensitivePairs.some((pair) => spaced.includes(pair))
  );
}

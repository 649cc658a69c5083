import { deliveryLimits } from './delivery-limits.ts';
import type { DeliveryTarget } from './parse-target-url.ts';

/** RFC 9110 section 5.6.2. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Printable ASCII without blanks at the ends: what every receiver reads alike. */
const valuePattern = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;

/** Written by us, or about the connection: a caller that sets one would break the framing of the message. */
const ownHeaderNames: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'accept-encoding',
  'proxy-authorization',
  'proxy-connection',
]);

export type WrittenRequest =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/**
 * The bytes of one POST (RFC 9112): origin form, Host first, Content-Length, and a connection that is closed after it.
 * No Accept-Encoding: what we do not ask for we need not unpack. A header that would break the framing is refused.
 */
export function writeRequest(input: {
  readonly target: Pick<DeliveryTarget, 'authority' | 'path'>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}): WrittenRequest {
  const { target, headers, body } = input;
  if (body.length > deliveryLimits.requestBodyMaxBytes) return { ok: false, reason: 'body_too_large' };
  const entries = Object.entries(headers);
  if (entries.length > deliveryLimits.requestHeadersMax) return { ok: false, reason: 'too_many_headers' };
  const names = entries.map(([name]) => name.toLowerCase());
  if (new Set(names).size < names.length) return { ok: false, reason: 'header_duplicate' };
  if (names.some((name) => ownHeaderNames.has(name))) return { ok: false, reason: 'header_reserved' };
  const areWellFormed = entries.every(([name, value]) => namePattern.test(name) && valuePattern.test(value));
  if (!areWellFormed) return { ok: false, reason: 'header_malformed' };

  const head = [
    `POST ${target.path} HTTP/1.1`,
    `Host: ${target.authority}`,
    ...entries.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
    'Connection: close',
    '\r\n',
  ].join('\r\n');
  if (head.length > deliveryLimits.requestHeadersMaxBytes) return { ok: false, reason: 'headers_too_large' };
  return { ok: true, bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]) };
}

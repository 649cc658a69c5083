import { classifyAddress } from './classify-address.ts';
import { deliveryLimits } from './delivery-limits.ts';
import { isPortAllowed, type PortPolicy } from './port-policy.ts';

/** What an operator of the service decides, never a tenant. */
export interface TargetPolicy {
  readonly ports: PortPolicy;
  /** For development: loopback addresses pass, and `http` for them alone. Every other forbidden range stays so. */
  readonly localTargets: boolean;
}

/** Why a text is no target: a closed list in order of precedence. */
export const targetRefusalCodes = [
  'url_too_long',
  'url_malformed',
  'scheme_forbidden',
  'credentials_present',
  'fragment_present',
  'hostname_malformed',
  'hostname_not_public',
  'address_forbidden',
  'port_forbidden',
] as const;

export type TargetRefusalCode = (typeof targetRefusalCodes)[number];

/** `detail` is for whoever entered the address. It never repeats text of it. */
export interface TargetRefusal {
  readonly ok: false;
  readonly code: TargetRefusalCode;
  readonly detail: string;
}

/** A target in canonical form: two texts for one place have the same `href`. */
export interface DeliveryTarget {
  readonly href: string;
  readonly scheme: 'https' | 'http';
  /** ASCII, lower case, without a trailing dot; a literal IPv6 address without brackets. */
  readonly hostname: string;
  /** Whether `hostname` is a literal address, so that nothing is resolved. */
  readonly isLiteral: boolean;
  readonly port: number;
  /** The value of the Host header. */
  readonly authority: string;
  /** Path and query: the request target in origin form (RFC 9112 section 3.2.1). */
  readonly path: string;
}

export type TargetParse = { readonly ok: true; readonly target: DeliveryTarget } | TargetRefusal;

/** Visible ASCII and beyond. WHATWG drops tabs and line ends and turns '\' to '/': other parsers see another host. */
const hiddenCharacterPattern = /[\p{Cc}\p{Cf}\p{Z}\\]/u;
const shapePattern = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]+)/i;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const asciiPattern = /^[!-~]+$/;

/** Names that never lead to the public internet (RFC 6761, 6762, 7686, 8375, 9476 and the reserved `internal`). */
const privateSuffixes: readonly string[] = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'home.arpa',
  'arpa',
  'onion',
  'alt',
  'test',
  'example',
  'invalid',
];

/**
 * Reads the address of an endpoint: parsed by the WHATWG URL standard, so that the decimal, octal, hexadecimal,
 * short, percent-encoded and full-width spellings of an address are judged as that address. The name itself is
 * judged again, with its addresses, at each attempt.
 */
export function parseTargetUrl(text: string, policy: TargetPolicy): TargetParse {
  const max = deliveryLimits.targetMaxCharacters;
  if (text.length > max) return refuse('url_too_long', `An address has at most ${max} characters.`);
  const shape = shapePattern.exec(text)?.groups;
  if (shape === undefined || hiddenCharacterPattern.test(text) || !URL.canParse(text)) {
    return refuse('url_malformed', 'This is not a complete web address, or it has blanks, controls or backslashes.');
  }
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'https' && !(scheme === 'http' && policy.localTargets)) {
    return refuse('scheme_forbidden', 'An address begins with https://.');
  }
  if (shape['authority']?.includes('@') === true) {
    return refuse('credentials_present', 'An address has no user name and no password.');
  }
  if (text.includes('#')) return refuse('fragment_present', 'An address has no part after a number sign.');

  const host = readHost(url.hostname, policy);
  if ('code' in host) return host;
  if (scheme === 'http' && !host.isLocal) {
    return refuse('scheme_forbidden', 'Only a loopback address can be reached without https.');
  }
  const port = readPort(url);
  const isLocalDefault = scheme === 'http' && port === 80;
  if (!isLocalDefault && !isPortAllowed(port, policy.ports)) {
    return refuse('port_forbidden', 'Deliveries are not made to this port.');
  }
  return describeTarget({ scheme, host, port, path: `${url.pathname}${url.search}` });
}

interface Host {
  readonly hostname: string;
  readonly isLiteral: boolean;
  readonly isLocal: boolean;
}

function readHost(written: string, policy: TargetPolicy): Host | TargetRefusal {
  const bare = written.startsWith('[') ? written.slice(1, -1) : written.replace(/\.$/, '');
  const judged = classifyAddress(bare);
  if (judged.kind === 'public') return { hostname: judged.address, isLiteral: true, isLocal: false };
  if (judged.kind === 'forbidden') {
    if (policy.localTargets && judged.range === 'loopback') {
      return { hostname: judged.address, isLiteral: true, isLocal: true };
    }
    return refuse('address_forbidden', `The address is in a range that is not public: ${judged.range}.`);
  }
  return readName(bare, policy);
}

function readName(hostname: string, policy: TargetPolicy): Host | TargetRefusal {
  const labels = hostname.split('.');
  const { hostnameMaxCharacters, labelMaxCharacters } = deliveryLimits;
  const isWellFormed = labels.every((label) => label.length <= labelMaxCharacters && labelPattern.test(label));
  if (!isWellFormed || hostname.length > hostnameMaxCharacters) {
    return refuse('hostname_malformed', 'The host name is not a name of letters, digits and inner hyphens.');
  }
  const isLocal = labels.at(-1) === 'localhost';
  if (isLocal && policy.localTargets) return { hostname, isLiteral: false, isLocal };
  const isPrivate = privateSuffixes.some((suffix) => hostname === suffix || hostname.endsWith(`.${suffix}`));
  if (isPrivate || labels.length === 1) {
    return refuse('hostname_not_public', 'The host name belongs to a private network.');
  }
  return { hostname, isLiteral: false, isLocal };
}

/** WHATWG leaves the port out when it is the scheme's own. */
function readPort(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

function describeTarget(parts: {
  readonly scheme: 'https' | 'http';
  readonly host: Host;
  readonly port: number;
  readonly path: string;
}): TargetParse {
  const { scheme, host, port, path } = parts;
  const name = host.hostname.includes(':') ? `[${host.hostname}]` : host.hostname;
  const isDefaultPort = port === (scheme === 'http' ? 80 : 443);
  const authority = isDefaultPort ? name : `${name}:${port}`;
  const href = `${scheme}://${authority}${path}`;
  if (href.length > deliveryLimits.targetMaxCharacters) {
    return refuse('url_too_long', 'The address is too long once its other characters are percent-encoded.');
  }
  if (!asciiPattern.test(path)) return refuse('url_malformed', 'The path has characters that cannot be sent.');
  return {
    ok: true,
    target: { href, scheme, hostname: host.hostname, isLiteral: host.isLiteral, port, authority, path },
  };
}

function refuse(code: TargetRefusalCode, detail: string): TargetRefusal {
  return { ok: false, code, detail };
}

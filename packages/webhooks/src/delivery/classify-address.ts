import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import {
  forbiddenIpv4Ranges,
  forbiddenIpv6Ranges,
  globalUnicastIpv6Cidr,
  type ForbiddenRange,
} from './address-ranges.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** `address` is the canonical text (RFC 5952 for IPv6). `range` names the first forbidden range that holds it. */
export type AddressClass =
  | { readonly kind: 'public'; readonly address: string }
  | { readonly kind: 'forbidden'; readonly address: string; readonly range: string }
  | { readonly kind: 'malformed' };

interface ParsedRange {
  readonly name: string;
  readonly network: Address;
  readonly prefixBits: number;
}

const ipv4Ranges = forbiddenIpv4Ranges.map(parseRange);
const ipv6Ranges = forbiddenIpv6Ranges.map(parseRange);
const globalUnicast = parseRange({ name: 'global_unicast', cidr: globalUnicastIpv6Cidr });

/**
 * Judges one address by the IANA special-purpose registries: public, or forbidden and in which range. Takes the
 * strict notations only (four decimal parts, RFC 4291 text); octal, hexadecimal and short forms and zone ids are
 * malformed. An IPv6 address that embeds an IPv4 address is forbidden whatever it embeds.
 */
export function classifyAddress(text: string): AddressClass {
  const parsed = parseAddress(text);
  if (parsed === undefined) return { kind: 'malformed' };
  const address = canonicalText(parsed);
  const range = findRange(parsed);
  return range === undefined ? { kind: 'public', address } : { kind: 'forbidden', address, range };
}

/** Whether both texts are the same address. An IPv4-mapped address counts as its IPv4 address here. */
export function isSameAddress(pair: { readonly expected: string; readonly actual: string }): boolean {
  const expected = parseAddress(pair.expected);
  const actual = parseAddress(pair.actual);
  if (expected === undefined || actual === undefined) return false;
  return canonicalText(unmap(expected)) === canonicalText(unmap(actual));
}

/**
 * `isIP` is as strict as `inet_pton`; the library alone would take 0x7f.1, and `::1.2.3.4` for the mapped address of
 * 1.2.3.4, so it gets IPv6 in hexadecimal only.
 */
function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return undefined;
  return family === 4 ? ipaddr.IPv4.parse(text) : ipaddr.IPv6.parse(toHexadecimal(text));
}

/** The last 32 bits of an IPv6 address can be written with dots (RFC 4291 section 2.2). */
function toHexadecimal(text: string): string {
  const dotted = /[0-9.]+$/.exec(text)?.[0];
  if (dotted === undefined || !dotted.includes('.')) return text;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  const hexadecimal = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return `${text.slice(0, -dotted.length)}${hexadecimal}`;
}

function canonicalText(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** A socket that can speak both families reports an IPv4 peer in the mapped form. */
function unmap(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function findRange(address: Address): string | undefined {
  const isIpv6 = address.kind() === 'ipv6';
  const found = (isIpv6 ? ipv6Ranges : ipv4Ranges).find((range) => isInside(address, range));
  if (found !== undefined) return found.name;
  return isIpv6 && !isInside(address, globalUnicast) ? 'not_global_unicast' : undefined;
}

function isInside(address: Address, { network, prefixBits }: ParsedRange): boolean {
  return address.match(network, prefixBits);
}

function parseRange({ name, cidr }: Pick<ForbiddenRange, 'name' | 'cidr'>): ParsedRange {
  const [network, prefixBits] = ipaddr.parseCIDR(cidr);
  return { name, network, prefixBits };
}

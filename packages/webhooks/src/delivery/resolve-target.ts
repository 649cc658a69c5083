import { classifyAddress } from './classify-address.ts';
import { deliveryLimits } from './delivery-limits.ts';
import type { DeliveryNetwork } from './delivery-network.ts';
import type { DeliveryTarget, TargetPolicy } from './parse-target-url.ts';

/** `address` is what the connection is pinned to. A refusal says why in a word or two, without an address of ours. */
export type ResolvedTarget =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly code: 'dns_failed' | 'address_forbidden'; readonly reason: string };

export interface ResolveTargetInput {
  readonly target: Pick<DeliveryTarget, 'hostname' | 'isLiteral' | 'scheme'>;
  readonly policy: Pick<TargetPolicy, 'localTargets'>;
  readonly resolve: DeliveryNetwork['resolve'];
  /** Turns through the answers: with the number of the attempt here, a retry tries another address. */
  readonly rotation: number;
}

/**
 * Resolves a target once and chooses the one address to connect to. Refused when any answer is forbidden: a name with
 * a public and a private address is an attack or a mistake, and a choice between them would be luck. IPv4 is preferred.
 */
export async function resolveTarget(input: ResolveTargetInput): Promise<ResolvedTarget> {
  const { target } = input;
  if (target.isLiteral) return chooseAddress([target.hostname], input);
  let answers: readonly string[];
  try {
    answers = await input.resolve(target.hostname);
  } catch (error) {
    return { ok: false, code: 'dns_failed', reason: readErrorCode(error) ?? 'lookup_failed' };
  }
  return chooseAddress(answers, input);
}

function chooseAddress(answers: readonly string[], input: ResolveTargetInput): ResolvedTarget {
  if (answers.length === 0) return { ok: false, code: 'dns_failed', reason: 'no_addresses' };
  if (answers.length > deliveryLimits.addressesMax) {
    return { ok: false, code: 'dns_failed', reason: 'too_many_addresses' };
  }
  const addresses: string[] = [];
  for (const answer of answers) {
    const judged = classifyAddress(answer);
    if (judged.kind === 'malformed') return { ok: false, code: 'address_forbidden', reason: 'malformed' };
    const isLocal = judged.kind === 'forbidden' && judged.range === 'loopback';
    if (judged.kind === 'forbidden' && !(isLocal && input.policy.localTargets)) {
      return { ok: false, code: 'address_forbidden', reason: judged.range };
    }
    // Without TLS nothing proves who answers, so only this machine may.
    if (input.target.scheme === 'http' && !isLocal) {
      return { ok: false, code: 'address_forbidden', reason: 'plain_http' };
    }
    addresses.push(judged.address);
  }
  return { ok: true, address: rotate(addresses, input.rotation) };
}

/** The resolver's order within a family stands, so that round robin of the owner's name server works. */
function rotate(addresses: readonly string[], rotation: number): string {
  const ipv4 = addresses.filter((address) => !address.includes(':'));
  const ipv6 = addresses.filter((address) => address.includes(':'));
  const ordered = [...new Set([...ipv4, ...ipv6])];
  const chosen = ordered[Math.abs(Math.trunc(rotation)) % ordered.length];
  if (chosen === undefined) throw new RangeError('The rotation of an address choice is a finite number.');
  return chosen;
}

/** A short code such as ENOTFOUND. Messages are left out: they can carry text of the target. */
export function readErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(error.code) ? error.code : undefined;
}

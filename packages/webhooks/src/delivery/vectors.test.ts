import { describe, expect, test } from 'bun:test';
import addresses from '../../vectors/outbound/addresses.json';
import retryAfter from '../../vectors/outbound/retry-after.json';
import targets from '../../vectors/outbound/targets.json';
import { forbiddenIpv4Ranges, forbiddenIpv6Ranges } from './address-ranges.ts';
import { classifyAddress } from './classify-address.ts';
import { parseTargetUrl, targetRefusalCodes, type TargetPolicy } from './parse-target-url.ts';
import { readRetryAfter } from './read-retry-after.ts';

describe('the vectors of outbound delivery', () => {
  test('name every range, every refusal code, and more than the 54 addresses of the published tables', () => {
    const seen = new Set(addresses.addresses.map(({ expected }) => expected));
    const names = [...forbiddenIpv4Ranges, ...forbiddenIpv6Ranges].map(({ name }) => name);
    expect([...seen].toSorted()).toEqual([...new Set([...names, 'not_global_unicast', 'public'])].toSorted());
    expect(addresses.addresses.length).toBeGreaterThan(54);
    const codes = new Set(targets.targets.flatMap(({ expected }) => expected.code ?? []));
    expect([...codes].toSorted()).toEqual(targetRefusalCodes.toSorted());
    expect(targets.targets.filter(({ expected }) => expected.ok).length).toBeGreaterThanOrEqual(15);
    expect(retryAfter.values.length).toBeGreaterThanOrEqual(30);
  });

  for (const { address, expected } of addresses.addresses) {
    test(`${address} is ${expected}`, () => {
      const judged = classifyAddress(address);
      expect(judged.kind === 'forbidden' ? judged.range : judged.kind).toBe(expected);
    });
  }

  for (const text of addresses.malformed) {
    test(`${JSON.stringify(text)} is no address`, () => {
      expect(classifyAddress(text)).toEqual({ kind: 'malformed' });
    });
  }

  for (const { text, ports, localTargets, expected } of targets.targets) {
    test(`${JSON.stringify(text.slice(0, 80))} with ports ${ports}${localTargets ? ', local' : ''}`, () => {
      const parsed = parseTargetUrl(text, policyOf({ ports, localTargets }));
      expect<unknown>(parsed.ok ? parsed : { ok: false, code: parsed.code }).toEqual(expected);
      if (!parsed.ok) return;
      // The canonical form is a fixed point.
      expect<unknown>(parseTargetUrl(parsed.target.href, policyOf({ ports, localTargets }))).toEqual(expected);
    });
  }

  for (const { value, milliseconds } of retryAfter.values) {
    test(`Retry-After ${JSON.stringify(value)} is ${milliseconds}`, () => {
      const { capMilliseconds } = retryAfter;
      const nowMilliseconds = Date.parse(retryAfter.now);
      expect(readRetryAfter(value, { nowMilliseconds, capMilliseconds })).toBe(milliseconds ?? undefined);
    });
  }
});

/** JSON knows strings only. */
function policyOf({ ports, localTargets }: { readonly ports: string; readonly localTargets: boolean }): TargetPolicy {
  if (ports !== 'standard' && ports !== 'high') throw new Error('A vector has an unknown port policy.');
  return { ports, localTargets };
}

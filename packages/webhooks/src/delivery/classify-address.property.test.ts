import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { classifyAddress, isSameAddress } from './classify-address.ts';
import { parseTargetUrl } from './parse-target-url.ts';

const policy = { ports: 'standard', localTargets: false } as const;
const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const privateOctets = fc.oneof(
  octets.map(([, b, c, d]): Octets => [127, b, c, d]),
  octets.map(([, b, c, d]): Octets => [10, b, c, d]),
  octets.map(([, , c, d]): Octets => [192, 168, c, d]),
  octets.map(([, , c, d]): Octets => [169, 254, c, d]),
  octets.map(([, b, c, d]): Octets => [100, 64 + (b % 64), c, d]),
);
type Octets = [number, number, number, number];

function numberOf([a, b, c, d]: Octets): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}

/** One part in one of the spellings that the C library takes, with some letters percent-encoded or full-width. */
const disguise = fc.record({
  radix: fc.constantFrom(8, 10, 16),
  upper: fc.boolean(),
  encode: fc.constantFrom('plain', 'percent', 'full_width'),
  zeros: fc.nat(3),
});
type Disguise = typeof disguise extends fc.Arbitrary<infer Value> ? Value : never;

function spell(value: number, { radix, upper, encode, zeros }: Disguise): string {
  const digits = value.toString(radix);
  const prefix = { 8: '0', 10: '', 16: '0x' }[radix] ?? '';
  const padded = radix === 10 ? digits : `${prefix}${'0'.repeat(zeros)}${digits}`;
  const cased = upper ? padded.toUpperCase() : padded;
  if (encode === 'plain') return cased;
  const hidden = [...cased].map((character) => {
    const code = character.charCodeAt(0);
    return encode === 'percent' ? `%${code.toString(16)}` : String.fromCharCode(code + 0xfee0);
  });
  return hidden.join('');
}

/** The last part takes what is left, as in 127.1. */
function partsOf([a, b, c, d]: Octets, count: number): number[] {
  if (count === 1) return [numberOf([a, b, c, d])];
  if (count === 2) return [a, (b * 256 + c) * 256 + d];
  if (count === 3) return [a, b, c * 256 + d];
  return [a, b, c, d];
}

describe('a forbidden IPv4 address', () => {
  test('is found in every spelling of its parts', () => {
    const dot = fc.constantFrom('.', '%2e', '。', '．');
    const spelling = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.array(disguise, { minLength: 4, maxLength: 4 }), dot);
    let refused = 0;
    fc.assert(
      fc.property(privateOctets, spelling, fc.boolean(), (address, [count, disguises, separator], trailing) => {
        const parts = partsOf(address, count).map((part, index) => spell(part, disguises[index] ?? plain));
        const host = `${parts.join(separator)}${trailing ? '.' : ''}`;
        const parsed = parseTargetUrl(`https://${host}/`, policy);
        expect(parsed).toMatchObject({ ok: false, code: 'address_forbidden' });
        refused += 1;
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBe(1000);
  });

  test('is forbidden in every IPv6 address that embeds it, in hexadecimal and in dotted form', () => {
    const prefixes = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::', '64:ff9b:1:7f00:1:2:'];
    fc.assert(
      fc.property(octets, fc.constantFrom(...prefixes), fc.boolean(), ([a, b, c, d], prefix, isDotted) => {
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        const text = `${prefix}${isDotted ? `${a}.${b}.${c}.${d}` : hex}`;
        expect(classifyAddress(text).kind).toBe('forbidden');
        expect(classifyAddress(`2002:${hex}::1`).kind).toBe('forbidden');
        expect(classifyAddress(`2001:0:${hex}::`).kind).toBe('forbidden');
      }),
    );
  });
});

const plain: Disguise = { radix: 10, upper: false, encode: 'plain', zeros: 0 };

describe('any address', () => {
  test('keeps its class in its canonical form, and is the same as it', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.ipV6().map((text) => text.toUpperCase()),
        ),
        (text) => {
          const judged = classifyAddress(text);
          seen.add(judged.kind);
          if (judged.kind === 'malformed') throw new Error(`${text} is an address.`);
          expect(classifyAddress(judged.address)).toEqual(judged);
          expect(isSameAddress({ expected: text, actual: judged.address })).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
    expect([...seen].toSorted()).toEqual(['forbidden', 'public']);
  });

  test('that is IPv6 and public lies in 2000::/3', () => {
    let publics = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((group) => group.toString(16)).join(':');
        if (classifyAddress(text).kind !== 'public') return;
        publics += 1;
        expect((groups[0] ?? 0) >> 13).toBe(1);
      }),
      { numRuns: 2000 },
    );
    expect(publics).toBeGreaterThan(0);
  });

  test('is the same as itself alone; an IPv4 peer in the mapped form counts', () => {
    expect(isSameAddress({ expected: '1.2.3.4', actual: '::ffff:1.2.3.4' })).toBe(true);
    expect(isSameAddress({ expected: '::1', actual: '0:0:0:0:0:0:0:1' })).toBe(true);
    for (const actual of ['1.2.3.5', '::1.2.3.4', '', 'localhost', '::ffff:1.2.3.5', '01.2.3.4']) {
      expect(isSameAddress({ expected: '1.2.3.4', actual })).toBe(false);
    }
  });
});

test('no text makes the parser throw, and what it accepts is canonical', () => {
  const character = fc.constantFrom(...'htps:/@.%[]#?\\0127abcx-_ ①。\u00ad\u0000\n:8443');
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: character, maxLength: 40 }).map((tail) => `https://${tail}`),
    fc.webUrl(),
    fc.domain().map((name) => `https://${name}/`),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(text, fc.boolean(), (input, localTargets) => {
      const parsed = parseTargetUrl(input, { ports: 'high', localTargets });
      seen.add(parsed.ok ? 'ok' : parsed.code);
      if (!parsed.ok) return;
      const { href, hostname, path } = parsed.target;
      expect(parseTargetUrl(href, { ports: 'high', localTargets })).toEqual(parsed);
      expect(`${hostname}${path}`).toMatch(/^[!-~]+$/);
    }),
    { numRuns: 3000 },
  );
  expect(seen.size).toBeGreaterThanOrEqual(6);
});

import { createHash } from 'node:crypto';

const hashOf = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

const node = Uint8Array.of(1);
const leaf = Uint8Array.of(0);

/**
 * The definitions of RFC 9162 section 2.1 word for word, recursive and over leaves in memory: it shares no code with what
 * it checks. Ranges are `D[start:end]`; their hashes are kept, since the tests ask for each many times.
 */
export class NaiveTree {
  readonly #leaves: readonly Uint8Array[];
  readonly #hashes = new Map<string, Uint8Array>();

  constructor(leaves: readonly Uint8Array[]) {
    this.#leaves = leaves;
  }

  /** MTH(D[start:end]), section 2.1.1. */
  hash(start: number, end: number): Uint8Array {
    const name = `${start}:${end}`;
    const known = this.#hashes.get(name);
    if (known !== undefined) return known;
    const hash = this.#hash(start, end);
    this.#hashes.set(name, hash);
    return hash;
  }

  /** PATH(m, D[start:end]), section 2.1.3.1. */
  path(m: number, start: number, end: number): Uint8Array[] {
    if (end - start === 1) return [];
    const k = split(end - start);
    if (m < k) return [...this.path(m, start, start + k), this.hash(start + k, end)];
    return [...this.path(m - k, start + k, end), this.hash(start, start + k)];
  }

  /** SUBPROOF(m, D[start:end], b), section 2.1.4.1. */
  subproof(m: number, start: number, end: number, b: boolean): Uint8Array[] {
    if (m === end - start) return b ? [] : [this.hash(start, end)];
    const k = split(end - start);
    if (m <= k) return [...this.subproof(m, start, start + k, b), this.hash(start + k, end)];
    return [...this.subproof(m - k, start + k, end, false), this.hash(start, start + k)];
  }

  #hash(start: number, end: number): Uint8Array {
    if (end === start) return hashOf();
    if (end - start === 1) return hashOf(leaf, this.#leaves[start] ?? new Uint8Array(0));
    const k = split(end - start);
    return hashOf(node, this.hash(start, start + k), this.hash(start + k, end));
  }
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Leaves that differ from each other, some of them empty or long. */
export function sampleLeaves(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    new TextEncoder().encode(index === 3 ? '' : `leaf ${index}`.repeat(1 + (index % 5))),
  );
}

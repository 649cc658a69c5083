import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { inclusionProof } from './merkle-proof.ts';
import { cosignCheckpoint, signNote } from './note-signer.ts';
import { noteVectors } from './testing/note-vectors.ts';
import {
  checkpointText,
  cosignedAt,
  logSigner,
  manyLeafHashes,
  origin,
  strangerSigner,
  witnesses,
} from './testing/sample-log.ts';
import { formatTlogProof, parseTlogProof } from './tlog-proof.ts';
import { tlogProofRefusalCodes, verifyTlogProof } from './verify-tlog-proof.ts';

const { tlogProof: vectors, checkpointExample } = noteVectors;
const leafHashes = manyLeafHashes(300);
const text = checkpointText(leafHashes);
const signatures = witnesses.map((signer) => cosignCheckpoint({ text, signer, timestampSeconds: cosignedAt }));
const checkpoint = signNote({ text, signers: [logSigner], signatures });
const policy = { origin, logKeys: [logSigner.key], witnessKeys: witnesses.map(({ key }) => key), witnessQuorum: 2 };
const leafIndex = 200n;
const leaf = leafHashes[200] ?? new Uint8Array(0);
const proof = inclusionProof({ leafIndex, leafHashes });
const file = formatTlogProof({ leafIndex, proof, checkpoint });

describe('proof files', () => {
  test('the example of tlog-proof, with a whole checkpoint in place of the shortened one', () => {
    const { origin: other, size, root, signatures: lines } = checkpointExample;
    const note = `${other}\n${size}\n${root}\n\n${lines.join('')}`;
    const hashes = vectors.hashes.join('\n');
    const extra = 'YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6';
    const example = `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex ${vectors.index}\n${hashes}\n\n${note}`;
    const parsed = parseTlogProof(example);
    expect(parsed).toMatchObject({ leafIndex: BigInt(vectors.index), checkpoint: note });
    expect(new TextDecoder().decode(parsed?.extra ?? undefined)).toBe('age-v1.2.1-darwin-arm64.tar.gz');
    expect(formatTlogProof(parsed ?? { leafIndex: 0n, proof: [], checkpoint: '' })).toBe(example);
  });

  test('are written and read back', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const files = fc.record({
      leafIndex: fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }),
      proof: fc.array(hash, { maxLength: 63 }),
      extra: fc.option(fc.uint8Array(), { nil: null }),
    });
    fc.assert(
      fc.property(files, (parts) => {
        expect(parseTlogProof(formatTlogProof({ ...parts, checkpoint }))).toEqual({ ...parts, checkpoint });
      }),
    );
  });

  const [hash = ''] = vectors.hashes;
  const withHead = (head: string): string => `c2sp.org/tlog-proof@v1\n${head}\n\n${checkpoint}`;
  const malformed = [
    ...vectors.malformed,
    ...vectors.malformed.map((wrong) => wrong.replace('checkpoint\n', checkpoint)),
    withHead('index 01'),
    withHead('index  1'),
    withHead(`index ${2n ** 62n}`),
    withHead('index 1\nextra AAAA'),
    withHead('extra AAAA\nextra AAAA\nindex 1'),
    withHead('extra AAA\nindex 1'),
    withHead(`index 1\n${hash} `),
    withHead(`index 1\n${hash}\r`),
    withHead(`index 1${`\n${hash}`.repeat(64)}`),
    withHead('index 1').replace(checkpoint, text),
    withHead('index 1').replace('@v1', '@v2'),
    `${withHead('index 1')}\n`,
    ` ${withHead('index 1')}`,
    withHead(`extra ${'AAAA'.repeat(30_000)}\nindex 1`),
    withHead('index 1').repeat(2_000),
    '',
  ];
  test.each(malformed.map((wrong) => [wrong.slice(0, 80), wrong]))('%p is none', (_, wrong) => {
    expect(parseTlogProof(wrong)).toBeUndefined();
    expect(verifyTlogProof({ proof: wrong, leafHash: leaf, policy })).toMatchObject({ code: 'malformed_proof' });
  });

  test('the forms around the malformed ones are read', () => {
    expect(parseTlogProof(withHead('index 1'))?.leafIndex).toBe(1n);
    expect(parseTlogProof(withHead(`index 1${`\n${hash}`.repeat(63)}`))?.proof.length).toBe(63);
    expect(parseTlogProof(withHead('extra \nindex 1'))?.extra).toEqual(new Uint8Array(0));
    expect(parseTlogProof(new TextEncoder().encode(withHead('index 1')))?.leafIndex).toBe(1n);
  });

  test('what cannot be read again is a bug to write', () => {
    const parts = { leafIndex, proof, checkpoint };
    expect(() => formatTlogProof({ ...parts, leafIndex: -1n })).toThrow(TypeError);
    expect(() => formatTlogProof({ ...parts, proof: [leaf.subarray(1)] })).toThrow(TypeError);
    expect(() => formatTlogProof({ ...parts, proof: Array.from({ length: 64 }, () => leaf) })).toThrow(TypeError);
    expect(() => formatTlogProof({ ...parts, checkpoint: text })).toThrow(TypeError);
    expect(() => formatTlogProof({ ...parts, extra: new Uint8Array(65_537) })).toThrow(TypeError);
  });
});

describe('verification of a proof file', () => {
  const codeOf = (input: Partial<Parameters<typeof verifyTlogProof>[0]>): string => {
    const verified = verifyTlogProof({ proof: file, leafHash: leaf, policy, ...input });
    return verified.ok ? 'verified' : verified.code;
  };

  test('says where the leaf stands, in which tree, and who saw it', () => {
    const verified = verifyTlogProof({ proof: file, leafHash: leaf, policy });
    expect(verified).toMatchObject({ ok: true, leafIndex, checkpoint: { origin, size: 300n } });
    expect(verified.ok && verified.witnesses.length).toBe(3);
  });

  test('every leaf of the log has one', () => {
    const every = fc.nat({ max: leafHashes.length - 1 });
    fc.assert(
      fc.property(every, every, (at, other) => {
        const own = inclusionProof({ leafIndex: BigInt(at), leafHashes });
        const made = formatTlogProof({ leafIndex: BigInt(at), proof: own, checkpoint });
        expect(codeOf({ proof: made, leafHash: leafHashes[at] ?? leaf })).toBe('verified');
        fc.pre(other !== at);
        expect(codeOf({ proof: made, leafHash: leafHashes[other] ?? leaf })).toBe('not_included');
        const moved = formatTlogProof({ leafIndex: BigInt(other), proof: own, checkpoint });
        expect(codeOf({ proof: moved, leafHash: leafHashes[at] ?? leaf })).toBe('not_included');
      }),
      { numRuns: 20 },
    );
  });

  test('each reason is given, in the order of the list', () => {
    const unsigned = signNote({ text, signers: [strangerSigner] });
    const inFile = (note: string): string => formatTlogProof({ leafIndex, proof, checkpoint: note });
    const noCheckpoint = signNote({ text: 'no checkpoint\n', signers: [logSigner] });
    const staircase = [
      codeOf({ proof: 'nonsense' }),
      codeOf({ policy: { ...policy, logKeys: [logSigner.key, logSigner.key] } }),
      codeOf({ proof: inFile(checkpoint.replace('\n300\n', '\n301\n')) }),
      codeOf({ proof: inFile(unsigned) }),
      codeOf({ proof: inFile(noCheckpoint) }),
      codeOf({ policy: { ...policy, origin: 'log.example/other', logKeys: [], witnessQuorum: 9 } }),
      codeOf({ policy: { ...policy, logKeys: [], witnessQuorum: 9 } }),
      codeOf({ policy: { ...policy, witnessQuorum: 4 }, leafHash: new Uint8Array(0) }),
      codeOf({ leafHash: new Uint8Array(0) }),
    ];
    // A file holds a well-formed note, or is itself malformed.
    expect(staircase).toEqual(tlogProofRefusalCodes.filter((code) => code !== 'malformed_note'));
  });

  test('no byte of a file can be changed so that it proves something else', () => {
    const bytes = new TextEncoder().encode(file);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const altered = bytes.with(at, (bytes[at] ?? 0) ^ mask);
        const verified = verifyTlogProof({ proof: altered, leafHash: leaf, policy });
        // With three witnesses and a quorum of two, one may become unknown; the statement stays what was signed.
        if (verified.ok) expect(verified).toMatchObject({ leafIndex, checkpoint: { origin, size: 300n } });
      }),
      { numRuns: 200 },
    );
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';
import { consistencyProof, rootHash } from './merkle-proof.ts';
import { formatSignatureLine, parseNote, parseSignatureLines } from './note.ts';
import { cosignCheckpoint, signNote } from './note-signer.ts';
import { noteVectors } from './testing/note-vectors.ts';
import { checkpointText, cosignedAt, logSigner, manyLeafHashes, witnesses } from './testing/sample-log.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { verifyConsistency } from './verify-consistency.ts';
import { verifyNote } from './verify-note.ts';

const { addCheckpointExample: example, checkpointExample } = noteVectors;
const { origin, size, root } = checkpointExample;
const checkpoint = `${origin}\n${size}\n${root}\n\n${example.signatures.join('')}`;
const body = `old ${example.oldSize}\n${example.proof.join('\n')}\n\n${checkpoint}`;

test('the example request of tlog-witness is read, and written again byte for byte', () => {
  const request = parseAddCheckpoint(body);
  expect(request).toMatchObject({ oldSize: BigInt(example.oldSize), checkpoint });
  expect(request?.proof).toEqual(example.proof.map((line) => Uint8Array.fromBase64(line)));
  expect(formatAddCheckpoint(request ?? { oldSize: 0n, proof: [], checkpoint: '' })).toBe(body);
  expect(parseNote(request?.checkpoint ?? '')?.signatures.length).toBe(2);
});

test('the example answer is read as signature lines', () => {
  const signatures = parseSignatureLines(example.response) ?? [];
  expect(signatures.map(({ name }) => name)).toEqual([
    'witness.example/w1',
    'witness.example/w1',
    'witness.example/w2',
  ]);
  expect(signatures.map(formatSignatureLine).join('')).toBe(example.response);
  for (const wrong of ['', '\n', example.response.slice(0, -1), `${example.response}\n`, `\n${example.response}`]) {
    expect(parseSignatureLines(wrong)).toBeUndefined();
  }
});

test('a log asks, a witness checks and answers, and the answer verifies beside the checkpoint', () => {
  const leafHashes = manyLeafHashes(40);
  const text = checkpointText(leafHashes);
  const signed = signNote({ text, signers: [logSigner] });
  const proof = consistencyProof({ size1: 17n, leafHashes });
  const received = parseAddCheckpoint(formatAddCheckpoint({ oldSize: 17n, proof, checkpoint: signed }));
  const note = parseNote(received?.checkpoint ?? '');
  const claimed = parseCheckpoint(note?.text ?? '');
  const update = {
    size1: received?.oldSize ?? 0n,
    root1: rootHash(leafHashes.slice(0, 17)),
    size2: claimed?.size ?? 0n,
    root2: claimed?.root ?? new Uint8Array(0),
    proof: received?.proof ?? [],
  };
  expect(verifyConsistency(update)).toBe(true);
  const answer = witnesses
    .map((signer) =>
      formatSignatureLine(cosignCheckpoint({ text: note?.text ?? '', signer, timestampSeconds: cosignedAt })),
    )
    .join('');
  const keys = [logSigner.key, ...witnesses.map(({ key }) => key)];
  expect(verifyNote({ note: `${signed}${answer}`, keys })).toMatchObject({ ok: true, ignored: 0 });
});

describe('malformed requests', () => {
  const [hash = ''] = example.proof;
  const malformed = [
    '',
    `old ${example.oldSize}\n`,
    body.replace('old ', ''),
    body.replace('old ', 'old  '),
    body.replace('old ', 'Old '),
    body.replace(example.oldSize, `0${example.oldSize}`),
    body.replace(example.oldSize, '-1'),
    body.replace(example.oldSize, `${2n ** 62n + 1n}`),
    body.replace(example.oldSize, '0'),
    body.replace(hash, hash.slice(4)),
    body.replace(hash, `${hash}=`),
    body.replace(hash, ''),
    body.replaceAll('\n', '\r\n'),
    body.slice(0, -1),
    `old 1${`\n${hash}`.repeat(64)}\n\n${checkpoint}`,
    `old 1\n\n${origin}\n${size}\n${root}\n`,
    `old 1\n\n${checkpoint}`.repeat(2_000),
  ];
  test.each(malformed.map((wrong) => [wrong.slice(0, 60), wrong]))('%p', (_, wrong) => {
    expect(parseAddCheckpoint(wrong)).toBeUndefined();
  });

  test('63 hashes are read, and none from size zero', () => {
    expect(parseAddCheckpoint(`old 1${`\n${hash}`.repeat(63)}\n\n${checkpoint}`)?.proof.length).toBe(63);
    expect(parseAddCheckpoint(`old 0\n\n${checkpoint}`)).toEqual({ oldSize: 0n, proof: [], checkpoint });
  });

  test('noise is refused without an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array()), (noise) => {
        expect(parseAddCheckpoint(noise)).toBeUndefined();
      }),
    );
  });

  test('what cannot be read again is a bug to write', () => {
    const request = { oldSize: 1n, proof: [], checkpoint };
    expect(formatAddCheckpoint(request)).toBe(`old 1\n\n${checkpoint}`);
    for (const wrong of [
      { oldSize: -1n },
      { proof: [new Uint8Array(31)] },
      { oldSize: 0n, proof: [new Uint8Array(32)] },
      { checkpoint: '' },
    ]) {
      expect(() => formatAddCheckpoint({ ...request, ...wrong })).toThrow(TypeError);
    }
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { cosignedMessage, parseTimestampedSignature } from './cosignature.ts';
import { emptyRootHash } from './merkle-hash.ts';
import { formatNote, formatSignatureLine, parseNote, parseSignatureLines } from './note.ts';
import { parseVerifierKey, type NoteKey } from './note-key.ts';
import { cosignCheckpoint, createCosigner, signNote } from './note-signer.ts';
import { noteVectors } from './testing/note-vectors.ts';
import {
  checkpointText,
  cosignedAt,
  logSigner,
  manyLeafHashes,
  nextLogSigner,
  origin,
  strangerSigner,
  witnesses,
} from './testing/sample-log.ts';
import { verifyCheckpoint, type LogPolicy } from './verify-checkpoint.ts';
import { verifyNote } from './verify-note.ts';

const { checkpointExample: example, cosignedCheckpoint } = noteVectors;
const exampleText = `${example.origin}\n${example.size}\n${example.root}\n`;
const root = Uint8Array.fromBase64(example.root);

describe('checkpoints', () => {
  test('the example of tlog-checkpoint', () => {
    const note = parseNote(`${exampleText}\n${example.signatures.join('')}`);
    expect(note?.text).toBe(exampleText);
    const checkpoint = parseCheckpoint(note?.text ?? '');
    expect(checkpoint).toEqual({ origin: example.origin, size: BigInt(example.size), root, extensions: [] });
    expect(formatCheckpoint({ origin: example.origin, size: BigInt(example.size), root })).toBe(exampleText);
  });

  test('are written and read back, with extension lines and sizes beyond 2^53', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '+'), minLength: 1, maxLength: 60 });
    const checkpoints = fc.record({
      origin: line,
      size: fc.bigInt({ min: 1n, max: 2n ** 62n }),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 16 }),
    });
    fc.assert(
      fc.property(checkpoints, (checkpoint) => {
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  test('the empty tree has one root', () => {
    const empty = { origin, size: 0n, root: emptyRootHash() };
    expect(parseCheckpoint(formatCheckpoint(empty))).toEqual({ ...empty, extensions: [] });
    expect(() => formatCheckpoint({ ...empty, root })).toThrow(TypeError);
  });

  const malformed = [
    '',
    `${example.origin}\n${example.size}\n`,
    `\n${example.size}\n${example.root}\n`,
    exampleText.slice(0, -1),
    `${exampleText}\n`,
    `${exampleText}\nextension\n`,
    `${exampleText}extension`,
    `${exampleText}${'extension\n'.repeat(17)}`,
    exampleText.replace(example.size, `0${example.size}`),
    exampleText.replace(example.size, '-1'),
    exampleText.replace(example.size, '1e3'),
    exampleText.replace(example.size, '0x10'),
    exampleText.replace(example.size, ' 1'),
    exampleText.replace(example.size, `${2n ** 62n + 1n}`),
    exampleText.replace(example.size, `${2n ** 64n}`),
    exampleText.replace(example.size, '9'.repeat(1_000)),
    exampleText.replace(example.size, '0'),
    exampleText.replace(example.root, 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2'),
    exampleText.replace(example.root, `${example.root.slice(0, -1)}`),
    exampleText.replace(example.root, example.root.replace('I=', 'J=')),
    exampleText.replace(example.origin, 'a\tb'),
    exampleText.replace(example.origin, 'é'.repeat(128)),
    exampleText.replaceAll('\n', '\r\n'),
  ];
  test.each(malformed)('%p is none', (text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  test('an origin may have 255 bytes, spaces and a plus: clients must not assume its form', () => {
    for (const other of ['é'.repeat(127), 'example log+origin']) {
      expect(parseCheckpoint(exampleText.replace(example.origin, other))?.origin).toBe(other);
    }
  });

  test('noise is refused without an error', () => {
    fc.assert(fc.property(fc.string(), (noise) => expect(parseCheckpoint(noise)).toBeUndefined()));
  });
});

describe('cosignatures', () => {
  test('the message that tlog-cosignature gives, and the time in its example', () => {
    const timestampSeconds = BigInt(example.cosignedAtSeconds);
    const message = cosignedMessage({ text: exampleText, timestampSeconds });
    expect(new TextDecoder().decode(message)).toBe(example.cosignedMessage);
    const [, cosignature] = parseSignatureLines(example.signatures.join('')) ?? [];
    const parsed = parseTimestampedSignature(cosignature?.signature ?? new Uint8Array(0));
    expect(parsed?.timestampSeconds).toBe(timestampSeconds);
  });

  test('a checkpoint of a public log, cosigned by four public witnesses, verifies with their published keys', () => {
    const { note, logKey, witnessKeys } = cosignedCheckpoint;
    const keys = [logKey, ...witnessKeys].map((text) => parseVerifierKey(text) as NoteKey);
    const verified = verifyNote({ note, keys });
    expect(verified).toMatchObject({ ok: true, ignored: 1 });
    const times = verified.ok ? verified.verified.map(({ timestampSeconds }) => timestampSeconds) : [];
    expect(times).toEqual([null, 1_779_573_024n, 1_779_573_024n, 1_779_573_024n, 1_779_573_024n]);
    const later = note.replace('1432088532', '1432088533');
    expect(verifyNote({ note: later, keys })).toMatchObject({ ok: false, code: 'signature_invalid' });
  });

  const text = checkpointText(manyLeafHashes(5));
  const [witness = createCosigner({ name: 'w', seed: new Uint8Array(32) })] = witnesses;
  const cosigned = (timestampSeconds: bigint): string =>
    formatNote({ text, signatures: [cosignCheckpoint({ text, signer: witness, timestampSeconds })] });

  test('bind the text and the time', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.nat({ max: 71 }), (timestampSeconds, at) => {
        const note = cosigned(timestampSeconds);
        const [signature] = parseNote(note)?.signatures ?? [];
        const keys = [witness.key];
        expect(verifyNote({ note, keys })).toMatchObject({ ok: true, verified: [{ timestampSeconds }] });
        const bytes = signature?.signature ?? new Uint8Array(72);
        const altered = bytes.with(at, (bytes[at] ?? 0) ^ 1);
        const forged = formatNote({
          text,
          signatures: [{ name: witness.key.name, keyId: witness.key.keyId, signature: altered }],
        });
        expect(verifyNote({ note: forged, keys })).toMatchObject({ ok: false, code: 'signature_invalid' });
      }),
      { numRuns: 30 },
    );
  });

  test('have exactly 72 bytes and a time up to 2^63 - 1', () => {
    const structure = new Uint8Array(72);
    expect(parseTimestampedSignature(structure)?.timestampSeconds).toBe(0n);
    expect(parseTimestampedSignature(structure.subarray(1))).toBeUndefined();
    expect(parseTimestampedSignature(new Uint8Array(73))).toBeUndefined();
    expect(parseTimestampedSignature(structure.with(0, 0x80))).toBeUndefined();
    expect(() => cosigned(2n ** 63n)).toThrow(RangeError);
    expect(() => cosigned(-1n)).toThrow(RangeError);
  });

  test('are made over checkpoints only, and say nothing over another text', () => {
    const other = 'not a checkpoint\n';
    expect(() => cosignCheckpoint({ text: other, signer: witness, timestampSeconds: 1n })).toThrow(TypeError);
    const signature = Uint8Array.from([
      ...new Uint8Array(8),
      ...witness.sign(cosignedMessage({ text: other, timestampSeconds: 0n })),
    ]);
    const { name, keyId } = witness.key;
    const note = formatNote({ text: other, signatures: [{ name, keyId, signature }] });
    expect(verifyNote({ note, keys: [witness.key] })).toMatchObject({ ok: false, code: 'signature_invalid' });
  });

  test('a plain signature is no cosignature, and the other way round', () => {
    const { name, keyId } = witness.key;
    const plain = formatNote({
      text,
      signatures: [{ name, keyId, signature: witness.sign(new TextEncoder().encode(text)) }],
    });
    expect(verifyNote({ note: plain, keys: [witness.key] })).toMatchObject({ ok: false, code: 'signature_invalid' });
  });
});

describe('a checkpoint under a policy', () => {
  const text = checkpointText(manyLeafHashes(9));
  const policy: LogPolicy = {
    origin,
    logKeys: [logSigner.key],
    witnessKeys: witnesses.map(({ key }) => key),
    witnessQuorum: 2,
  };
  const noteBy = (count: number, signer = logSigner): string => {
    const signatures = witnesses
      .slice(0, count)
      .map((witness) => cosignCheckpoint({ text, signer: witness, timestampSeconds: cosignedAt }));
    return signNote({ text, signers: [signer], signatures });
  };
  const codeOf = (note: string, change: Partial<LogPolicy> = {}): string => {
    const verified = verifyCheckpoint({ note, policy: { ...policy, ...change } });
    return verified.ok ? 'verified' : verified.code;
  };

  test('is accepted with the log and enough witnesses, and says who they were', () => {
    const verified = verifyCheckpoint({ note: noteBy(3), policy });
    expect(verified).toMatchObject({ ok: true, checkpoint: { origin, size: 9n } });
    expect(verified.ok && verified.witnesses).toEqual(
      witnesses.map(({ key }) => ({ name: key.name, timestampSeconds: cosignedAt })),
    );
    expect(codeOf(noteBy(0), { witnessQuorum: 0, witnessKeys: [] })).toBe('verified');
  });

  test('needs its log, its origin and its witnesses', () => {
    expect(codeOf(noteBy(1))).toBe('witnesses_missing');
    expect(codeOf(noteBy(2))).toBe('verified');
    expect(codeOf(noteBy(2, strangerSigner))).toBe('log_signature_missing');
    expect(codeOf(noteBy(0, strangerSigner))).toBe('no_known_signature');
    expect(codeOf(noteBy(2), { origin: 'log.example/other' })).toBe('wrong_origin');
    expect(codeOf(signNote({ text: 'no checkpoint\n', signers: [logSigner] }))).toBe('malformed_checkpoint');
    expect(codeOf('')).toBe('malformed_note');
  });

  test('while a key is replaced, either key of the log will do', () => {
    const both = { logKeys: [logSigner.key, nextLogSigner.key] };
    expect(codeOf(noteBy(2, nextLogSigner))).toBe('log_signature_missing');
    expect(codeOf(noteBy(2, nextLogSigner), both)).toBe('verified');
    expect(codeOf(noteBy(2), both)).toBe('verified');
    const signatures = parseNote(noteBy(2))?.signatures ?? [];
    expect(codeOf(signNote({ text, signers: [nextLogSigner], signatures }), both)).toBe('verified');
  });

  test('one witness under two names counts once, and the log is no witness of itself', () => {
    const seed = new Uint8Array(32).fill(9);
    const aliases = ['witness.example/a', 'witness.example/b'].map((name) => createCosigner({ name, seed }));
    const signatures = aliases.map((signer) => cosignCheckpoint({ text, signer, timestampSeconds: cosignedAt }));
    const note = signNote({ text, signers: [logSigner], signatures });
    expect(codeOf(note, { witnessKeys: aliases.map(({ key }) => key) })).toBe('witnesses_missing');
    expect(codeOf(noteBy(0), { witnessKeys: [], witnessQuorum: 1 })).toBe('witnesses_missing');
    expect(codeOf(noteBy(0), { witnessKeys: [logSigner.key], logKeys: [], witnessQuorum: 0 })).toBe(
      'log_signature_missing',
    );
  });

  test('a signature line is written as it is read', () => {
    const line = example.signatures[1] ?? '';
    expect(parseSignatureLines(line)?.map(formatSignatureLine)).toEqual([line]);
  });
});

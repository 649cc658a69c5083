import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatNote, parseNote, parseSignatureLines } from './note.ts';
import { formatVerifierKey, noteKey, parseVerifierKey, type NoteKey } from './note-key.ts';
import { createNoteSigner, signNote } from './note-signer.ts';
import { noteVectors } from './testing/note-vectors.ts';
import { logSigner, strangerSigner } from './testing/sample-log.ts';
import { verifyNote } from './verify-note.ts';

const { specification, go, otherKeys, cosignedCheckpoint } = noteVectors;

function keyOf(text: string): NoteKey {
  const key = parseVerifierKey(text);
  if (key === undefined) throw new Error(`not a verifier key: ${text}`);
  return key;
}
const peter = keyOf(go.peterKey);
const enoch = keyOf(go.enochKey);
const noteOf = (...lines: readonly string[]): string => `${go.text}\n${lines.join('')}`;
const codeOf = (note: string | Uint8Array, keys: readonly NoteKey[]): string => {
  const verified = verifyNote({ note, keys });
  return verified.ok ? `${verified.verified.map(({ key }) => key.name).join()} ${verified.ignored}` : verified.code;
};

describe('verifier keys', () => {
  const published = [
    specification.key,
    go.peterKey,
    go.enochKey,
    ...otherKeys,
    cosignedCheckpoint.logKey,
    ...cosignedCheckpoint.witnessKeys,
  ];

  test.each(published)('%s', (text) => {
    expect(formatVerifierKey(keyOf(text))).toBe(text);
  });

  test('no part of a key, and no key with one character changed, is a key', () => {
    const key = go.peterKey;
    const wrong: string[] = [...go.badKeys, key.toUpperCase(), `${key}\n`, ` ${key}`];
    for (let start = 0; start <= key.length; start += 1) {
      for (let end = start; end <= key.length; end += 1)
        if (end - start < key.length) wrong.push(key.slice(start, end));
      const changed = String.fromCharCode(key.charCodeAt(start) + 1);
      if (start < key.length) wrong.push(key.slice(0, start) + changed + key.slice(start + 1));
    }
    expect(wrong.length).toBeGreaterThan(2000);
    expect(wrong.filter((text) => parseVerifierKey(text) !== undefined)).toEqual([]);
  });

  test('names are not empty and hold no Unicode space, plus or control character', () => {
    const { publicKey } = peter;
    const wrong = [
      '',
      'a b',
      'a+b',
      'a\tb',
      'a\u0085b',
      'a\u00a0b',
      'a\u2003b',
      'a\u3000b',
      'a\u0001b',
      'a\ud800b',
      'é'.repeat(128),
    ];
    for (const name of wrong) expect(() => noteKey({ name, type: 1, publicKey })).toThrow(TypeError);
    for (const name of ['a', 'é', '日本', 'é'.repeat(127)]) {
      const key = noteKey({ name, type: 4, publicKey });
      expect(parseVerifierKey(formatVerifierKey(key))).toEqual(key);
    }
    expect(() => noteKey({ name: 'a', type: 1, publicKey: publicKey.subarray(1) })).toThrow(TypeError);
  });

  test('the type is part of the id: one public key under two types is two keys', () => {
    const { name, publicKey } = peter;
    expect(noteKey({ name, type: 1, publicKey }).keyId).not.toBe(noteKey({ name, type: 4, publicKey }).keyId);
  });
});

describe('signed notes', () => {
  test('the example of signed-note', () => {
    const note = `${specification.text}\n${specification.signatures.join('')}`;
    expect(verifyNote({ note, keys: [keyOf(specification.key)] })).toMatchObject({
      ok: true,
      text: specification.text,
    });
    expect(codeOf(note.replace('example message', 'example massage'), [keyOf(specification.key)])).toBe(
      'signature_invalid',
    );
  });

  test('signing makes the bytes that golang/mod makes', () => {
    const signer = createNoteSigner({ name: 'PeterNeumann', seed: Uint8Array.fromBase64(go.peterSeed) });
    expect(formatVerifierKey(signer.key)).toBe(go.peterKey);
    expect(signNote({ text: go.text, signers: [signer] })).toBe(noteOf(go.peterSignature));
    const enochs = parseSignatureLines(go.enochSignature) ?? [];
    expect(signNote({ text: go.text, signers: [signer], signatures: enochs })).toBe(
      noteOf(go.enochSignature, go.peterSignature),
    );
  });

  test('signatures of unknown keys are ignored, those of known keys all count (golang/mod TestOpen)', () => {
    const both = noteOf(go.peterSignature, go.enochSignature);
    expect(codeOf(both, [peter])).toBe('PeterNeumann 1');
    expect(codeOf(both, [peter, enoch])).toBe('PeterNeumann,EnochRoot 0');
    expect(codeOf(both, [])).toBe('no_known_signature');
    expect(codeOf(new TextEncoder().encode(both), [peter])).toBe('PeterNeumann 1');
    expect(codeOf(noteOf(go.enochSignature), [enoch, peter, enoch])).toBe('ambiguous_key');
    expect(codeOf(noteOf(go.peterSignature), [enoch, peter, enoch])).toBe('PeterNeumann 0');
    expect(codeOf(noteOf(go.peterSignature, go.peterSignature), [peter])).toBe('PeterNeumann 0');
  });

  test('a known key whose signature fails refuses the note, also beside good signatures, before and after', () => {
    const bad = `${go.peterSignature.slice(0, 60)}ABCD${go.peterSignature.slice(60)}`;
    expect(codeOf(noteOf(bad), [peter])).toBe('signature_invalid');
    expect(codeOf(noteOf(go.enochSignature, bad), [peter, enoch])).toBe('signature_invalid');
    expect(codeOf(noteOf(go.peterSignature, bad), [peter])).toBe('signature_invalid');
    expect(codeOf(noteOf(bad, go.enochSignature), [enoch])).toBe('EnochRoot 1');
  });

  test('a key that shares the name or the id, not both, is unknown', () => {
    const otherName = go.peterSignature.replace('PeterNeumann', 'CarmenSandiego');
    const otherId = go.peterSignature.replace('x08g', 'xxxx');
    expect(codeOf(noteOf(otherName, otherId, go.peterSignature), [peter])).toBe('PeterNeumann 2');
    expect(codeOf(noteOf(otherName, otherId), [peter])).toBe('no_known_signature');
  });

  test('the text ends at the last empty line, and is signed as it stands', () => {
    const text = 'one\n\n\u2014 looks like a signature AAAAAAA=\n\ntwo\n';
    const note = signNote({ text, signers: [logSigner] });
    expect(verifyNote({ note, keys: [logSigner.key] })).toMatchObject({ ok: true, text });
    const withMark = signNote({ text: '\ufeffmarked\n', signers: [logSigner] });
    expect(verifyNote({ note: new TextEncoder().encode(withMark), keys: [logSigner.key] })).toMatchObject({
      ok: true,
      text: '\ufeffmarked\n',
    });
  });
});

describe('malformed notes', () => {
  const { peterSignature } = go;
  const malformed: readonly [string, string | Uint8Array][] = [
    ['no signatures', go.text],
    ['an empty line and no signatures', `${go.text}\n`],
    ['no newline at the end', noteOf(peterSignature).slice(0, -1)],
    ['a control character', `\u0001${noteOf(peterSignature)}`],
    ['a carriage return', noteOf(peterSignature).replaceAll('\n', '\r\n')],
    ['a lone surrogate', `\ud800${noteOf(peterSignature)}`],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, ...new TextEncoder().encode(noteOf(peterSignature)))],
    ['a name with a space', noteOf(peterSignature.replace('PeterNeumann', 'Bad Name'))],
    ['a name with a plus', noteOf(peterSignature.replace('PeterNeumann', 'Bad+Name'))],
    ['a hyphen for the dash', noteOf(peterSignature.replace('\u2014', '-'))],
    ['another line after the signatures', noteOf(peterSignature, 'Unexpected line.\n')],
    ['no signature after the key id', noteOf('\u2014 PeterNeumann x08goA==\n')],
    ['base64 without padding', noteOf(peterSignature.replace('=\n', '\n'))],
    ['base64 with stray bits', noteOf(peterSignature.replace('JnAM=\n', 'JnAN=\n'))],
    ['base64 with a space in it', noteOf(peterSignature.replace('JnAM=', 'Jn AM='))],
    ['base64 of the URL alphabet', noteOf(peterSignature.replace('/', '_'))],
    ['65 signatures', noteOf(peterSignature.repeat(65))],
    ['nothing', ''],
    ['too many bytes', `${'a'.repeat(262_144)}\n\n${peterSignature}`],
    ['too many bytes in few characters', `${'日'.repeat(100_000)}\n\n${peterSignature}`],
  ];

  test.each(malformed)('%s', (_, note) => {
    expect(parseNote(note)).toBeUndefined();
    expect(codeOf(note, [peter])).toBe('malformed_note');
  });

  test('64 signatures are read, and sixteen of the size of ML-DSA-44', () => {
    expect(codeOf(noteOf(go.peterSignature.repeat(64)), [peter])).toBe('PeterNeumann 0');
    const large = Array.from({ length: 16 }, (_, at) => ({
      name: `pq${at}`,
      keyId: at,
      signature: new Uint8Array(2428),
    }));
    const note = signNote({ text: go.text, signers: [logSigner], signatures: large });
    expect(verifyNote({ note, keys: [logSigner.key] })).toMatchObject({ ok: true, ignored: 16 });
  });

  test('a text that no note can have is a bug to sign', () => {
    for (const text of ['', 'no newline', 'a\tb\n', '\ud800\n']) {
      expect(() => signNote({ text, signers: [logSigner] })).toThrow(TypeError);
    }
    expect(() => signNote({ text: go.text, signers: [] })).toThrow(TypeError);
    expect(() =>
      formatNote({ text: go.text, signatures: [{ name: 'a b', keyId: 1, signature: new Uint8Array(64) }] }),
    ).toThrow(TypeError);
  });
});

describe('any input', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\n', '\u2014', '+', '=') }).map((line) => `${line}\n`);

  test('what is signed verifies, and only as it was signed', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (signed, at, mask) => {
        const note = new TextEncoder().encode(signNote({ text: signed, signers: [logSigner, strangerSigner] }));
        expect(codeOf(note, [logSigner.key])).toBe(`${logSigner.key.name} 1`);
        const altered = note.with(at % note.length, (note[at % note.length] ?? 0) ^ mask);
        const result = verifyNote({ note: altered, keys: [logSigner.key, strangerSigner.key] });
        // A changed name or id makes a signature unknown; then the other still vouches for the same text.
        if (result.ok) expect(result).toMatchObject({ text: signed, ignored: 1 });
      }),
    );
  });

  test('noise is refused without an error', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.uint8Array()), (noise) => expect(parseNote(noise)).toBeUndefined()));
  });
});

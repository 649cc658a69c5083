import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatVerifierKey, type NoteKey } from './note-key.ts';
import { createCosigner } from './note-signer.ts';
import { logSigner, nextLogSigner, strangerSigner, witnesses } from './testing/sample-log.ts';
import { meetsQuorum, parseTlogPolicy, type Quorum } from './tlog-policy.ts';

const [first, second, third] = witnesses.map(({ key }) => key);
const vkey = (key: NoteKey | undefined): string => (key === undefined ? '' : formatVerifierKey(key));
const logLine = `log ${vkey(logSigner.key)}\n`;
const witnessLines = [first, second, third].map((key, at) => `witness X${at + 1} ${vkey(key)}\n`).join('');
const moreWitnesses = [7, 8, 9].map((byte) =>
  createCosigner({ name: `other.example/y${byte}`, seed: new Uint8Array(32).fill(byte) }),
);
const moreLines = moreWitnesses
  .map(({ key }, at) => `witness Y${at + 1} ${vkey(key)} https://y${at + 1}.example\n`)
  .join('');

function quorumOf(text: string): Quorum {
  const result = parseTlogPolicy(text);
  if (!result.ok) throw new Error(`line ${result.line}: ${result.detail}`);
  return result.policy.quorum;
}

describe('a policy file', () => {
  test('as the specification shows one is read, with its groups', () => {
    const text =
      `${logLine}\n${witnessLines}group X-witnesses 2 X1 X2 X3\n\n${moreLines}group Y-witnesses any Y1 Y2 Y3\n\n` +
      'group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n';
    const result = parseTlogPolicy(text);
    if (!result.ok) throw new Error(result.detail);
    const { logs, witnesses: named, quorum } = result.policy;
    expect(logs).toEqual([{ key: logSigner.key, url: null }]);
    expect(named.map(({ url }) => url)).toEqual([
      null,
      null,
      null,
      'https://y1.example',
      'https://y2.example',
      'https://y3.example',
    ]);
    const keys = [...witnesses, ...moreWitnesses].map(({ key }) => key.name);
    const meets = (...names: string[]): boolean => {
      for (const name of names) expect(keys).toContain(name);
      return meetsQuorum(quorum, (key) => names.includes(key.name));
    };
    expect(meets('witness.example/w4', 'witness.example/w6', 'other.example/y9')).toBe(true);
    expect(meets('witness.example/w4', 'other.example/y7', 'other.example/y8')).toBe(false);
    expect(meets('witness.example/w4', 'witness.example/w5', 'witness.example/w6')).toBe(false);
    expect(meets()).toBe(false);
    expect(parseTlogPolicy(new TextEncoder().encode(text))).toEqual(result);
  });

  test('may have comments, tabs and addresses, and ask for nobody', () => {
    const text = `# whom we trust\n\t log\t${vkey(logSigner.key)}  https://log.example \n  #\n\nquorum none\n`;
    const result = parseTlogPolicy(text);
    expect(result).toEqual({
      ok: true,
      policy: { logs: [{ key: logSigner.key, url: 'https://log.example' }], witnesses: [], quorum: { kind: 'none' } },
    });
    expect(meetsQuorum(quorumOf(text), () => false)).toBe(true);
  });

  test('may name two keys of one log, and one witness as the quorum', () => {
    const quorum = quorumOf(`${logLine}log ${vkey(nextLogSigner.key)}\n${witnessLines}quorum X2\n`);
    expect(meetsQuorum(quorum, (key) => key.name === second?.name)).toBe(true);
    expect(meetsQuorum(quorum, (key) => key.name !== second?.name)).toBe(false);
  });

  const wrong: [string, string, number][] = [
    ['no quorum', witnessLines, 3],
    ['two quorums', 'quorum none\nquorum none\n', 2],
    ['a quorum that is not defined', `${witnessLines}quorum X4\n`, 4],
    ['a quorum of two', `${witnessLines}quorum X1 X2\n`, 4],
    ['a quorum that is defined below', `quorum X1\n${witnessLines}`, 1],
    ['a last line without its end', 'quorum none', 1],
    ['a carriage return', 'quorum none\r\n', 1],
    ['a line of another kind', 'quorum none\nlogs a\n', 2],
    ['a key of a witness as a log', `log ${vkey(first)}\nquorum none\n`, 1],
    ['a key of a log as a witness', `witness a ${vkey(logSigner.key)}\nquorum none\n`, 1],
    ['no key', 'witness a\nquorum none\n', 1],
    ['a log twice', `${logLine}${logLine}quorum none\n`, 2],
    ['a witness twice', `${witnessLines}witness a ${vkey(first)}\nquorum none\n`, 4],
    ['a name twice', `witness a ${vkey(first)}\nwitness a ${vkey(second)}\nquorum none\n`, 2],
    ['the name none', `witness none ${vkey(first)}\nquorum none\n`, 1],
    ['a group of nobody', 'group g any\nquorum g\n', 1],
    ['a group of nobody, all of them', 'group g all\nquorum g\n', 1],
    ['a group that needs none', `${witnessLines}group g 0 X1\nquorum g\n`, 4],
    ['a group that needs more than it has', `${witnessLines}group g 3 X1 X2\nquorum g\n`, 4],
    ['a number with a zero before it', `${witnessLines}group g 01 X1 X2\nquorum g\n`, 4],
    ['a word of the language', `${witnessLines}group g constructor X1 X2\nquorum g\n`, 4],
    ['a member twice', `${witnessLines}group g any X1 X1\nquorum g\n`, 4],
    ['a member of two groups', `${witnessLines}group g any X1\ngroup h any X1\nquorum g\n`, 5],
    ['a group of itself', `${witnessLines}group g any g\nquorum g\n`, 4],
    ['more than a key and an address', `${logLine.slice(0, -1)} a b\nquorum none\n`, 1],
  ];
  test.each(wrong)('with %s is refused', (_what, text, line) => {
    expect(parseTlogPolicy(text)).toMatchObject({ ok: false, line });
  });

  test('is of bounded size, and noise is refused without an error', () => {
    expect(parseTlogPolicy(`${'#\n'.repeat(40_000)}quorum none\n`).ok).toBe(false);
    expect(parseTlogPolicy(new Uint8Array([0x71, 0xff, 0x0a])).ok).toBe(false);
    expect(vkey(strangerSigner.key)).not.toBe('');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array()), (noise) => {
        expect(parseTlogPolicy(noise).ok).toBe(false);
      }),
    );
  });
});

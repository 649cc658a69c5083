import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Log from './index.ts';
import { inclusionProof } from './merkle-proof.ts';
import { noteVectors } from './testing/note-vectors.ts';
import {
  corruptConsistencies,
  corruptInclusions,
  validConsistencies,
  validInclusions,
} from './testing/merkle-probes.ts';
import { checkpointText, cosignedAt, logSigner, manyLeafHashes, origin, witnesses } from './testing/sample-log.ts';

let folder = '';
let bundled = '';
let log: typeof Log;

/** In a process of its own: one that has loaded the package as a server does keeps to that, browser or not. */
async function bundle(entry: string): Promise<string> {
  const file = join(folder, `${entry}.js`);
  // What a server runtime has is left as it is: otherwise Bun puts its own versions in without a word.
  const externals = builtinModules.flatMap((name) => ['--external', name]);
  const target = [
    '--target',
    'browser',
    '--outfile',
    file,
    '--external',
    'node:*',
    '--external',
    'bun:*',
    ...externals,
  ];
  const command = [process.execPath, 'build', join(import.meta.dir, `${entry}.ts`), ...target];
  const build = Bun.spawn(command, { stdout: 'ignore', stderr: 'inherit' });
  expect(await build.exited).toBe(0);
  return file;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karmanflow-log-'));
  const file = await bundle('index');
  bundled = await Bun.file(file).text();
  // The file is the bundle of this very module.
  log = (await import(file)) as typeof Log;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const importsOf = (code: string): string[] =>
  new Bun.Transpiler({ loader: 'js' }).scanImports(code).map(({ path }) => path);

test('the folder bundles for a browser, without any module of a server runtime', () => {
  expect(bundled.length).toBeGreaterThan(10_000);
  expect(importsOf(bundled)).toEqual([]);
  expect(bundled).toContain('@noble/hashes');
  expect(bundled.match(/\bnode:|\bBuffer\b|(?<![.\w])process\.|\brequire\(|\bBun\b|^\s*import\b/gm)).toBeNull();
});

test('a module of a server runtime would be seen', async () => {
  const seen = importsOf(await Bun.file(await bundle('tile.test')).text());
  expect(seen).toContain('bun:test');
});

describe('the bundle', () => {
  test('verifies the published proofs and refuses their corruptions', () => {
    for (const valid of validInclusions) {
      expect(log.verifyInclusion(valid)).toBe(true);
      expect(corruptInclusions(valid).filter(log.verifyInclusion)).toEqual([]);
    }
    for (const valid of validConsistencies) {
      expect(log.verifyConsistency(valid)).toBe(true);
      expect(corruptConsistencies(valid).filter(log.verifyConsistency)).toEqual([]);
    }
  });

  test('verifies a public checkpoint with its cosignatures', () => {
    const { note, logKey, witnessKeys } = noteVectors.cosignedCheckpoint;
    const keys = [logKey, ...witnessKeys].flatMap((text) => log.parseVerifierKey(text) ?? []);
    expect(keys.length).toBe(5);
    expect(log.verifyNote({ note, keys })).toMatchObject({ ok: true, ignored: 1 });
    const altered = note.replace('1432088532', '1432088533');
    expect(log.verifyNote({ note: altered, keys })).toMatchObject({ ok: false, code: 'signature_invalid' });
  });

  test('signs what the server signs, byte for byte', () => {
    const leafHashes = manyLeafHashes(7);
    const text = checkpointText(leafHashes);
    const seed = new Uint8Array(32).fill(1);
    const signer = log.createNoteSigner({ name: origin, seed });
    expect(signer.key).toEqual(logSigner.key);
    const note = log.signNote({ text, signers: [signer] });
    const { key, sign } = logSigner;
    const own = log.formatNote({
      text,
      signatures: [{ name: key.name, keyId: key.keyId, signature: sign(new TextEncoder().encode(text)) }],
    });
    expect(note).toBe(own);
    const [witness] = witnesses;
    const cosigner = log.createCosigner({ name: witness?.key.name ?? '', seed: new Uint8Array(32).fill(4) });
    const signatures = [log.cosignCheckpoint({ text, signer: cosigner, timestampSeconds: cosignedAt })];
    const checkpoint = log.signNote({ text, signers: [signer], signatures });
    const proof = log.formatTlogProof({
      leafIndex: 3n,
      proof: inclusionProof({ leafIndex: 3n, leafHashes }),
      checkpoint,
    });
    const policy = { origin, logKeys: [logSigner.key], witnessKeys: [cosigner.key], witnessQuorum: 1 };
    const leafHash = leafHashes[3] ?? new Uint8Array(0);
    expect(log.verifyTlogProof({ proof, leafHash, policy })).toMatchObject({ ok: true, leafIndex: 3n });
  });
});

import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Bundle from './index.ts';
import { keySetOf, logKey, receiptSigner, sampleLeaf, sampleLines } from './testing/sample-bundle.ts';

let folder = '';
let file = '';

/** In a process of its own: one that has loaded the package as a server does keeps to that, browser or not. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karmanflow-bundle-'));
  file = join(folder, 'bundle.js');
  const externals = ['node:*', 'bun:*', ...builtinModules].flatMap((name) => ['--external', name]);
  const entry = join(import.meta.dir, 'index.ts');
  const command = [process.execPath, 'build', entry, '--target', 'browser', '--outfile', file, ...externals];
  expect(await Bun.spawn(command, { stdout: 'ignore', stderr: 'inherit' }).exited).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a bundle is verified in a browser, without any module of a server runtime', async () => {
  const code = await Bun.file(file).text();
  expect(code.length).toBeGreaterThan(10_000);
  expect(new Bun.Transpiler({ loader: 'js' }).scanImports(code)).toEqual([]);
  expect(code.match(/\bnode:|\bBuffer\b|(?<![.\w])process\.|\brequire\(|\bBun\b|^\s*import\b/gm)).toBeNull();
  // The file is the bundle of this very module.
  const { verifyBundle } = (await import(file)) as typeof Bundle;
  const lines = sampleLines({ leaves: [0, 1, 2, 3].map(sampleLeaf), checkpointsAt: [2] });
  const trust = { receiptKeys: keySetOf(receiptSigner), logKeys: [logKey] };
  const verified = await verifyBundle({ lines, trust });
  expect(verified).toMatchObject({ ok: true, summary: { receipts: 3, events: 5, leaves: 1, checkpoints: 2 } });
  const forged = lines.map((line) => line.replace('"SUCCEEDED"', '"REFUSED"'));
  const { findings } = await verifyBundle({ lines: forged, trust });
  expect(findings[0]).toMatchObject({ code: 'hash_mismatch', leafIndex: 0, field: 'hash' });
});

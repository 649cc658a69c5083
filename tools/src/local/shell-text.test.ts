import { afterEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { bunCommand, shellCommand, shellWord } from './shell-text.ts';

const shells = ['sh', 'bash', 'zsh'].filter((shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0);

describe('shell text', () => {
  test('any text arrives as one word, in every shell of this machine', () => {
    expect(shells).toContain('sh');
    const text = fc.string({ unit: 'grapheme' }).filter((words) => !words.includes('\0') && words.isWellFormed());
    const property = fc.property(fc.array(text, { maxLength: 20 }), fc.constantFrom(...shells), (words, shell) => {
      const command = shellCommand([['printf', '%s\\0'], ...words.map((word) => [word])]);
      const run = spawnSync(shell, ['-c', command], { encoding: 'utf8' });
      expect(run.stdout).toBe(words.length === 0 ? '\0' : words.map((word) => `${word}\0`).join(''));
    });
    fc.assert(property, { numRuns: 25 });
  });

  test('what needs no quotes has none', () => {
    expect(shellWord('http://127.0.0.1:4000/v1/events')).toBe('http://127.0.0.1:4000/v1/events');
    expect(shellWord('$(id)')).toBe("'$(id)'");
    expect(shellWord('')).toBe("''");
  });
});

describe('the command that starts Bun', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  async function folderWithBun(path: string[], kind: 'link' | 'copy'): Promise<string> {
    const top = await mkdtemp(join(tmpdir(), 'karmanflow-path-'));
    cleanups.push(() => rm(top, { recursive: true, force: true }));
    const folder = join(top, ...path);
    await mkdir(folder, { recursive: true });
    if (kind === 'link') await symlink(process.execPath, join(folder, 'bun'));
    else await copyFile('/bin/sh', join(folder, 'bun'));
    return folder;
  }

  function commandWith(folders: string[]): string {
    const environment = { PATH: folders.join(delimiter) };
    return bunCommand({ environment, executable: process.execPath, version: '1.2.3' });
  }

  test('is bun where the shell finds the Bun that runs us', async () => {
    expect(commandWith([await folderWithBun(['bin'], 'link')])).toBe('bun');
  });

  test('is npx where there is no other Bun, an older one, or only that of the package runner', async () => {
    const npx = 'npx -y bun@1.2.3';
    expect(commandWith([])).toBe(npx);
    const older = await folderWithBun(['bin'], 'copy');
    expect(commandWith([older, await folderWithBun(['bin'], 'link')])).toBe(npx);
    expect(commandWith([await folderWithBun(['_npx', '1f', 'node_modules', '.bin'], 'link')])).toBe(npx);
    expect(commandWith([await folderWithBun(['bun-node-4b2'], 'link')])).toBe(npx);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, chown, link, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSecretStore } from './file-secret-store.ts';
import type { SecretReference } from './secret-reference.ts';
import { SecretUnavailable } from './secret-store.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (value: Uint8Array): string => new TextDecoder().decode(value);

async function problemOf(work: Promise<unknown>): Promise<SecretUnavailable> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SecretUnavailable) return error;
  throw new Error('expected SecretUnavailable');
}

describe('createFileSecretStore', () => {
  let parent: string;
  let directory: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'kf-secrets-'));
    directory = join(parent, 'secrets');
  });
  afterEach(() => rm(parent, { recursive: true }));

  test('reads what was written, latest and versions apart', async () => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://database-url', bytes('latest'));
    await store.write('secrets://database-url/3', bytes('third'));
    expect(textOf(await store.read('secrets://database-url'))).toBe('latest');
    expect(textOf(await store.read('secrets://database-url/3'))).toBe('third');
    expect(await problemOf(store.read('secrets://database-url/4'))).toMatchObject({ code: 'not_found' });
  });

  test('keeps bytes as they are, including none and the most allowed', async () => {
    const store = createFileSecretStore({ directory });
    const all = Uint8Array.from({ length: 64 * 1024 }, (_, index) => index % 256);
    await store.write('secrets://all', all);
    await store.write('secrets://empty', new Uint8Array());
    expect(await store.read('secrets://all')).toEqual(all);
    expect(await store.read('secrets://empty')).toEqual(new Uint8Array());
  });

  test('makes the directory 0700 and files 0600, whatever the umask, and leaves nothing else behind', async () => {
    const before = process.umask(0);
    try {
      const store = createFileSecretStore({ directory });
      await store.write('secrets://a', bytes('one'));
      await store.write('secrets://a', bytes('two'));
    } finally {
      process.umask(before);
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['a']);
  });

  test('readers during a replacement see the old or the new value, never a part', async () => {
    const store = createFileSecretStore({ directory });
    const values = ['a', 'b'].map((letter) => bytes(letter.repeat(60_000)));
    await store.write('secrets://flipping', values[0] ?? bytes(''));
    const writing = (async () => {
      for (let round = 0; round < 20; round += 1)
        await store.write('secrets://flipping', values[round % 2] ?? bytes(''));
    })();
    const seen = new Set<string>();
    for (let round = 0; round < 40; round += 1) seen.add(textOf(await store.read('secrets://flipping')));
    await writing;
    for (const text of seen) expect(['a'.repeat(60_000), 'b'.repeat(60_000)]).toContain(text);
    expect(seen.size).toBeGreaterThan(0);
  });

  test.each([0o604, 0o640, 0o610, 0o602, 0o644, 0o700 | 0o004])('refuses a file of mode %o', async (mode) => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://a', bytes('hunter2'));
    await chmod(join(directory, 'a'), mode);
    const problem = await problemOf(store.read('secrets://a'));
    expect(problem).toMatchObject({ code: 'store_unsafe', reference: 'secrets://a' });
    expect(problem.message).not.toContain('hunter2');
  });

  test.each([0o701, 0o710, 0o755, 0o750])('refuses a directory of mode %o, for reading and writing', async (mode) => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://a', bytes('x'));
    await chmod(directory, mode);
    expect(await problemOf(store.read('secrets://a'))).toMatchObject({ code: 'store_unsafe' });
    expect(await problemOf(store.write('secrets://b', bytes('x')))).toMatchObject({ code: 'store_unsafe' });
  });

  test.skipIf(process.getuid?.() !== 0)('refuses a file and a directory of another user', async () => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://a', bytes('x'));
    await chown(join(directory, 'a'), 65_534, 65_534);
    expect(await problemOf(store.read('secrets://a'))).toMatchObject({ code: 'store_unsafe' });
    await chown(join(directory, 'a'), 0, 0);
    expect(textOf(await store.read('secrets://a'))).toBe('x');
    await chown(directory, 65_534, 65_534);
    expect(await problemOf(store.read('secrets://a'))).toMatchObject({ code: 'store_unsafe' });
  });

  test('refuses links, directories and pipes in the place of a file', async () => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://real', bytes('x'));
    await writeFile(join(parent, 'outside'), 'hunter2', { mode: 0o600 });
    await symlink(join(parent, 'outside'), join(directory, 'link'));
    await mkdir(join(directory, 'folder'), { mode: 0o700 });
    expect(Bun.spawnSync(['mkfifo', '-m', '600', join(directory, 'pipe')]).exitCode).toBe(0);
    for (const name of ['link', 'folder', 'pipe']) {
      expect(await problemOf(store.read(`secrets://${name}`))).toMatchObject({ code: 'store_unsafe' });
    }
  });

  test('refuses a directory that is a link or a file, and one that does not exist', async () => {
    await createFileSecretStore({ directory }).write('secrets://a', bytes('x'));
    await symlink(directory, join(parent, 'link'));
    await link(join(directory, 'a'), join(parent, 'file'));
    const read = (name: string) =>
      problemOf(createFileSecretStore({ directory: join(parent, name) }).read('secrets://a'));
    expect(await read('link')).toMatchObject({ code: 'store_unsafe' });
    expect(await read('file')).toMatchObject({ code: 'store_unsafe' });
    expect(await read('nowhere')).toMatchObject({ code: 'not_found' });
  });

  test('refuses what is too large, read and written', async () => {
    const store = createFileSecretStore({ directory });
    expect(await problemOf(store.write('secrets://a', new Uint8Array(64 * 1024 + 1)))).toMatchObject({
      code: 'value_corrupt',
    });
    await store.write('secrets://a', bytes('x'));
    await writeFile(join(directory, 'a'), new Uint8Array(64 * 1024 + 1), { mode: 0o600 });
    expect(await problemOf(store.read('secrets://a'))).toMatchObject({ code: 'value_corrupt' });
  });

  test('refuses names that lead elsewhere, and does not repeat them', async () => {
    const store = createFileSecretStore({ directory });
    await store.write('secrets://a', bytes('x'));
    await writeFile(join(parent, 'outside'), 'hunter2', { mode: 0o600 });
    for (const text of ['secrets://../outside', 'secrets://a/../../outside', 'secrets:///outside', 'hunter2']) {
      // Callers get references as text from outside, where the type says nothing.
      const problem = await problemOf(store.read(text as SecretReference));
      expect(problem.code).toBe('reference_invalid');
      expect(problem.message).not.toContain('outside');
      expect(problem.message).not.toContain('hunter2');
    }
  });
});

import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderArchive } from './folder-archive.ts';
import { logArchiveContract } from './testing/log-archive.contract.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kf-archive-'));
});
afterAll(() => rm(directory, { recursive: true }));

logArchiveContract('in a folder', async () => createFolderArchive({ directory: join(directory, 'contract') }));

test('leaves nothing beside its files, and lets nobody else read or change them', async () => {
  const archive = createFolderArchive({ directory: join(directory, 'tidy') });
  const write = () => archive.write('log/tile/0/000', new TextEncoder().encode('x'));
  await Promise.all(Array.from({ length: 8 }, write));
  expect(await readdir(join(directory, 'tidy/log/tile/0'))).toEqual(['000']);
  const { mode } = await stat(join(directory, 'tidy/log/tile/0/000'));
  expect(mode & 0o777).toBe(0o400);
});

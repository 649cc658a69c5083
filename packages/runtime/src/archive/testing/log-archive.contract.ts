import { describe, expect, test } from 'bun:test';
import { ArchiveConflict } from '@karmanflow/receipts';
import type { LogArchive } from '../log-archive.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | undefined): string => Buffer.from(found ?? []).toString();

/** What every archive keeps to. `open` gives the same archive each time, as a process that starts again finds it. */
export function logArchiveContract(name: string, open: () => Promise<LogArchive>): void {
  describe(`the archive ${name}`, () => {
    test('gives back what was written, also to whoever opens it later', async () => {
      const archive = await open();
      expect(await archive.read('log/one')).toBeUndefined();
      await archive.write('log/one', bytes('1'));
      await archive.write('log/empty', new Uint8Array(0));
      await archive.close();
      const again = await open();
      expect(textOf(await again.read('log/one'))).toBe('1');
      expect((await again.read('log/empty'))?.length).toBe(0);
      await again.close();
    });

    test('takes the same bytes again, and never others: what was there stays', async () => {
      const archive = await open();
      await archive.write('log/same', bytes('same'));
      await archive.write('log/same', bytes('same'));
      for (const other of ['other', 'sam', 'samey', '']) {
        await expect(archive.write('log/same', bytes(other))).rejects.toBeInstanceOf(ArchiveConflict);
      }
      expect(textOf(await archive.read('log/same'))).toBe('same');
      await archive.close();
    });

    test('lets one of several writers win, and tells the others whether they wanted the same', async () => {
      const archive = await open();
      const contents = ['a', 'b', 'a', 'b', 'a', 'b'];
      const ends = await Promise.allSettled(contents.map((text) => archive.write('log/raced', bytes(text))));
      const won = textOf(await archive.read('log/raced'));
      expect(['a', 'b']).toContain(won);
      expect(ends.map(({ status }) => status === 'fulfilled')).toEqual(contents.map((text) => text === won));
      await archive.close();
    });

    test('has no path outside of itself', async () => {
      const archive = await open();
      for (const path of ['../out', '/out', 'log/../../out', '', 'log/', '.hidden', 'log/.hidden', 'Log/a']) {
        await expect(archive.write(path, bytes('x'))).rejects.toThrow(TypeError);
        await expect(archive.read(path)).rejects.toThrow(TypeError);
      }
      await archive.close();
    });
  });
}

import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsumerDefinition, type EventEnvelope, NotNow, type StreamEvent } from '@karmanflow/events';
import { type Archive, ArchiveConflict } from '@karmanflow/receipts';
import { createFolderArchive } from '@karmanflow/runtime';
import { createLakeConsumer } from './lake-consumer.ts';
import { encodeEntry, entryPath, filePath, folderOf, hashOf, type LakeDay } from './lake-entry.ts';
import { readManifestHead } from './lake-manifest.ts';
import { readLakeDay } from './read-lake-day.ts';

const directory = await mkdtemp(join(tmpdir(), 'kf-lake-'));
afterAll(() => rm(directory, { recursive: true }));

const uuid = (number: number): string => `019b76da-a800-7000-8000-${String(number).padStart(12, '0')}`;
const scope = { tenantId: `tnt_${uuid(1)}`, environmentId: `env_${uuid(2)}` } as const;

function event(seq: number, occurredAt: string, text = ''): StreamEvent {
  const envelope: EventEnvelope = {
    format: 'karmanflow.event/1',
    eventId: `evt_${uuid(1_000 + seq)}`,
    eventType: 'a.b.happened',
    eventVersion: 1,
    ...scope,
    receiptId: `rcp_${uuid(3)}`,
    ordinal: 0,
    occurredAt,
    entities: [],
    correlationId: `kfcor_${uuid(4)}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: { text },
  };
  return { seq, event: envelope };
}
const [first, second] = ['2026-03-01', '2026-03-02'] as const;
/** Position 4 was recorded before midnight and got its position after one that was recorded behind it. */
const stream = [
  event(1, `${first}T23:59:58.000Z`),
  event(2, `${first}T23:59:59.000Z`),
  event(3, `${second}T00:00:00.001Z`),
  event(4, `${first}T23:59:59.999Z`),
  event(5, `${second}T00:00:01.000Z`),
  event(6, `${second}T00:00:02.000Z`),
];
const ofDay = (day: string): StreamEvent[] => stream.filter(({ event: { occurredAt } }) => occurredAt.startsWith(day));

function write(consumer: ConsumerDefinition, events: readonly StreamEvent[], isRetry = false): Promise<void> {
  const range = { afterSeq: (events[0]?.seq ?? 1) - 1, throughSeq: events.at(-1)?.seq ?? 0 };
  const call = { scope, events, epoch: 1, range, isRetry, signal: new AbortController().signal };
  return consumer.sideEffect?.(call) ?? Promise.reject(new Error('it has no side effect'));
}

/** An archive that forgets when the test ends. */
function memoryArchive(): Archive & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (path) => files.get(path),
    async write(path, bytes) {
      const there = files.get(path);
      if (there && !Buffer.from(there).equals(bytes)) throw new ArchiveConflict(path);
      files.set(path, bytes);
    },
  };
}

const day = (date: string): LakeDay => ({ scope, day: date });
async function expectWhole(archive: Archive): Promise<void> {
  expect(await readLakeDay(archive, day(first))).toEqual(ofDay(first));
  expect(await readLakeDay(archive, day(second))).toEqual(ofDay(second));
}

test('a folder gets every event under the day on which it was recorded, however late it comes, with hashes that agree', async () => {
  const archive = createFolderArchive({ directory });
  const consumer = createLakeConsumer(archive);
  await write(consumer, stream.slice(0, 3));
  await write(consumer, stream.slice(3));
  await expectWhole(archive);
  const names = await readdir(join(directory, folderOf(day(first))));
  expect(names.toSorted()).toEqual([
    expect.stringMatching(/^000000000001-000000000002-[0-9a-f]{16}\.jsonl$/),
    expect.stringMatching(/^000000000004-000000000004-[0-9a-f]{16}\.jsonl$/),
    'manifest',
  ]);
  const entry = await Bun.file(join(directory, entryPath(day(first), 2))).json();
  const before = await Bun.file(join(directory, entryPath(day(first), 1))).bytes();
  expect(entry).toMatchObject({ number: 2, previous: hashOf(before), throughSeq: 4, file: { events: 1, firstSeq: 4 } });
});

test('a file is full at some size, and the next one goes on', async () => {
  const archive = memoryArchive();
  const large = Array.from({ length: 5 }, (_, at) => event(at + 1, `${first}T10:00:00.000Z`, 'x'.repeat(3_000_000)));
  await write(createLakeConsumer(archive), large);
  expect((await readLakeDay(archive, day(first))).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect([...archive.files.keys()].filter((path) => path.endsWith('.jsonl'))).toHaveLength(3);
});

describe('a process that dies', () => {
  /** Dies at a write, right before it or right behind it. */
  function dying(archive: Archive, crash: { readonly write: number; readonly when: 'before' | 'behind' }): Archive {
    let writes = 0;
    return {
      ...archive,
      async write(path, bytes) {
        writes += 1;
        if (writes > crash.write || (writes === crash.write && crash.when === 'before')) throw new Error('died');
        await archive.write(path, bytes);
        if (writes === crash.write) throw new Error('died');
      },
    };
  }
  const crashes = [1, 2, 3, 4].flatMap((at) => [
    { write: at, when: 'before' as const },
    { write: at, when: 'behind' as const },
  ]);

  test.each(crashes)(
    'at %p leaves nothing half, and its successor, who reaches further, nothing double',
    async (crash) => {
      const archive = memoryArchive();
      await expect(write(createLakeConsumer(dying(archive, crash)), stream.slice(0, 4))).rejects.toThrow('died');
      // What counts so far is whole: each day is a beginning of itself.
      for (const date of [first, second]) {
        const there = await readLakeDay(archive, day(date));
        expect(there).toEqual(ofDay(date).slice(0, there.length));
      }
      await write(createLakeConsumer(archive), stream);
      await expectWhole(archive);
      const counted = new Set<string>();
      for (const [path, bytes] of archive.files) {
        if (path.endsWith('.json')) counted.add(JSON.parse(new TextDecoder().decode(bytes)).file.path);
      }
      const lines = [...counted].flatMap((path) =>
        new TextDecoder().decode(archive.files.get(path)).trim().split('\n'),
      );
      expect(lines).toHaveLength(stream.length);
    },
  );
});

test('a process that was thought dead cannot spoil what its successor wrote', async () => {
  const archive = memoryArchive();
  const [old, next] = [createLakeConsumer(archive), createLakeConsumer(archive)];
  await write(old, stream.slice(0, 3));
  await write(next, stream);
  // It wakes with a beginning of what has been written since: refused, and to be tried again by whoever has the stream.
  await expect(write(old, stream.slice(3, 5))).rejects.toBeInstanceOf(NotNow);
  await write(old, stream.slice(3, 5));
  await expectWhole(archive);
});

test('a parked event that is tried again is added behind what came after it', async () => {
  const archive = memoryArchive();
  const consumer = createLakeConsumer(archive);
  await write(consumer, [stream[0], stream[3]] as StreamEvent[]);
  await write(consumer, [stream[1]] as StreamEvent[], true);
  await write(consumer, stream.slice(4));
  expect(await readLakeDay(archive, day(first))).toEqual(ofDay(first));
});

test('the last entry is found among any number of them', async () => {
  const archive = memoryArchive();
  const asked: string[] = [];
  const counting: Archive = { ...archive, read: (path) => (asked.push(path), archive.read(path)) };
  expect(await readManifestHead(archive, day(first))).toBeNull();
  for (let number = 1; number <= 70; number += 1) {
    const place = { firstSeq: number, lastSeq: number, sha256: 'ab'.repeat(32) };
    const file = { path: filePath(day(first), place), ...place, bytes: 1, events: 1 };
    const entry = { ...day(first).scope, day: first, number, previous: null, file, throughSeq: number };
    await archive.write(entryPath(day(first), number), encodeEntry(entry));
    asked.length = 0;
    expect(await readManifestHead(counting, day(first))).toMatchObject({ entry: { number, throughSeq: number } });
    expect(asked.length).toBeLessThan(16);
  }
});

describe('what was tampered with is found', () => {
  async function written() {
    const archive = memoryArchive();
    const consumer = createLakeConsumer(archive);
    for (const one of stream) await write(consumer, [one]);
    const [file = ''] = [...archive.files.keys()].filter((path) => path.endsWith('.jsonl'));
    return { archive, file };
  }
  test('a file that was changed', async () => {
    const { archive, file } = await written();
    archive.files.set(file, new TextEncoder().encode('{}\n'));
    await expect(readLakeDay(archive, day(first))).rejects.toThrow('is not what entry 1 says');
  });
  test('a file that is gone', async () => {
    const { archive, file } = await written();
    archive.files.delete(file);
    await expect(readLakeDay(archive, day(first))).rejects.toThrow('is not what entry 1 says');
  });
  test('an entry that was exchanged', async () => {
    const { archive } = await written();
    const path = entryPath(day(first), 1);
    const entry = JSON.parse(new TextDecoder().decode(archive.files.get(path)));
    archive.files.set(path, encodeEntry({ ...entry, throughSeq: 99 }));
    await expect(readLakeDay(archive, day(first))).rejects.toThrow('does not follow');
  });
  test('an entry of another day', async () => {
    const { archive } = await written();
    archive.files.set(entryPath(day(first), 1), archive.files.get(entryPath(day(second), 1)) ?? new Uint8Array());
    await expect(readLakeDay(archive, day(first))).rejects.toThrow('is not an entry');
  });
});

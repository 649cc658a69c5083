import { expect, test } from 'bun:test';

import { inLanes } from './in-lanes.ts';

test('every item runs once, and its result stands where the item stood', async () => {
  const ran: string[] = [];
  const last = Promise.withResolvers<void>();
  const results = await inLanes(['a', 'b', 'c', 'd', 'e'], 2, async (item) => {
    ran.push(item);
    if (item === 'e') last.resolve();
    // The first one ends last.
    if (item === 'a') await last.promise;
    return item.toUpperCase();
  });
  expect(ran).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(results).toEqual(['A', 'B', 'C', 'D', 'E']);
});

test('a lane that is done takes the next item, and no lane has two', async () => {
  const ends = new Map(['slow', 'b', 'c', 'd'].map((item) => [item, Promise.withResolvers<void>()]));
  const lanesOf = new Map<string, number>();
  const done = inLanes([...ends.keys()], 2, async (item, lane) => {
    lanesOf.set(item, lane);
    await ends.get(item)?.promise;
  });
  const running = (): string[] => [...lanesOf.keys()];
  expect(running()).toEqual(['slow', 'b']);
  ends.get('b')?.resolve();
  await Bun.sleep(0);
  expect(running()).toEqual(['slow', 'b', 'c']);
  for (const { resolve } of ends.values()) resolve();
  await done;
  expect(Object.fromEntries(lanesOf)).toEqual({ slow: 0, b: 1, c: 1, d: expect.any(Number) });
});

test('more lanes than items leave no lane without an item, and no items are no work', async () => {
  expect(await inLanes(['a'], 3, async (_item, lane) => lane)).toEqual([0]);
  expect(await inLanes([], 3, async () => 1)).toEqual([]);
});

test('what an item throws is thrown', async () => {
  await expect(inLanes(['a', 'b'], 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

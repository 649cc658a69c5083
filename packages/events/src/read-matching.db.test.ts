import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readMatching } from './read-matching.ts';
import type { StreamFilters } from './read-stream.ts';
import { createSequenceWorld, scopeOf, type SequenceWorld } from './testing/sequence-world.ts';

setDefaultTimeout(90_000);

let world: SequenceWorld;
const here = scopeOf(75, 1);
let thirdReceipt = '';
const turns = 20;
/** Of each turn three events: happened on thing-0, followed on thing-1, happened on thing-2. */
const last = 3 * turns;
beforeAll(async () => {
  world = await createSequenceWorld();
  for (let turn = 0; turn < turns; turn += 1) {
    const [receipt] = await world.write({ scope: here, events: [3] });
    if (turn === 2) thirdReceipt = receipt?.id ?? '';
  }
  await world.drain();
});
afterAll(() => world.close());

async function readAll(options: {
  filters: StreamFilters;
  limit: number;
  scannedMax: number;
}): Promise<{ seqs: number[]; pages: number }> {
  const seqs: number[] = [];
  let afterSeq = 0;
  for (let pages = 1; ; pages += 1) {
    const page = await readMatching(world.readers, { scope: here, afterSeq, ...options });
    expect(page.events.length).toBeLessThanOrEqual(options.limit);
    expect(page.seq - afterSeq).toBeLessThanOrEqual(options.scannedMax);
    seqs.push(...page.events.map(({ seq }) => seq));
    if (!page.hasMore) {
      expect(page.seq).toBe(last);
      return { seqs, pages };
    }
    expect(page.seq).toBeGreaterThan(afterSeq);
    afterSeq = page.seq;
  }
}

describe('a page of what matches', () => {
  const followed = Array.from({ length: turns }, (_, turn) => 3 * turn + 2);

  test('shows each once, whatever fits into a page and however far one looks', async () => {
    for (const limit of [1, 3, 7, 20, 1000]) {
      for (const scannedMax of [1, 2, 10, 59, 60, 5000]) {
        const { seqs } = await readAll({ filters: { types: ['a.b.followed'] }, limit, scannedMax });
        expect(seqs).toEqual(followed);
      }
    }
  });

  test('is filled past what does not match, and ends with the stream', async () => {
    const filters = { types: ['a.b.followed'] };
    expect((await readAll({ filters, limit: turns, scannedMax: 5000 })).pages).toBeLessThanOrEqual(2);
    const page = await readMatching(world.readers, { scope: here, afterSeq: 0, limit: 2, scannedMax: 5000, filters });
    expect(page).toMatchObject({ seq: 5, hasMore: true });
  });

  test('takes every filter, and all of them together', async () => {
    const seqsOf = async (filters: StreamFilters) => (await readAll({ filters, limit: 1000, scannedMax: 5000 })).seqs;
    const all = Array.from({ length: last }, (_, at) => at + 1);
    expect(await seqsOf({})).toEqual(all);
    expect(await seqsOf({ types: ['a.*'] })).toEqual(all);
    expect(await seqsOf({ types: ['a.b.*'] })).toEqual(all);
    expect(await seqsOf({ types: ['a', 'a.b', 'a.b.follow', 'b.*', '*'] })).toEqual([]);
    expect(await seqsOf({ types: ['b.*', 'a.b.followed'] })).toEqual(followed);
    expect(await seqsOf({ entity: { type: 'thing' } })).toEqual(all);
    expect(await seqsOf({ entity: { type: 'other' } })).toEqual([]);
    expect(await seqsOf({ entity: { id: 'thing-1' } })).toEqual(followed);
    expect(await seqsOf({ entity: { type: 'other', id: 'thing-1' } })).toEqual([]);
    expect(await seqsOf({ receiptId: `rcp_${thirdReceipt}` })).toEqual([7, 8, 9]);
    expect(await seqsOf({ correlationId: `kfcor_${thirdReceipt}` })).toEqual([7, 8, 9]);
    expect(await seqsOf({ receiptId: `rcp_${thirdReceipt}`, types: ['a.b.followed'] })).toEqual([8]);
  });
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { lastSeq, readStream, type StreamFilters } from './read-stream.ts';
import { sequenceLimits } from './sequence/sequence-limits.ts';
import { createSequenceWorld, scopeOf, type SequenceWorld } from './testing/sequence-world.ts';
import { waitForReceipt, waitForSeq, type WaitPorts } from './wait-for-stream.ts';

setDefaultTimeout(90_000);

let world: SequenceWorld;
const here = scopeOf(70, 1);
const sibling = scopeOf(70, 2);
const eventIds: string[] = [];
beforeAll(async () => {
  world = await createSequenceWorld();
  for (let turn = 0; turn < 5; turn += 1) {
    const written = await world.write({ scope: here, events: [3, 0, 1] });
    eventIds.push(...written.flatMap((receipt) => receipt.eventIds));
    await world.write({ scope: sibling, events: [1] });
  }
  await world.drain();
});
afterAll(() => world.close());

async function readAll(options: { limit: number; afterSeq?: number; filters?: StreamFilters }): Promise<number[]> {
  const seqs: number[] = [];
  let afterSeq = options.afterSeq ?? 0;
  for (;;) {
    const page = await readStream(world.readers, { ...options, scope: here, afterSeq });
    seqs.push(...page.events.map(({ seq }) => seq));
    expect(page.seq - afterSeq).toBeLessThanOrEqual(options.limit);
    if (!page.hasMore) return seqs;
    expect(page.seq).toBe(afterSeq + options.limit);
    afterSeq = page.seq;
  }
}

describe('the stream of an environment', () => {
  test('is read in the order of its positions, which are 1, 2, 3 … at any page size', async () => {
    for (const limit of [1, 3, 7, 20, 1000]) {
      expect(await readAll({ limit })).toEqual(eventIds.map((_, at) => at + 1));
    }
    const { events, seq, hasMore } = await readStream(world.readers, { scope: here, afterSeq: 0, limit: 100 });
    expect(events.map(({ event }) => event.eventId)).toEqual(eventIds.map((id) => `evt_${id}`));
    expect({ seq, hasMore }).toEqual({ seq: 20, hasMore: false });
    expect(events.every(({ event }) => event.environmentId === here.environmentId)).toBe(true);
  });

  test('goes on where it was left, and stays there when nothing came', async () => {
    expect(await readAll({ limit: 4, afterSeq: 17 })).toEqual([18, 19, 20]);
    const page = await readStream(world.readers, { scope: here, afterSeq: 20, limit: 4 });
    expect(page).toEqual({ events: [], seq: 20, hasMore: false });
  });

  test('can be thinned out without losing one’s place', async () => {
    const followed = await readAll({ limit: 3, filters: { types: ['a.b.followed'] } });
    // The second of three events of each turn.
    expect(followed).toEqual([2, 6, 10, 14, 18]);
    const page = await readStream(world.readers, {
      scope: here,
      afterSeq: 2,
      limit: 2,
      filters: { types: ['a.b.followed'] },
    });
    expect(page).toEqual({ events: [], seq: 4, hasMore: true });
    const thing = { type: 'thing', id: 'thing-2' };
    expect(await readAll({ limit: 100, filters: { entity: thing } })).toEqual([3, 7, 11, 15, 19]);
    expect(await readAll({ limit: 100, filters: { entity: thing, types: ['a.b.followed'] } })).toEqual([]);
  });

  test('is of that environment alone', async () => {
    const page = await readStream(world.readers, { scope: sibling, afterSeq: 0, limit: 100 });
    expect(page.events).toHaveLength(5);
    const stranger = await readStream(world.readers, { scope: scopeOf(71, 1), afterSeq: 0, limit: 100 });
    expect(stranger).toEqual({ events: [], seq: 0, hasMore: false });
    expect(await lastSeq(world.readers, here)).toBe(20);
    expect(await lastSeq(world.readers, scopeOf(71, 1))).toBe(0);
  });

  test('is not read around a position that is missing, or whose event is', async () => {
    const damaged = scopeOf(72, 1);
    await world.write({ scope: damaged, events: [3] });
    await world.drain();
    await world.admin.query('alter table kf.stream_events disable trigger refuse_change');
    const uuid = damaged.tenantId.slice(4);
    await world.admin.query('update kf.stream_events set event_id = $2 where tenant_id = $1 and seq = 2', [
      uuid,
      Bun.randomUUIDv7(),
    ]);
    const read = () => readStream(world.readers, { scope: damaged, afterSeq: 0, limit: 10 });
    await expect(read()).rejects.toThrow('which is not there');
    await world.admin.query('delete from kf.stream_events where tenant_id = $1 and seq = 2', [uuid]);
    await expect(read()).rejects.toThrow('no position 2');
    await world.admin.query('alter table kf.stream_events enable always trigger refuse_change');
  });

  test('takes no page that is none', async () => {
    const wrong = [
      { afterSeq: -1, limit: 1 },
      { afterSeq: 0.5, limit: 1 },
      { afterSeq: 0, limit: 0 },
      { afterSeq: 0, limit: sequenceLimits.pagePositions + 1 },
      { afterSeq: Number.NaN, limit: 1 },
      {
        afterSeq: 0,
        limit: 1,
        filters: { types: Array.from({ length: sequenceLimits.filterTypes + 1 }, () => 'a.b.c') },
      },
    ];
    for (const request of wrong) {
      await expect(readStream(world.readers, { scope: here, ...request })).rejects.toBeInstanceOf(RangeError);
    }
  });
});

describe('who wrote', () => {
  const bounds = { deadlineMilliseconds: 10_000, intervalMilliseconds: 10 };

  /** Time passes when somebody sleeps, and something may happen meanwhile. */
  function ports(meanwhile?: () => Promise<void>): WaitPorts & { slept(): number } {
    let now = 0;
    return {
      monotonicNow: () => now,
      async sleep(milliseconds) {
        now += milliseconds;
        await meanwhile?.();
      },
      slept: () => now,
    };
  }

  test('can wait until its events have their positions, and then reads them', async () => {
    const scope = scopeOf(73, 1);
    const [receipt] = await world.write({ scope, events: [2] });
    if (!receipt) throw new Error('no receipt');
    const wanted = {
      scope,
      receiptId: `rcp_${receipt.id}`,
      eventIds: receipt.eventIds.map((id) => `evt_${id}`),
      ...bounds,
    };
    const clock = ports(async () => void (await world.drain()));
    expect(await waitForReceipt(world.readers, wanted, clock)).toEqual({ leafIndex: 0, lastSeq: 2 });
    expect(clock.slept()).toBe(10);
    const [silent] = await world.write({ scope, events: [0] });
    const without = { ...wanted, receiptId: `rcp_${silent?.id}`, eventIds: [] };
    await world.drain();
    expect(await waitForReceipt(world.readers, without, ports())).toEqual({ leafIndex: 1, lastSeq: null });
  });

  test('waits no longer than it said', async () => {
    const scope = scopeOf(74, 1);
    const [receipt] = await world.write({ scope, events: [1] });
    const clock = ports();
    const wanted = { scope, receiptId: `rcp_${receipt?.id}`, eventIds: [], ...bounds, deadlineMilliseconds: 25 };
    expect(await waitForReceipt(world.readers, wanted, clock)).toBeNull();
    expect(clock.slept()).toBe(25);
    await world.drain();
  });

  test('can wait for a position, also for one that is there', async () => {
    expect(await waitForSeq(world.readers, { scope: here, seq: 20, ...bounds }, ports())).toBe(true);
    const clock = ports(async () => {
      await world.write({ scope: here, events: [1] });
      await world.drain();
    });
    expect(await waitForSeq(world.readers, { scope: here, seq: 22, ...bounds }, clock)).toBe(true);
    expect(clock.slept()).toBe(20);
    const late = { scope: here, seq: 1_000, ...bounds, deadlineMilliseconds: 30 };
    expect(await waitForSeq(world.readers, late, ports())).toBe(false);
  });
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { scopeOf } from '../testing/dispatch-fixtures.ts';
import { createDispatchWorld, type DispatchWorld } from '../testing/dispatch-world.ts';
import { testWorker } from '../testing/test-worker.ts';
import { findWork } from './find-work.ts';

setDefaultTimeout(90_000);
let world: DispatchWorld;
beforeAll(async () => {
  world = await createDispatchWorld();
});
afterAll(() => world.close());

const things = (letters: string) => [...letters].map((letter) => ({ entities: [letter] }));

describe('one subscription', () => {
  test('gets every wanted event once, numbered without a gap', async () => {
    const scope = scopeOf(1);
    await world.write(scope, things('xy'));
    const subscriptionId = await world.subscribe(scope);
    const worker = testWorker(world, { scope, subscriptionId });
    expect(await worker.visit()).toEqual({ kind: 'begun' });
    expect((await worker.visited()).claimed).toEqual([]);

    const ids = await world.write(scope, [
      ...things('a'),
      { entities: ['b'], type: 'platform.tenant.requested' },
      ...things('cd'),
    ]);
    const visit = await worker.visited();
    expect(visit).toMatchObject({ admitted: 3, hasMore: false, isHealthUntold: false });
    expect(worker.held.map(({ eventId }) => eventId)).toEqual(
      [ids[0], ids[2], ids[3]].map((id) => `evt_${id}`) as never,
    );
    expect(worker.held.map(({ sequence }) => sequence.ordinal)).toEqual([1, 2, 3]);
    for (const delivery of worker.held.slice()) worker.end(delivery, 'ok');
    expect((await worker.visited()).verdicts).toEqual(['delivered', 'delivered', 'delivered']);
    const rows = await world.rows('webhook_deliveries', subscriptionId);
    expect(rows.map(({ state, attempts }) => ({ state, attempts }))).toEqual(
      Array.from({ length: 3 }, () => ({ state: 'DELIVERED', attempts: 1 })),
    );
    const attempts = await world.rows('webhook_attempts', subscriptionId);
    expect(attempts).toHaveLength(3);
    expect(attempts[0]).toMatchObject({ outcome: 'DELIVERED', status_code: 200, response_start: 'a\uFFFDb' });
  });

  test('is found where there is something to do, and nowhere else', async () => {
    const scope = scopeOf(2);
    const subscriptionId = await world.subscribe(scope);
    const isFound = async (): Promise<boolean> =>
      (await world.database.connection(findWork)).some((place) => place.subscriptionId === subscriptionId);
    const worker = testWorker(world, { scope, subscriptionId });
    expect(await isFound()).toBe(true);
    await worker.visit();
    await worker.visited();
    expect(await isFound()).toBe(false);
    await world.write(scope, things('a'));
    expect(await isFound()).toBe(true);
    await worker.visited();
    expect(await isFound()).toBe(false);
    await world.passTime(60_000);
    // Its lease is over: somebody has to take it back.
    expect(await isFound()).toBe(true);
    worker.die();
    expect((await worker.visited()).lost).toBe(1);
    for (const delivery of worker.held.slice()) worker.end(delivery, 'ok');
    await worker.visited();
    await world.decide(subscriptionId, { state: 'PAUSED' });
    expect(await isFound()).toBe(true);
    await worker.visited();
    expect(await isFound()).toBe(false);
  });

  test('parks the entity that fails, and lets the others go on', async () => {
    const scope = scopeOf(3);
    const subscriptionId = await world.subscribe(scope);
    const worker = testWorker(world, { scope, subscriptionId });
    await worker.visit();
    await world.write(scope, [...things('aab'), { entities: ['c', 'a'] }, { entities: ['c', 'b'] }, ...things('d')]);
    await worker.visited();
    const ordinals = (): (number | null)[] => worker.held.map(({ sequence }) => sequence.ordinal);
    expect(ordinals()).toEqual([1, 3, 6]);
    const [first, third, last] = [...worker.held];
    if (!first || !third || !last) throw new Error('three were claimed');
    worker.end(third, 'ok');
    worker.end(last, 'ok');
    worker.end(first, 'fails');
    await worker.visited();
    // What shares an entity with what failed waits, also over an entity in between.
    expect(ordinals()).toEqual([]);
    await world.passTime(10_000);
    await worker.visited();
    expect(ordinals()).toEqual([1]);
    const sent: (number | null)[] = [];
    for (let turn = 0; turn < 10 && worker.held.length > 0; turn += 1) {
      sent.push(...ordinals());
      for (const delivery of worker.held.slice()) worker.end(delivery, 'ok');
      await worker.visited();
    }
    expect(sent).toEqual([1, 2, 4, 5]);
  });

  test('in strict order sends one at a time, and nothing is given up', async () => {
    const scope = scopeOf(4);
    const subscriptionId = await world.subscribe(scope, { ordering: 'STRICT' });
    const worker = testWorker(world, { scope, subscriptionId });
    await worker.visit();
    await world.write(scope, things('abc'));
    await worker.visited();
    const sent: (number | null)[] = [];
    for (let turn = 0; turn < 30 && worker.held.length > 0; turn += 1) {
      expect(worker.held).toHaveLength(1);
      const [delivery] = worker.held;
      if (!delivery) throw new Error('one is held');
      sent.push(delivery.sequence.ordinal);
      worker.end(delivery, sent.length <= 12 ? 'fails' : 'ok');
      await worker.visited();
      if (worker.held.length > 0) continue;
      await world.passTime(2 * 86_400_000);
      await worker.visited();
    }
    expect(sent).toEqual([...Array.from({ length: 13 }, () => 1), 2, 3]);
  });

  test('of a claim that another process took over, a late result is not recorded', async () => {
    const scope = scopeOf(5);
    const subscriptionId = await world.subscribe(scope);
    const [slow, other] = [testWorker(world, { scope, subscriptionId }), testWorker(world, { scope, subscriptionId })];
    await slow.visit();
    await world.write(scope, things('aa'));
    await slow.visited();
    await world.passTime(60_000);
    expect((await other.visited()).claimed.map(({ sequence }) => sequence.ordinal)).toEqual([1]);
    const [late] = slow.held;
    const [taken] = other.held;
    if (!late || !taken) throw new Error('both hold it');
    expect(late.deliveryId).toBe(taken.deliveryId);
    slow.end(late, 'fails');
    expect(await slow.visited()).toMatchObject({ fencedOff: 1, verdicts: [], claimed: [] });
    other.end(taken, 'ok');
    expect((await other.visited()).claimed.map(({ sequence }) => sequence.ordinal)).toEqual([2]);
    const attempts = await world.rows('webhook_attempts', subscriptionId);
    expect(attempts.map(({ attempt, outcome, failure_code: code }) => ({ attempt, outcome, code }))).toEqual([
      { attempt: 1, outcome: 'NOT_CHARGED', code: 'lease_ended' },
      { attempt: 2, outcome: 'DELIVERED', code: null },
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Scope } from '@karmanflow/schema';
import { scopeOf } from '../testing/dispatch-fixtures.ts';
import { createDispatchWorld, type DispatchWorld } from '../testing/dispatch-world.ts';
import { type Answer, type TestWorker, testWorker } from '../testing/test-worker.ts';
import { latestOfRange } from './latest-of-range.ts';

setDefaultTimeout(90_000);
let world: DispatchWorld;
beforeAll(async () => {
  world = await createDispatchWorld();
});
afterAll(() => world.close());

const things = (letters: string) => [...letters].map((letter) => ({ entities: [letter] }));

interface Begun {
  readonly scope: Scope;
  readonly subscriptionId: string;
  readonly worker: TestWorker;
}

async function begin(tenant: number, settings: Readonly<Record<string, unknown>> = {}): Promise<Begun> {
  const scope = scopeOf(tenant);
  const subscriptionId = await world.subscribe(scope, settings);
  const findLatest = (range: { afterSeq: number; throughSeq: number; patterns: readonly string[] }) =>
    latestOfRange(world.database, { scope, ...range });
  const worker = testWorker(world, { scope, subscriptionId }, findLatest);
  await worker.visited();
  return { scope, subscriptionId, worker };
}

/** Sends until nothing is claimed any more; what was sent, as `generation.ordinal`. */
async function sendAll(worker: TestWorker, answer: Answer = 'ok'): Promise<string[]> {
  const sent: string[] = [];
  await worker.visited();
  while (worker.held.length > 0) {
    for (const delivery of worker.held.slice()) {
      sent.push(`${delivery.sequence.generation}.${delivery.sequence.ordinal}`);
      worker.end(delivery, answer);
    }
    await worker.visited();
  }
  return sent;
}

async function states({ subscriptionId }: Begun): Promise<string[]> {
  const rows = await world.rows('webhook_deliveries', subscriptionId);
  return rows.toSorted((a, b) => Number(a['seq']) - Number(b['seq'])).map(({ state, why }) => `${state} ${why}`);
}

describe('a pause', () => {
  test('loses nothing, and goes on where it stopped', async () => {
    const begun = await begin(11);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('a'));
    expect(await sendAll(worker)).toEqual(['1.1']);
    await world.decide(subscriptionId, { state: 'PAUSED' });
    await world.write(scope, things('abc'));
    // Admitted, so that it can be fetched; not sent.
    expect(await worker.visited()).toMatchObject({ claimed: [], admitted: 3, isHealthUntold: false });
    await world.decide(subscriptionId, { state: 'ENABLED', health_epoch: 2, health_reason: 'resumed_by_operator' });
    expect((await sendAll(worker)).toSorted()).toEqual(['1.2', '1.3', '1.4']);
  });

  test('may end at now: what came meanwhile is dropped, and said so', async () => {
    const begun = await begin(12);
    const { scope, subscriptionId, worker } = begun;
    await world.decide(subscriptionId, { state: 'PAUSED' });
    await world.write(scope, things('ab'));
    await worker.visited();
    const [startEventId] = await world.write(scope, [{ entities: ['s'], type: 'webhook.subscription.resumed' }]);
    await world.write(scope, things('c'));
    await world.decide(subscriptionId, {
      state: 'ENABLED',
      health_epoch: 2,
      generation: 2,
      start_mode: 'FROM_NOW',
      start_event_id: startEventId,
    });
    expect(await sendAll(worker)).toEqual(['2.1']);
    expect(await states(begun)).toEqual(['DROPPED begun_elsewhere', 'DROPPED begun_elsewhere', 'DELIVERED delivered']);
  });

  test('may end with the latest of each entity, of all that was not delivered', async () => {
    const begun = await begin(13);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('a'));
    await sendAll(worker);
    await world.decide(subscriptionId, { state: 'PAUSED' });
    await world.write(scope, [...things('abab'), { entities: ['c', 'a'] }, ...things('b')]);
    await worker.visited();
    const [startEventId] = await world.write(scope, [{ entities: ['s'], type: 'webhook.subscription.resumed' }]);
    await world.write(scope, things('a'));
    const start = { start_mode: 'LATEST_PER_ENTITY', start_event_id: startEventId };
    await world.decide(subscriptionId, { state: 'ENABLED', health_epoch: 2, generation: 2, ...start });
    const seqs: number[] = [];
    expect(await worker.visited()).toMatchObject({ claimed: [], hasMore: true });
    while ((await worker.visited()).hasMore);
    await sendAll(worker);
    for (const row of await world.rows('webhook_deliveries', subscriptionId))
      if (row['generation'] === 2) seqs.push(Number(row['seq']));
    // 1 began the subscription, 2 was delivered, 3 to 8 waited, 9 resumed it.
    expect(seqs.toSorted((a, b) => a - b)).toEqual([7, 8, 10]);
  });
});

describe('an endpoint', () => {
  test('that is gone gets nothing more, until a person resumes it', async () => {
    const begun = await begin(21);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('ab'));
    await worker.visited();
    for (const delivery of worker.held.slice()) worker.end(delivery, 'gone');
    expect(await worker.visited()).toMatchObject({ health: { status: 'gone' }, isHealthUntold: true, claimed: [] });
    await world.passTime(100 * 86_400_000);
    expect(await worker.visited()).toMatchObject({ claimed: [] });
    await world.decide(subscriptionId, { health_epoch: 2, health_reason: 'resumed_by_operator' });
    expect((await sendAll(worker)).toSorted()).toEqual(['1.1', '1.2']);
  });

  test('that fails is suspended, probed with one delivery, and drained in order when it is back', async () => {
    const begun = await begin(22);
    const { scope, worker } = begun;
    await world.write(scope, things('aabbcc'));
    let turns = 0;
    for (; turns < 60; turns += 1) {
      const visit = await worker.visited();
      if (visit.health.status === 'suspended') break;
      for (const delivery of worker.held.slice()) worker.end(delivery, 'fails');
      await worker.visited();
      if (worker.held.length === 0) await world.passTime(86_400_000 * 2);
    }
    expect(turns).toBeLessThan(60);
    const charged = async (): Promise<number[]> =>
      (await world.rows('webhook_deliveries', begun.subscriptionId)).map(({ charged_attempts: n }) => Number(n));
    const before = await charged();
    worker.held.splice(0);
    for (let probe = 0; probe < 15; probe += 1) {
      await world.passTime(2 * 3_600_000);
      await worker.visited();
      expect(worker.held).toHaveLength(1);
      const [delivery] = worker.held;
      if (!delivery) throw new Error('one is held');
      expect(delivery.isProbe).toBe(true);
      worker.end(delivery, 'fails');
      await worker.visited();
    }
    // A probe asks the endpoint: it uses up none of the attempts of the delivery that it carries.
    expect(await charged()).toEqual(before);
    await world.passTime(2 * 3_600_000);
    const sent = await sendAll(worker);
    const rank = (ordinal: number): number => sent.indexOf(`1.${ordinal}`);
    expect([rank(1) < rank(2), rank(3) < rank(4), rank(5) < rank(6)]).toEqual([true, true, true]);
    expect((await states(begun)).filter((state) => state !== 'DELIVERED delivered')).toEqual([]);
  });

  test('is sent no more at a time, and no faster, than was agreed', async () => {
    const { scope, worker } = await begin(23, { max_in_flight: 3, rate_per_second: 8 });
    await world.write(scope, things('abcdefgh'));
    expect((await worker.visited()).claimed).toHaveLength(2);
    for (const delivery of worker.held.slice()) worker.end(delivery, 'ok');
    expect((await worker.visited()).claimed).toEqual([]);
    await world.passTime(10_000);
    expect((await worker.visited()).claimed).toHaveLength(2);
    await world.passTime(300);
    expect((await worker.visited()).claimed).toHaveLength(1);
    await world.passTime(10_000);
    expect((await worker.visited()).claimed).toEqual([]);
  });

  test('that gives one delivery up says so, and what waited for it goes on', async () => {
    const begun = await begin(24);
    const { scope, worker } = begun;
    await world.write(scope, things('aab'));
    for (let turn = 0; turn < 40; turn += 1) {
      await worker.visited();
      for (const delivery of worker.held.slice()) {
        worker.end(delivery, delivery.sequence.ordinal === 1 ? 'fails' : 'ok');
      }
      await worker.visited();
      if (worker.held.length > 0) continue;
      // Others are delivered meanwhile, so that the endpoint itself is well.
      await world.write(scope, things('zyxwv'));
      await world.passTime(2 * 86_400_000);
      if ((await states(begun))[0]?.startsWith('EXHAUSTED')) break;
    }
    const [first, second] = await states(begun);
    expect([first, second]).toEqual(['EXHAUSTED schedule_exhausted', 'DELIVERED delivered']);
    const [row] = (await world.rows('webhook_deliveries', begun.subscriptionId)).toSorted(
      (a, b) => Number(a['seq']) - Number(b['seq']),
    );
    expect(row).toMatchObject({ charged_attempts: 10 });
  });
});

describe('a recovery', () => {
  test('sends again what was given up, with the id and the place that it had, and tells its end', async () => {
    const begun = await begin(31);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('abcd'));
    await worker.visited();
    const ids = worker.held.map(({ eventId }) => eventId);
    for (const delivery of worker.held.slice()) worker.end(delivery, 'ok');
    await worker.visited();
    await world.admin.query(
      "update kf.webhook_deliveries set state = 'EXHAUSTED' where subscription_id = $1 and ordinal in (2, 4)",
      [subscriptionId],
    );
    const range = { subscription_id: subscriptionId, kind: 'RECOVER', from_seq: 1, to_seq: 1000 };
    const recoveryId = await world.recover(scope, { ...range, only_failed: true });
    await world.decide(subscriptionId, {});
    await worker.visited();
    expect(worker.held.map(({ eventId, sequence, recoveryId: by }) => [eventId, sequence.ordinal, by])).toEqual([
      [ids[1], 2, `whr_${recoveryId}`],
      [ids[3], 4, `whr_${recoveryId}`],
    ] as never);
    const [second, fourth] = [...worker.held];
    if (!second || !fourth) throw new Error('two are sent again');
    worker.end(second, 'ok');
    worker.end(fourth, 'ok');
    const end = { recoveryId, doneCount: 2, failedCount: 0, moreMatch: false };
    expect((await worker.visited()).endedRecovery).toEqual(end);
    expect((await worker.visited()).endedRecovery).toEqual(end);
    expect(worker.held).toEqual([]);
  });

  test('stops at what was approved', async () => {
    const begun = await begin(32);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('abcd'));
    await sendAll(worker);
    const range = { subscription_id: subscriptionId, kind: 'RECOVER', from_seq: 1, to_seq: 1000, expected_count: 3 };
    const recoveryId = await world.recover(scope, range);
    await world.decide(subscriptionId, {});
    expect(await sendAll(worker)).toEqual(['1.1', '1.2', '1.3']);
    const { endedRecovery } = await worker.visited();
    expect(endedRecovery).toEqual({ recoveryId, doneCount: 3, failedCount: 0, moreMatch: true });
  });

  test('of one delivery sends that one', async () => {
    const begun = await begin(33);
    const { scope, subscriptionId, worker } = begun;
    await world.write(scope, things('ab'));
    await sendAll(worker);
    const [row] = await world.rows('webhook_deliveries', subscriptionId);
    const recoveryId = await world.recover(scope, {
      subscription_id: subscriptionId,
      kind: 'REPLAY',
      delivery_id: row?.['id'],
      expected_count: 1,
    });
    await world.decide(subscriptionId, {});
    expect(await sendAll(worker)).toEqual([`1.${Number(row?.['ordinal'])}`]);
    expect((await worker.visited()).endedRecovery).toMatchObject({ recoveryId, doneCount: 1 });
  });
});

test('a trial goes to the subscription that it names, whatever that one takes', async () => {
  const one = await begin(41, { event_types: ['platform.nothing.at_all'] });
  const other = await world.subscribe(one.scope, { event_types: ['*'] });
  const otherWorker = testWorker(world, { scope: one.scope, subscriptionId: other });
  await otherWorker.visited();
  await world.write(one.scope, [
    {
      entities: [],
      type: 'webhook.subscription.test_requested',
      data: { subscriptionId: `whs_${one.subscriptionId}` },
    },
  ]);
  expect((await one.worker.visited()).claimed).toHaveLength(1);
  expect((await otherWorker.visited()).claimed).toEqual([]);
});

test('a subscription that ended gets nothing more', async () => {
  const begun = await begin(42);
  await world.write(begun.scope, things('ab'));
  await begun.worker.visited();
  begun.worker.die();
  await world.decide(begun.subscriptionId, { state: 'DELETED' });
  await begun.worker.visited();
  await world.write(begun.scope, things('c'));
  expect(await begun.worker.visited()).toMatchObject({ claimed: [], admitted: 0 });
  expect(new Set(await states(begun))).toEqual(new Set(['DROPPED subscription_deleted']));
});

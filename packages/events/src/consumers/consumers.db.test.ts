import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Scope } from '@karmanflow/schema';
import { toUuid } from '@karmanflow/schema';
import { UnreadableEvent } from '../define-event-versions.ts';
import type { StreamEvent } from '../read-stream.ts';
import { type ConsumerWorld, createConsumerWorld } from '../testing/consumer-world.ts';

import type { ConsumerLag } from './create-consumer-runner.ts';
import { type ConsumerDefinition, defineConsumer, NotNow, type Projection } from './define-consumer.ts';
import { pauseConsumer, resumeConsumer, retryParked, rewindConsumer } from './operate-consumer.ts';
import { readParked, readTracks } from './read-consumers.ts';
import type { ParkedEvent } from './visit-track.ts';

setDefaultTimeout(90_000);

let world: ConsumerWorld;
beforeAll(async () => {
  world = await createConsumerWorld();
});
afterAll(() => world.close());

const idOf = ({ event }: StreamEvent): string => toUuid(event.eventId);
/** Only this environment: the other tests' streams are not this test's. */
const inside = (scope: { environmentId: string; tenantId: string }, work: Projection['apply']): Projection['apply'] => {
  return async (tx, events) => {
    if (tx.scope.tenantId === scope.tenantId) await work(tx, events);
  };
};
async function trackOf(scope: Scope, name: string) {
  return (await readTracks(world.readers, scope)).filter(({ consumer }) => consumer === name);
}

describe('an event that fails however often it is tried', () => {
  /** Applies all but one event of the stream, for as long as that one is broken. */
  function fragile(scope: Scope, bad: string) {
    const broken = { is: true };
    const projection: Projection = {
      ...world.listing,
      apply: inside(scope, async (tx, events) => {
        await world.listing.apply(tx, events);
        if (broken.is && events.some((event) => idOf(event) === bad)) throw new Error('cannot be applied');
      }),
    };
    return { broken, projection };
  }

  test('is parked with its reason, the rest goes on, and it can be tried again', async () => {
    const { scope, name, stream } = await world.newStream([3, 3]);
    const bad = stream[2] ?? '';
    const { broken, projection } = fragile(scope, bad);
    const parked: ParkedEvent[] = [];
    const failures: string[] = [];
    const consumer = defineConsumer({ name, projection, onPoison: 'continue', triesMax: 3 });
    const observer = {
      onParked: (one: ParkedEvent) => void parked.push(one),
      onFailure: ({ kind, key }: { kind: string; key: { scope: { tenantId: string } } }) =>
        void (key.scope.tenantId === scope.tenantId && failures.push(kind)),
    };
    const runner = world.runner([consumer], { observer });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(stream.filter((id) => id !== bad));
    expect(parked).toMatchObject([
      { seq: 3, eventId: `evt_${bad}`, reason: 'Error: cannot be applied', isStopped: false },
    ]);
    // The batch, and then three tries of the event by itself.
    expect(failures).toEqual(['event', 'event', 'event', 'event']);
    const track = { scope, consumer, track: 'PROJECTION' } as const;
    expect(await readParked(world.readers, { scope, consumer: name })).toMatchObject([
      { seq: 3, state: 'PARKED', tries: 3, reason: 'Error: cannot be applied' },
    ]);

    expect(await retryParked(world.workers, { ...track, seq: 3 })).toEqual({ ok: true });
    await runner.catchUp();
    expect(await readParked(world.readers, { scope, consumer: name })).toMatchObject([{ state: 'PARKED', tries: 4 }]);
    expect(parked).toHaveLength(2);

    broken.is = false;
    expect(await retryParked(world.workers, { ...track, seq: 3 })).toEqual({ ok: true });
    expect(await retryParked(world.workers, { ...track, seq: 3 })).toEqual({ ok: false, reason: 'wrong_state' });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual([...stream.filter((id) => id !== bad), bad]);
    expect(await readParked(world.readers, { scope, consumer: name })).toMatchObject([{ state: 'DONE' }]);
    expect(await retryParked(world.workers, { ...track, seq: 4 })).toEqual({ ok: false, reason: 'wrong_state' });
    expect(await retryParked(world.workers, { ...track, seq: 9 })).toEqual({ ok: false, reason: 'out_of_range' });
  });

  test('stops its stream, and no other, until somebody resumes it', async () => {
    const { scope, name, stream } = await world.newStream([5]);
    const beside = await world.newStream([2]);
    const { broken, projection } = fragile(scope, stream[3] ?? '');
    const lags: ConsumerLag[] = [];
    const apply: Projection['apply'] = (tx, events) =>
      tx.scope.tenantId === beside.scope.tenantId ? world.listing.apply(tx, events) : projection.apply(tx, events);
    const consumer = defineConsumer({ name, projection: { ...projection, apply }, onPoison: 'stop', triesMax: 2 });
    const runner = world.runner([consumer], { observer: { onLag: (lag) => void lags.push(lag) } });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(stream.slice(0, 3));
    expect(await world.listed(beside.scope)).toEqual(beside.stream);
    expect(await trackOf(scope, name)).toMatchObject([{ state: 'STOPPED', seq: 3 }]);
    expect(lags.at(-1)).toMatchObject({ consumer: name, track: 'PROJECTION', streams: 1, events: 2, stopped: 1 });
    expect(lags.at(-1)?.oldestSeconds).toBeGreaterThanOrEqual(0);

    const choice = { scope, consumer, track: 'PROJECTION' } as const;
    expect(await retryParked(world.workers, { ...choice, seq: 4 })).toEqual({ ok: false, reason: 'out_of_range' });
    expect(await resumeConsumer(world.workers, choice)).toEqual({ ok: true });
    await runner.catchUp();
    expect(await trackOf(scope, name)).toMatchObject([{ state: 'STOPPED', seq: 3 }]);

    broken.is = false;
    expect(await resumeConsumer(world.workers, choice)).toEqual({ ok: true });
    expect(await resumeConsumer(world.workers, choice)).toEqual({ ok: false, reason: 'wrong_state' });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(stream);
    expect(await readParked(world.readers, { scope, consumer: name })).toMatchObject([{ seq: 4, state: 'DONE' }]);
    expect(lags.at(-1)).toMatchObject({ streams: 0, events: 0, oldestSeconds: 0, stopped: 0 });
  });

  test('is left behind, parked, when its stream is resumed past it', async () => {
    const { scope, name, stream } = await world.newStream([4]);
    const bad = stream[1] ?? '';
    const { projection } = fragile(scope, bad);
    const consumer = defineConsumer({ name, projection, onPoison: 'stop', triesMax: 1 });
    const runner = world.runner([consumer]);
    await runner.catchUp();
    const choice = { scope, consumer, track: 'PROJECTION', past: true } as const;
    expect(await resumeConsumer(world.workers, choice)).toEqual({ ok: true });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(stream.filter((id) => id !== bad));
    expect(await readParked(world.readers, { scope, consumer: name })).toMatchObject([{ seq: 2, state: 'PARKED' }]);
  });

  test('is found although it ends the process each time', async () => {
    const { scope, name, stream } = await world.newStream([3]);
    const bad = stream[1] ?? '';
    const done: string[] = [];
    const parked: ParkedEvent[] = [];
    const consumer = defineConsumer({
      name,
      onPoison: 'continue',
      triesMax: 2,
      async sideEffect(call) {
        if (call.scope.tenantId !== scope.tenantId) return;
        // As if the process had ended here: nothing is heard of it any more.
        if (call.events.some((event) => idOf(event) === bad)) await Promise.withResolvers<void>().promise;
        done.push(...call.events.map(idOf));
      },
    });
    for (let life = 0; life < 6 && parked.length === 0; life += 1) {
      await world.expireLeases();
      const reached = Promise.withResolvers<void>();
      const watched: ConsumerDefinition = {
        ...consumer,
        async sideEffect(call) {
          if (call.scope.tenantId === scope.tenantId && call.events.some((event) => idOf(event) === bad))
            reached.resolve();
          await consumer.sideEffect?.(call);
        },
      };
      const observer = { onParked: (one: ParkedEvent) => void parked.push(one) };
      await Promise.race([world.runner([watched], { observer }).catchUp(), reached.promise]);
    }
    expect(parked).toMatchObject([{ seq: 2, reason: 'Error: the process ended each time' }]);
    await world.expireLeases();
    await world.runner([consumer]).catchUp();
    expect(new Set(done)).toEqual(new Set(stream.filter((id) => id !== bad)));
  });

  test('takes nothing with it when a projection swallows what the database said', async () => {
    const { scope, name } = await world.newStream([1]);
    const failures: unknown[] = [];
    const projection: Projection = {
      ...world.listing,
      apply: inside(scope, async ({ send }) => void (await send([{ text: 'select 1 / 0' }]).catch(() => undefined))),
    };
    const consumer = defineConsumer({ name, projection, onPoison: 'stop', triesMax: 1 });
    await world.runner([consumer], { observer: { onFailure: ({ error }) => void failures.push(error) } }).catchUp();
    expect(String(failures[0])).toContain('went on as if it had not');
    expect(await trackOf(scope, name)).toMatchObject([{ state: 'STOPPED', seq: 0 }]);
  });
});

describe('what is no event’s fault', () => {
  test.each([
    ['a receiver that is away', new NotNow('the topic cannot be reached')],
    ['a socket that broke', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
    ['an event that a newer process wrote', new UnreadableEvent('version 9')],
    ['a database that has no connection left', Object.assign(new Error('too many clients'), { code: '53300' })],
  ])('%s parks nothing, and is tried again for ever', async (_, error) => {
    const { scope, name, stream } = await world.newStream([2]);
    const kinds: string[] = [];
    let left = 12;
    const done: string[] = [];
    const consumer = defineConsumer({
      name,
      onPoison: 'stop',
      triesMax: 1,
      async sideEffect(call) {
        if (call.scope.tenantId !== scope.tenantId) return;
        left -= 1;
        if (left > 0) throw error;
        done.push(...call.events.map(idOf));
      },
    });
    const runner = world.runner([consumer], { observer: { onFailure: ({ kind }) => void kinds.push(kind) } });
    await runner.catchUp();
    await runner.catchUp();
    expect(kinds).toEqual(Array.from({ length: 11 }, () => 'later'));
    expect(done).toEqual(stream);
    expect(await readParked(world.readers, { scope, consumer: name })).toEqual([]);
  });
});

describe('somebody', () => {
  test('pauses a consumer, and resumes it where it was', async () => {
    const { scope, name } = await world.newStream([2]);
    const consumer = defineConsumer({ name, projection: world.listing, onPoison: 'stop' });
    const choice = { scope, consumer, track: 'PROJECTION' } as const;
    expect(await pauseConsumer(world.workers, choice)).toEqual({ ok: false, reason: 'unknown' });
    const runner = world.runner([consumer]);
    await runner.catchUp();
    expect(await pauseConsumer(world.workers, choice)).toEqual({ ok: true });
    expect(await pauseConsumer(world.workers, choice)).toEqual({ ok: false, reason: 'wrong_state' });
    await world.write({ scope, events: [3] });
    await world.drain();
    await runner.catchUp();
    expect(await world.listed(scope)).toHaveLength(2);
    expect(await trackOf(scope, name)).toMatchObject([{ state: 'PAUSED', seq: 2 }]);
    expect(await resumeConsumer(world.workers, choice)).toEqual({ ok: true });
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(await world.stream(scope));
  });

  test('rewinds a projection, and it is built again exactly as it was, while no side effect is repeated', async () => {
    const { scope, name, stream } = await world.newStream([4, 3]);
    const done: string[] = [];
    const consumer = defineConsumer({
      name,
      projection: world.listing,
      sideEffect: async ({ scope: where, events }) => {
        if (where.tenantId === scope.tenantId) done.push(...events.map(idOf));
      },
      onPoison: 'stop',
      batchEvents: 2,
    });
    const runner = world.runner([consumer]);
    await runner.catchUp();
    const before = await world.listed(scope);
    expect(before).toEqual(stream);
    const choice = { scope, consumer, track: 'PROJECTION' } as const;
    expect(await rewindConsumer(world.workers, { ...choice, toSeq: 3 })).toEqual({ ok: false, reason: 'out_of_range' });
    expect(await rewindConsumer(world.workers, { ...choice, toSeq: 0 })).toEqual({ ok: true });
    expect(await world.listed(scope)).toEqual([]);
    await runner.catchUp();
    expect(await world.listed(scope)).toEqual(before);
    expect(done).toEqual(stream);

    const effects = { ...choice, track: 'EFFECT' } as const;
    expect(await rewindConsumer(world.workers, { ...effects, toSeq: 99 })).toEqual({
      ok: false,
      reason: 'out_of_range',
    });
    expect(await rewindConsumer(world.workers, { ...effects, toSeq: 5 })).toEqual({ ok: true });
    await runner.catchUp();
    expect(done).toEqual([...stream, ...stream.slice(5)]);
  });
});

test('a side effect comes behind the projection of the same event, and not before', async () => {
  const { scope, name } = await world.newStream([6]);
  const seen: { listed: number; through: number }[] = [];
  const consumer = defineConsumer({
    name,
    projection: world.listing,
    async sideEffect({ scope: where, range }) {
      if (where.tenantId !== scope.tenantId) return;
      seen.push({ listed: (await world.listed(scope)).length, through: range.throughSeq });
    },
    onPoison: 'stop',
    batchEvents: 2,
  });
  await world.runner([consumer]).catchUp();
  expect(seen.map(({ through }) => through)).toEqual([2, 4, 6]);
  expect(seen.every(({ listed, through }) => listed >= through)).toBe(true);
});

test('a consumer gets what it wants, read as the newest version, and moves past the rest', async () => {
  const { scope, name, stream } = await world.newStream([4]);
  const got: unknown[] = [];
  const consumer = defineConsumer({
    name,
    filters: { types: ['a.b.followed'] },
    async sideEffect({ scope: where, events }) {
      if (where.tenantId === scope.tenantId) got.push(...events.map((one) => [idOf(one), one.event.eventVersion]));
    },
    onPoison: 'stop',
  });
  await world.runner([consumer], { upcast: (event) => ({ ...event, eventVersion: 7 }) }).catchUp();
  expect(got).toEqual([
    [stream[1], 7],
    [stream[3], 7],
  ]);
  expect(await trackOf(scope, name)).toMatchObject([{ seq: 4 }]);
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Database, Scope } from '@karmanflow/schema';
import { toUuid } from '@karmanflow/schema';
import type { StreamEvent } from '../read-stream.ts';
import { type ConsumerWorld, createConsumerWorld } from '../testing/consumer-world.ts';
import { scopeOf } from '../testing/sequence-world.ts';
import { type ConsumerDefinition, defineConsumer, type Projection } from './define-consumer.ts';
import { readTracks } from './read-consumers.ts';

setDefaultTimeout(90_000);

let world: ConsumerWorld;
beforeAll(async () => {
  world = await createConsumerWorld();
});
afterAll(() => world.close());

const signal = new AbortController().signal;
const idOf = ({ event }: StreamEvent): string => toUuid(event.eventId);
async function trackOf(scope: Scope, name: string) {
  return (await readTracks(world.readers, scope)).filter(({ consumer }) => consumer === name);
}

describe('several processes', () => {
  test('race for the same streams, and every event is applied once all the same', async () => {
    const places = [1, 2, 3].map((environment) => scopeOf(90, environment));
    const seen: string[] = [];
    const consumer = defineConsumer({
      name: 'raced',
      projection: world.listing,
      sideEffect: async ({ events }) => void seen.push(...events.map(idOf)),
      onPoison: 'stop',
      batchEvents: 2,
    });
    const runners = [1, 2, 3].map(() => world.runner([consumer]));
    for (let round = 0; round < 4; round += 1) {
      for (const scope of places) await world.write({ scope, events: [3, 2] });
      await world.drain();
      await Promise.all(runners.map((runner) => runner.catchUp()));
      // Whoever has a stream keeps it; as after a crash of all, the next round begins with a race again.
      await world.expireLeases();
    }
    await Promise.all(runners.map((runner) => runner.catchUp()));
    for (const scope of places) expect(await world.listed(scope)).toEqual(await world.stream(scope));
    const all = await Promise.all(places.map((scope) => world.stream(scope)));
    expect(new Set(seen).isSupersetOf(new Set(all.flat()))).toBe(true);
  });

  test('one that was held up while it read wakes and writes nothing', async () => {
    const { scope, name, stream } = await world.newStream([4]);
    const consumer = defineConsumer({ name, projection: world.listing, onPoison: 'stop' });
    const reached = Promise.withResolvers<void>();
    const paused = Promise.withResolvers<void>();
    const slow: Database = {
      ...world.workers,
      async read(where, work) {
        const result = await world.workers.read(where, work);
        if (where.tenantId !== scope.tenantId) return result;
        reached.resolve();
        await paused.promise;
        return result;
      },
    };
    const old = world.runner([consumer], { database: slow });
    const looking = old.look(signal);
    await reached.promise;
    await world.expireLeases();
    await world.runner([consumer]).catchUp();
    expect(await world.listed(scope)).toEqual(stream);
    paused.resolve();
    await looking;
    expect(await world.listed(scope)).toEqual(stream);
    expect(await trackOf(scope, name)).toMatchObject([{ seq: 4, epoch: 2 }]);
  });

  test('one that was held up inside its transaction keeps the stream until it is over', async () => {
    const { scope, name, stream } = await world.newStream([2]);
    const reached = Promise.withResolvers<void>();
    const paused = Promise.withResolvers<void>();
    const projection: Projection = {
      ...world.listing,
      async apply(tx, events) {
        await world.listing.apply(tx, events);
        if (tx.scope.tenantId !== scope.tenantId) return;
        reached.resolve();
        await paused.promise;
      },
    };
    const first = world.runner([defineConsumer({ name, projection, onPoison: 'stop' })]);
    const looking = first.look(signal);
    await reached.promise;
    // Its row is locked, so that its lease cannot even be taken for over.
    const other = world.runner([defineConsumer({ name, projection: world.listing, onPoison: 'stop' })]);
    await other.look(signal);
    expect(await trackOf(scope, name)).toMatchObject([{ seq: 0, epoch: 1 }]);
    paused.resolve();
    await looking;
    // On a machine that stalls the server may have ended its transaction: then it does the same again.
    await first.catchUp();
    expect(await world.listed(scope)).toEqual(stream);
  });

  test('one that was held up in a side effect did it, and moves no checkpoint back', async () => {
    const { scope, name } = await world.newStream([2]);
    const reached = Promise.withResolvers<void>();
    const paused = Promise.withResolvers<void>();
    const epochs: number[] = [];
    const effect = (hold: boolean): ConsumerDefinition =>
      defineConsumer({
        name,
        onPoison: 'stop',
        async sideEffect(call) {
          if (call.scope.tenantId !== scope.tenantId) return;
          epochs.push(call.epoch);
          if (!hold) return;
          reached.resolve();
          await paused.promise;
        },
      });
    const looking = world.runner([effect(true)]).look(signal);
    await reached.promise;
    await world.expireLeases();
    await world.write({ scope, events: [3] });
    await world.drain();
    await world.runner([effect(false)]).catchUp();
    paused.resolve();
    await looking;
    expect(epochs).toEqual([1, 2]);
    expect(await trackOf(scope, name)).toMatchObject([{ seq: 5, epoch: 2 }]);
  });

  test('one that stops gives its streams back, and the next need not wait', async () => {
    const { scope, name, stream } = await world.newStream([1]);
    const consumer = defineConsumer({ name, projection: world.listing, onPoison: 'stop' });
    const first = world.runner([consumer]);
    await first.catchUp();
    await first.release();
    await world.write({ scope, events: [1] });
    await world.drain();
    await world.runner([consumer]).catchUp();
    expect(await world.listed(scope)).toEqual(await world.stream(scope));
    expect(await world.listed(scope)).toHaveLength(stream.length + 1);
  });
});

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Crash, countingConnection, crashingConnection } from '../testing/crashing-connection.ts';
import { createSequenceWorld, readReceipt, scopeOf, type SequenceWorld } from '../testing/sequence-world.ts';
import { drainQueue } from './drain-queue.ts';

setDefaultTimeout(120_000);

let world: SequenceWorld;
beforeAll(async () => {
  world = await createSequenceWorld();
});
afterAll(() => world.close());

const [here, there] = [scopeOf(50, 1), scopeOf(51, 1)];

/** Two tenants' transactions wait, as in the round whose statements were counted. */
async function writeBoth(): Promise<{ receipts: string[]; events: string[] }> {
  const first = await world.write({ scope: here, events: [2, 0] });
  await world.write({ scope: there, events: [1] });
  return { receipts: first.map(({ id }) => id), events: first.flatMap(({ eventIds }) => eventIds) };
}

test('a sequencer that dies at any of its statements loses nothing and does nothing twice', async () => {
  const receipts: string[] = [];
  const events: string[] = [];
  const remember = (written: { receipts: string[]; events: string[] }): void => {
    receipts.push(...written.receipts);
    events.push(...written.events);
  };
  remember(await writeBoth());
  const statements = await world.asLeader(async ({ connection, epoch }) => {
    const counted = countingConnection(connection);
    await drainQueue(counted.connection, { epoch, readReceipt, distrust: false });
    return counted.count();
  });
  expect(statements).toBeGreaterThan(20);
  const crashes = Array.from({ length: statements }, (_, at): Crash[] => [
    { statement: at + 1, when: 'before' },
    { statement: at + 1, when: 'behind' },
  ]).flat();
  let survived = 0;
  for (const crash of crashes) {
    remember(await writeBoth());
    const died = await world
      .asLeader(async ({ connection, epoch }) =>
        drainQueue(crashingConnection(connection, crash), { epoch, readReceipt, distrust: false }),
      )
      .then(
        () => false,
        () => true,
      );
    expect({ crash, died }).toEqual({ crash, died: true });
    // Nobody else has written since, so what waits is either all of it or nothing.
    await world.asLeader(async () => undefined);
    const waiting = await world.waiting();
    expect([0, 2]).toContain(waiting);
    if (waiting === 0) survived += 1;
    expect(await world.leaves(here.tenantId)).toEqual(waiting === 0 ? receipts : receipts.slice(0, -2));
    expect(await world.stream(here)).toEqual(waiting === 0 ? events : events.slice(0, -2));
    await world.drain();
    expect(await world.leaves(here.tenantId)).toEqual(receipts);
    expect(await world.stream(here)).toEqual(events);
  }
  // The COMMIT that was sent and never answered is the one that may have gone through.
  expect(survived).toBeLessThanOrEqual(1);
});

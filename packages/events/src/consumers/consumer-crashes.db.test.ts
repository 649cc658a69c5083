import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { toUuid } from '@karmanflow/schema';
import { type ConsumerWorld, crashingDatabase, createConsumerWorld } from '../testing/consumer-world.ts';
import type { Crash } from '../testing/crashing-connection.ts';
import { scopeOf } from '../testing/sequence-world.ts';
import { defineConsumer } from './define-consumer.ts';

setDefaultTimeout(120_000);

let world: ConsumerWorld;
beforeAll(async () => {
  world = await createConsumerWorld();
});
afterAll(() => world.close());

const scope = scopeOf(70, 1);
const done: string[] = [];
const consumer = () =>
  defineConsumer({
    name: 'crashing',
    projection: world.listing,
    sideEffect: async ({ events }) => void done.push(...events.map(({ event }) => toUuid(event.eventId))),
    onPoison: 'stop',
    batchEvents: 3,
  });

async function lookOnce(crash: Crash): Promise<{ readonly statements: number; readonly died: boolean }> {
  const state = { sent: 0, dead: false };
  const runner = world.runner([consumer()], { database: crashingDatabase(world.workers, crash, state) });
  await runner.look(new AbortController().signal).catch(() => undefined);
  return { statements: state.sent, died: state.dead };
}

/** The server may still be committing what the dead one sent last. */
async function settled(): Promise<void> {
  for (;;) {
    const { rowCount } = await world.admin.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'kf-test-consumers'
        and state <> 'idle'`,
    );
    if (rowCount === 0) return;
    await Bun.sleep(2);
  }
}

async function write(): Promise<void> {
  await world.write({ scope, events: [2, 2] });
  await world.drain();
}

test('a consumer that dies at any of its statements applies each event once, and does each at least once', async () => {
  const never: Crash = { statement: Number.POSITIVE_INFINITY, when: 'before' };
  await write();
  const { statements } = await lookOnce(never);
  expect(statements).toBeGreaterThan(20);
  let repeated = 0;
  for (let statement = 1; statement <= statements; statement += 1) {
    for (const when of ['before', 'behind'] as const) {
      await world.expireLeases();
      await write();
      const stream = await world.stream(scope);
      const crash = { statement, when };
      const { died } = await lookOnce(crash);
      expect({ crash, died }).toEqual({ crash, died: true });
      await settled();
      // What the dead one has written is a beginning of the stream, and agrees with its checkpoint.
      const listed = await world.listed(scope);
      expect(listed).toEqual(stream.slice(0, listed.length));
      const { rows } = await world.admin.query("select seq from kf.consumer_tracks where track = 'PROJECTION'");
      expect(Number(rows[0].seq)).toBe(listed.length);
      await world.expireLeases();
      await lookOnce(never);
      await world.expireLeases();
      await lookOnce(never);
      expect({ crash, listed: await world.listed(scope) }).toEqual({ crash, listed: stream });
      expect(new Set(done)).toEqual(new Set(stream));
      repeated = done.length - stream.length;
    }
  }
  // Between doing and writing down that it was done lies the crash that makes a side effect happen again.
  expect(repeated).toBeGreaterThan(0);
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { scopeStatements, toUuid } from '@karmanflow/schema';
import { createSequenceWorld, readReceipt, scopeOf, type SequenceWorld } from '../testing/sequence-world.ts';
import { drainQueue } from './drain-queue.ts';
import { sequenceLimits } from './sequence-limits.ts';

setDefaultTimeout(90_000);

let world: SequenceWorld;
beforeAll(async () => {
  world = await createSequenceWorld();
});
afterAll(() => world.close());

/** A promise that somebody else resolves. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('a round', () => {
  test('gives leaves and events the order of decision, and empties the queue', async () => {
    const [here, there] = [scopeOf(10, 11), scopeOf(10, 12)];
    const first = await world.write({ scope: here, events: [2, 0, 1] });
    const second = await world.write({ scope: there, events: [1] });
    const third = await world.write({ scope: here, events: [3] });
    const [round] = await world.drain();
    expect(round).toEqual({
      transactions: 3,
      leaves: 5,
      events: 7,
      tenantIds: [toUuid(here.tenantId)],
      missing: [],
      isFull: false,
    });
    expect(await world.leaves(here.tenantId)).toEqual([...first, ...second, ...third].map(({ id }) => id));
    expect(await world.stream(here)).toEqual([...first, ...third].flatMap(({ eventIds }) => eventIds));
    expect(await world.stream(there)).toEqual(second.flatMap(({ eventIds }) => eventIds));
    expect(await world.waiting()).toBe(0);
  });

  test('that finds nothing does nothing', async () => {
    expect(await world.drain()).toMatchObject([{ transactions: 0, leaves: 0, events: 0, tenantIds: [] }]);
  });

  test('takes no more than its bound, and says that there is more', async () => {
    const scope = scopeOf(13, 1);
    const wanted: string[] = [];
    const each = 250;
    for (let written = 0; written <= sequenceLimits.receiptsPerRound; written += each) {
      const receipts = await world.write({ scope, events: Array.from({ length: each }, () => 0) });
      wanted.push(...receipts.map(({ id }) => id));
    }
    const [first, second] = await world.drain();
    expect(first).toMatchObject({ leaves: sequenceLimits.receiptsPerRound, isFull: true });
    expect(second).toMatchObject({ leaves: each, isFull: false });
    expect(await world.leaves(scope.tenantId)).toEqual(wanted);
  });
});

describe('the order', () => {
  test('shows a cause before its effect, though the effect’s transaction began first and a third is still open', async () => {
    const scope = scopeOf(20, 1);
    const [effectBegan, causeCommitted, otherBegan, otherMayEnd] = [gate(), gate(), gate(), gate()];
    const effect = world.write({
      scope,
      events: [1],
      async before() {
        effectBegan.open();
        await causeCommitted.opened;
      },
    });
    await effectBegan.opened;
    const cause = await world.write({ scope, events: [1] });
    const other = world.write({
      scope,
      events: [1],
      async before() {
        otherBegan.open();
        await otherMayEnd.opened;
      },
    });
    await otherBegan.opened;
    causeCommitted.open();
    await effect;
    await world.drain();
    const inOrder = [...cause, ...(await effect)].flatMap(({ eventIds }) => eventIds);
    expect(await world.stream(scope)).toEqual(inOrder);
    otherMayEnd.open();
    inOrder.push(...(await other).flatMap(({ eventIds }) => eventIds));
    await world.drain();
    expect(await world.stream(scope)).toEqual(inOrder);
  });

  test('lets nothing appear before what was given already: who commits late comes later, without a gap', async () => {
    const scope = scopeOf(21, 1);
    const [written, mayCommit] = [gate(), gate()];
    const late = world.write({
      scope,
      events: [2],
      async beforeCommit() {
        written.open();
        await mayCommit.opened;
      },
    });
    await written.opened;
    const early = await world.write({ scope, events: [1] });
    await world.drain();
    expect(await world.stream(scope)).toEqual(early.flatMap(({ eventIds }) => eventIds));
    mayCommit.open();
    const all = [...early, ...(await late)];
    await world.drain();
    expect(await world.stream(scope)).toEqual(all.flatMap(({ eventIds }) => eventIds));
  });

  test('has no gap and no double while writers of many scopes commit and fail at the same time', async () => {
    const scopes = [scopeOf(30, 1), scopeOf(30, 2), scopeOf(31, 1), scopeOf(32, 1)];
    const committed = new Map(scopes.map((scope) => [scope, [] as string[]]));
    let writing = true;
    const sequencing = world.asLeader(async ({ connection, epoch }) => {
      let rounds = 0;
      for (;;) {
        const wasWriting = writing;
        const { transactions } = await drainQueue(connection, { epoch, readReceipt, distrust: false });
        if (transactions > 0) rounds += 1;
        if (!wasWriting && transactions === 0) return rounds;
      }
    });
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; turn < 25; turn += 1) {
        const scope = scopes[(writer + turn) % scopes.length] ?? scopeOf(30, 1);
        const fails = (writer + turn) % 5 === 0;
        const beforeCommit = async (): Promise<void> => {
          if (fails) throw new Error('changed its mind');
        };
        const done = await world.write({ scope, events: [turn % 3, 1], beforeCommit }).catch(() => []);
        expect(done.length === 0).toBe(fails);
        committed.get(scope)?.push(...done.flatMap(({ eventIds }) => eventIds));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    writing = false;
    expect(await sequencing).toBeGreaterThan(2);
    for (const scope of scopes) {
      const wanted = committed.get(scope) ?? [];
      expect(wanted.length).toBeGreaterThan(20);
      expect((await world.stream(scope)).toSorted()).toEqual(wanted.toSorted());
    }
    expect((await world.leaves(scopeOf(30, 1).tenantId)).length).toBeGreaterThan(20);
    expect(await world.waiting()).toBe(0);
  });
});

describe('a queue that somebody wrote to with SQL', () => {
  async function enqueue(scope: ReturnType<typeof scopeOf>, receiptIds: readonly string[]): Promise<void> {
    await world.writers.connection(async (client) => {
      await client.query('BEGIN');
      for (const statement of scopeStatements(scope)) await client.query(statement);
      await client.query('insert into kf.log_pending (tenant_id, environment_id, receipt_ids) values ($1, $2, $3)', [
        toUuid(scope.tenantId),
        toUuid(scope.environmentId),
        receiptIds,
      ]);
      await client.query('COMMIT');
    });
  }

  test('and names receipts that are not there stops nobody, and is told', async () => {
    const scope = scopeOf(40, 1);
    const nobody = Bun.randomUUIDv7();
    await enqueue(scope, [nobody]);
    const written = await world.write({ scope: scopeOf(41, 1), events: [1] });
    const [round] = await world.drain();
    expect(round).toMatchObject({ transactions: 2, leaves: 1, missing: [nobody] });
    expect(await world.leaves(scopeOf(41, 1).tenantId)).toEqual(written.map(({ id }) => id));
  });

  test('and names receipts of another environment or tenant does not reach them', async () => {
    const [mine, other] = [scopeOf(42, 1), scopeOf(42, 2)];
    const theirs = await world.write({ scope: other, events: [1] });
    await enqueue(
      mine,
      theirs.map(({ id }) => id),
    );
    const [round] = await world.drain();
    expect(round).toMatchObject({ leaves: 1, missing: theirs.map(({ id }) => id) });
    expect(await world.stream(mine)).toEqual([]);
  });

  test('and names a receipt again gets it no second position, in a round that looks first', async () => {
    const scope = scopeOf(43, 1);
    const first = await world.write({ scope, events: [2] });
    await world.drain();
    const ids = first.map(({ id }) => id);
    await enqueue(scope, [...ids, ...ids]);
    const second = await world.write({ scope, events: [1] });
    await world.asLeader(async ({ connection, epoch }) => {
      const options = { epoch, readReceipt };
      await expect(drainQueue(connection, { ...options, distrust: false })).rejects.toMatchObject({ code: '23505' });
      expect(await drainQueue(connection, { ...options, distrust: true })).toMatchObject({
        transactions: 2,
        leaves: 1,
      });
    });
    expect(await world.leaves(scope.tenantId)).toEqual([...first, ...second].map(({ id }) => id));
    expect(await world.stream(scope)).toEqual([...first, ...second].flatMap(({ eventIds }) => eventIds));
  });
});

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { limits, scopeStatements } from '@karmanflow/schema';
import { newSequenceState, trackSequence } from '../receiver/track-sequence.ts';
import { dayMilliseconds, historyWorld } from '../testing/history-place.ts';
import { findHistory } from './find-history.ts';

setDefaultTimeout(120_000);
const { world, begin } = historyWorld();

describe('history', () => {
  test('that is over for long goes with its attempts, and nothing else', async () => {
    const begun = await begin();
    await begun.write('abcd');
    await begun.sendAll();
    await begun.setState([2], 'EXHAUSTED');
    await begun.setState([3], 'DROPPED');
    await begun.write('e');
    await begun.worker.visited();
    await begun.age(29);
    expect(await begun.piece()).toEqual({ deliveries: 0, attempts: 0, nextAfterId: null });
    await begun.age(2, 'd.ordinal <> 4');
    expect(await begun.history()).toHaveLength(5);
    expect(await begun.piece()).toEqual({ deliveries: 3, attempts: 3, nextAfterId: null });
    // The fourth ended 29 days ago, and the fifth is on its way, for however long it was.
    expect(await begun.history()).toEqual(['4 DELIVERED', '5 SENDING']);
    expect(await begun.attempts()).toBe(1);
    expect(await begun.piece()).toEqual({ deliveries: 0, attempts: 0, nextAfterId: null });
  });

  test('goes in pieces that are bounded, each behind the one before', async () => {
    const begun = await begin();
    await begun.write('abcdefg');
    const isOpen = ({ sequence }: { readonly sequence: { readonly ordinal: number | null } }): boolean =>
      sequence.ordinal === 2;
    do {
      for (const delivery of begun.worker.held.slice()) if (!isOpen(delivery)) begun.worker.end(delivery, 'ok');
      await begun.worker.visited();
    } while (!begun.worker.held.every(isOpen) || begun.worker.held.length === 0);
    await begun.age(40);
    const bounds = { pieceDeliveries: 3, pieceAttempts: 100 };
    const first = await begun.piece({ bounds });
    expect(first).toMatchObject({ deliveries: 2, attempts: 2 });
    expect(await begun.history()).toEqual(['2 SENDING', '4 DELIVERED', '5 DELIVERED', '6 DELIVERED', '7 DELIVERED']);
    // Of many attempts fewer deliveries go at once, but one always does.
    await world().admin.query('update kf.webhook_deliveries set attempts = 80 where subscription_id = $1', [
      begun.subscriptionId,
    ]);
    const second = await begun.piece({ bounds, afterId: first.nextAfterId });
    expect(second).toMatchObject({ deliveries: 1, attempts: 1 });
    let after = second.nextAfterId;
    let pieces = 0;
    for (; after !== null; pieces += 1) after = (await begun.piece({ bounds, afterId: after })).nextAfterId;
    expect(pieces).toBeGreaterThanOrEqual(2);
    expect(await begun.history()).toEqual(['2 SENDING']);
  });

  test('of another tenant is out of reach, and so is what is young, whatever is asked for', async () => {
    const [one, other] = [await begin(), await begin()];
    for (const begun of [one, other]) {
      await begun.write('ab');
      await begun.sendAll();
      await begun.age(40, 'd.ordinal = 1');
    }
    expect(await one.piece({ subscriptionId: other.subscriptionId })).toMatchObject({ deliveries: 0 });
    expect(await one.piece({ endedBeforeMilliseconds: Date.now() + dayMilliseconds })).toMatchObject({ deliveries: 1 });
    await one.age(limits.deliveryHistoryMinDays - 1);
    const sweep = async (table: string): Promise<number | null> =>
      world().database.connection(async (connection) => {
        await connection.query('begin');
        for (const statement of scopeStatements(one.scope)) await connection.query(statement);
        const { rowCount } = await connection.query(`delete from kf.${table}`);
        await connection.query('commit');
        return rowCount;
      });
    expect([await sweep('webhook_attempts'), await sweep('webhook_deliveries')]).toEqual([0, 0]);
    expect([await one.history(), await one.attempts()]).toEqual([['2 DELIVERED'], 1]);
    expect([await other.history(), await other.attempts()]).toEqual([['1 DELIVERED', '2 DELIVERED'], 2]);
  });

  test('is found for every subscription, page by page, also for one that has ended', async () => {
    const begun = await begin();
    await world().decide(begun.subscriptionId, { state: 'DELETED' });
    const found: string[] = [];
    let after: Awaited<ReturnType<typeof findHistory>>['next'] = null;
    do {
      const page = await world().database.connection((connection) => findHistory(connection, after, 2));
      expect(Math.abs(page.nowMilliseconds - Date.now())).toBeLessThan(dayMilliseconds);
      found.push(...page.places.map(({ subscriptionId }) => subscriptionId));
      after = page.next;
    } while (after !== null);
    const { rows } = await world().admin.query('select subscription_id from kf.webhook_cursors');
    expect(found.toSorted()).toEqual(rows.map((row) => String(row['subscription_id'])).toSorted());
    expect(found).toContain(begun.subscriptionId);
  });
});

describe('what is left to do does not need it', () => {
  test('nothing is admitted again, and numbers go on', async () => {
    const begun = await begin();
    await begun.write('ab');
    expect(await begun.sendAll()).toEqual(['1<null', '2<null']);
    await begun.age(40);
    expect(await begun.piece()).toMatchObject({ deliveries: 2 });
    expect(await begun.worker.visited()).toMatchObject({ admitted: 0, claimed: [] });
    await begun.write('abb');
    const sequences: [number | null, number | null][] = [];
    let state = trackSequence(trackSequence(newSequenceState, sequenceOf(1)).state, sequenceOf(2)).state;
    await begun.worker.visited();
    while (begun.worker.held.length > 0) {
      for (const delivery of begun.worker.held.slice()) {
        const step = trackSequence(state, delivery.sequence);
        expect([step.finding, step.isPreviousMissing]).toEqual(['next', false]);
        ({ state } = step);
        sequences.push([delivery.sequence.ordinal, delivery.sequence.previous]);
        begun.worker.end(delivery, 'ok');
      }
      await begun.worker.visited();
    }
    // What was before is no longer known, which asks the receiver for nothing; what came since is.
    expect(sequences).toEqual([
      [3, null],
      [4, null],
      [5, 4],
    ]);
    expect(state.missing).toEqual([]);

    function sequenceOf(ordinal: number) {
      return { subscriptionId: `whs_${begun.subscriptionId}`, generation: 1, ordinal, previous: null } as const;
    }
  });

  test('what stops a second admission stays until the cursor has passed it', async () => {
    const begun = await begin();
    await begun.write('ab');
    await begun.sendAll();
    await begun.age(40);
    const moveCursor = (by: number): Promise<unknown> =>
      world().admin.query(
        'update kf.webhook_cursors set admitted_seq = admitted_seq + $2, next_ordinal = next_ordinal + $2 where subscription_id = $1',
        [begun.subscriptionId, by],
      );
    // As if the row of the cursor alone had been put back: both events are to be admitted a second time.
    await moveCursor(-2);
    expect(await begun.piece()).toMatchObject({ deliveries: 0 });
    await expect(begun.worker.visited()).rejects.toThrow('duplicate key');
    await moveCursor(1);
    expect(await begun.piece()).toMatchObject({ deliveries: 1 });
    expect(await begun.history()).toEqual(['2 DELIVERED']);
    await expect(begun.worker.visited()).rejects.toThrow('duplicate key');
    await moveCursor(1);
    expect(await begun.piece()).toMatchObject({ deliveries: 1 });
    expect(await begun.worker.visited()).toMatchObject({ admitted: 0, claimed: [] });
  });

  test('a delivery that waits is let go, whichever of its predecessors are no longer there', async () => {
    const begun = await begin();
    await world().write(begun.scope, [{ entities: ['a'] }, { entities: ['b'] }, { entities: ['a', 'b'] }]);
    await begun.worker.visited();
    const [first, second] = begun.worker.held.slice();
    if (!first || !second) throw new Error('two are sent');
    begun.worker.end(first, 'ok');
    await begun.worker.visited();
    await begun.age(40, 'd.ordinal = 1');
    // Its predecessors are named by their ids, so the one that went is named by the id that it had.
    await world().admin.query(
      `update kf.webhook_deliveries set predecessors = array[overlay($2::text placing '000' from 1 for 3)::uuid, $3::uuid]
        where subscription_id = $1 and ordinal = 3`,
      [begun.subscriptionId, first.deliveryId, second.deliveryId],
    );
    expect(await begun.piece()).toMatchObject({ deliveries: 1 });
    expect(await begun.history()).toEqual(['2 SENDING', '3 PARKED']);
    begun.worker.end(second, 'ok');
    expect(await begun.sendAll()).toEqual(['3<1']);
    expect(await begun.history()).toEqual(['2 DELIVERED', '3 DELIVERED']);
  });
});

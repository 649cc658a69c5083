import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { historyWorld } from '../testing/history-place.ts';

setDefaultTimeout(120_000);
const { world, begin } = historyWorld();

describe('a recovery', () => {
  const range = { kind: 'RECOVER', from_seq: 1, to_seq: 1000 };

  test('of what failed sends what is known to have failed, and nothing of which nobody knows any more', async () => {
    const begun = await begin();
    await begun.write('abcd');
    await begun.sendAll();
    await begun.setState([2, 4], 'EXHAUSTED');
    await begun.age(40, 'd.ordinal < 3');
    expect(await begun.piece()).toMatchObject({ deliveries: 2 });
    const recoveryId = await begun.recover({ ...range, only_failed: true });
    expect(await begun.sendAll()).toEqual(['4<null']);
    const { endedRecovery } = await begun.worker.visited();
    expect(endedRecovery).toEqual({ recoveryId, doneCount: 1, failedCount: 0, moreMatch: false });
  });

  test('of everything sends all of it again, without a place where none is known', async () => {
    const begun = await begin();
    const ids = await begun.write('ab');
    await begun.sendAll();
    await begun.age(40, 'd.ordinal = 1');
    expect(await begun.piece()).toMatchObject({ deliveries: 1 });
    await begun.recover(range);
    await begun.worker.visited();
    expect(begun.worker.held.map(({ eventId, sequence }) => [eventId, sequence.ordinal])).toEqual([
      [`evt_${ids[0]}`, null],
      [`evt_${ids[1]}`, 2],
    ] as never);
  });

  test('that is under way keeps what it sent and what it has not looked at, until it has come to its end', async () => {
    const begun = await begin();
    await begun.write('abc');
    await begun.sendAll();
    await world().admin.query("update kf.webhook_deliveries set state = 'EXHAUSTED' where subscription_id = $1", [
      begun.subscriptionId,
    ]);
    await begun.age(40);
    const recoveryId = await begun.recover({ ...range, only_failed: true });
    expect(await begun.piece()).toMatchObject({ deliveries: 0 });
    expect(await begun.sendAll()).toEqual(['1<null', '2<null', '3<null']);
    await begun.age(40, "d.lane = 'REPLAY'");
    const { rows } = await world().admin.query('select max(through_seq) as seq from kf.webhook_recovery_progress');
    expect(Number(rows[0]?.seq)).toBeGreaterThan(0);
    // What it is through with may go; what came of it is counted.
    expect(await begun.piece()).toMatchObject({ deliveries: 3 });
    const end = { recoveryId, doneCount: 3, failedCount: 0, moreMatch: false };
    expect((await begun.worker.visited()).endedRecovery).toEqual(end);
    const finish = (status: string, days: number): Promise<unknown> =>
      world().admin.query(
        'update kf.webhook_recoveries set status = $2, finished_at = now() - $3::interval where id = $1',
        [recoveryId, status, `${days} days`],
      );
    await finish('CANCELLED', 1);
    expect(await begun.piece()).toMatchObject({ deliveries: 0 });
    await finish('DONE', 1);
    expect(await begun.piece()).toMatchObject({ deliveries: 3 });
    expect(await begun.history()).toEqual([]);
  });

  test('of one delivery keeps that one; when it is gone already it ends with nothing done', async () => {
    const begun = await begin();
    await begun.write('ab');
    await begun.sendAll();
    await begun.age(40);
    const [first, second] = await world().rows('webhook_deliveries', begun.subscriptionId);
    const replay = { kind: 'REPLAY', expected_count: 1 };
    await begun.recover({ ...replay, delivery_id: second?.['id'] });
    expect(await begun.piece()).toMatchObject({ deliveries: 1 });
    expect(await begun.history()).toEqual(['2 DELIVERED']);
    expect(await begun.sendAll()).toEqual(['2<null']);
    await world().admin.query("update kf.webhook_recoveries set status = 'DONE' where subscription_id = $1", [
      begun.subscriptionId,
    ]);
    const recoveryId = await begun.recover({ ...replay, delivery_id: first?.['id'] });
    const { endedRecovery, claimed } = await begun.worker.visited();
    expect([endedRecovery, claimed]).toEqual([{ recoveryId, doneCount: 0, failedCount: 0, moreMatch: false }, []]);
  });

  test('of a subscription that ended keeps nothing', async () => {
    const begun = await begin();
    await begun.write('ab');
    await begun.sendAll();
    await begun.recover(range);
    await begun.worker.visited();
    await world().decide(begun.subscriptionId, { state: 'DELETED' });
    await begun.worker.visited();
    await begun.age(40);
    expect(await begun.piece()).toMatchObject({ deliveries: 4 });
    expect(await begun.history()).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createSequenceWorld, readReceipt, scopeOf, type SequenceWorld } from '../testing/sequence-world.ts';
import { drainQueue } from './drain-queue.ts';
import { fencedTransaction } from './fenced-transaction.ts';
import { sequenceLimits } from './sequence-limits.ts';
import { enter, lead, type Term, TermEnded } from './term.ts';

setDefaultTimeout(90_000);

let world: SequenceWorld;
beforeAll(async () => {
  world = await createSequenceWorld();
});
afterAll(() => world.close());

const leaderId = Bun.randomUUIDv7();

/** Leads until it is told to stop, once the session of whoever led before has ended. */
async function leader(): Promise<{ readonly term: Term; stop(): void; readonly ended: Promise<boolean> }> {
  for (;;) {
    const began = Promise.withResolvers<Term>();
    const stopping = Promise.withResolvers<void>();
    const ended = lead(world.sequencers, {
      leaderId,
      async work(term) {
        began.resolve(term);
        await stopping.promise;
      },
    });
    const term = await Promise.race([began.promise, ended.then(() => null)]);
    if (term) return { term, stop: stopping.resolve, ended };
    await Bun.sleep(5);
  }
}

const processOf = async ({ connection }: Term): Promise<number> =>
  (await connection.query('select pg_backend_pid() as pid')).rows[0].pid;

describe('one leads', () => {
  test('and nobody beside it; the next term has the next epoch', async () => {
    const first = await leader();
    expect(await lead(world.sequencers, { leaderId, work: async () => undefined })).toBe(false);
    first.stop();
    expect(await first.ended).toBe(true);
    const next = await world.asLeader(async ({ epoch }) => epoch);
    expect(next).toBe(first.term.epoch + 1);
    const { rows } = await world.admin.query('select epoch::int, leader_id from kf.sequencer_terms order by epoch');
    expect(rows.map(({ epoch }) => epoch)).toEqual(rows.map((_, at) => at + 1));
    expect(rows[0].leader_id).toBe(leaderId);
  });

  test('until its session ends, for whatever reason', async () => {
    const first = await leader();
    await world.admin.query('select pg_terminate_backend($1)', [await processOf(first.term)]);
    await world.asLeader(async ({ epoch }) => expect(epoch).toBe(first.term.epoch + 1));
    first.stop();
    await first.ended;
  });

  test('until it has said nothing for a while, as a process that is stopped', async () => {
    const first = await leader();
    const from = performance.now();
    await world.asLeader(async ({ epoch }) => expect(epoch).toBe(first.term.epoch + 1));
    const milliseconds = performance.now() - from;
    expect(milliseconds).toBeGreaterThan(sequenceLimits.leaderSilenceMilliseconds / 2);
    await expect(first.term.connection.query('select 1')).rejects.toThrow();
    first.stop();
    await first.ended;
  });
});

describe('a leader of before', () => {
  test('writes nothing any more, over whichever connection', async () => {
    const scope = scopeOf(60, 1);
    const old = await world.asLeader(async ({ epoch }) => epoch);
    await world.asLeader(async () => undefined);
    await world.write({ scope, events: [1] });
    await world.sequencers.connection(async (connection) => {
      await expect(drainQueue(connection, { epoch: old, readReceipt, distrust: false })).rejects.toBeInstanceOf(
        TermEnded,
      );
    });
    expect(await world.waiting()).toBe(1);
    await world.drain();
    expect(await world.stream(scope)).toHaveLength(1);
  });

  test('that is stopped in the middle of a transaction holds up the next term, which begins behind its end', async () => {
    const scope = scopeOf(61, 1);
    const written = await world.write({ scope, events: [2] });
    const old = await leader();
    const paused = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    // Over a connection of its own, as the part of a sequencer that writes checkpoints.
    const writing = world.sequencers.connection((connection, discard) =>
      fencedTransaction(connection, {
        epoch: old.term.epoch,
        async work(send) {
          await send([
            ...enter(scope),
            {
              text: 'INSERT INTO kf.log_leaves (tenant_id, environment_id, command_receipt_id, leaf_index, leaf_hash) VALUES ($1, $2, $3, 0, sha256($4))',
              values: [scope.tenantId.slice(4), scope.environmentId.slice(4), written[0]?.id, 'x'],
            },
          ]);
          reached.resolve();
          await paused.promise;
        },
      }).finally(discard),
    );
    await reached.promise;
    old.stop();
    await old.ended;
    await expect(world.asLeader(async () => 'began')).rejects.toMatchObject({ code: '55P03' });
    const next = world.asLeader(async ({ epoch }) => epoch);
    paused.resolve();
    // It was still the leader when it began, and nobody had taken over: the next term begins behind its end.
    await writing;
    expect(await next).toBeGreaterThan(old.term.epoch);
    expect(await world.leaves(scope.tenantId)).toHaveLength(1);
  });
});

import { drainQueue, lead } from '@karmanflow/events';
import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole } from '../harness/session.ts';
import { qualified } from '../world/statements.ts';
import { readReceipt, withLogPlace } from './log-place.ts';

export const noFork: Check = attackCheck({
  id: 'log.no-fork',
  claim:
    'One sequencer gives positions at a time; one whose term is over writes nothing, over whatever connection; and the tables have no room for a second leaf or event at a position.',
  mechanism:
    'an advisory lock, an epoch that each writing transaction reads under a shared lock, and unique keys; tried with two leaders, and with an old one that wakes',
  administrator: true,
  cases: [
    'a second leader at the same time',
    'a leader of before, after it woke',
    'a second leaf at an index',
    'a second event at a position',
    'control: the next leaf and position',
  ],
  async run(attack) {
    const { evidence, expect, target, world } = attack;
    await withLogPlace(attack, async (place) => {
      await place.write({ receipts: 2 });
      const old = await place.asLeader(async ({ epoch }) => {
        let isSecondIn = false;
        const second = { leaderId: world.newId(), work: async () => void (isSecondIn = true) };
        const led = await lead(place.sequencers, second);
        evidence.see('a second leader at the same time');
        if (led || isSecondIn) evidence.violation('a second leader at the same time: it leads');
        return epoch;
      });
      // The old leader was stopped before its transaction, and wakes when somebody else leads: its connection still works.
      const end = await place.asLeader(() =>
        place.sequencers.connection((connection) =>
          drainQueue(connection, { epoch: old, readReceipt, distrust: false }).then(
            ({ transactions }) => `it wrote ${transactions} transactions`,
            (error: unknown) => (error instanceof Error ? error.name : String(error)),
          ),
        ),
      );
      evidence.see('a leader of before, after it woke');
      // Where the old one may write, the new one may not, and there is nothing more to try.
      if (end.startsWith('it wrote')) return evidence.violation(`a leader of before, after it woke: ${end}`);
      if (end !== 'TermEnded') evidence.surprise(`a leader of before, after it woke: ${end}`);
      await place.drain();
      const [leaves, events] = [await place.rows('log_leaves', 'leaf_index'), await place.rows('stream_events', 'seq')];
      await asRole(target, 'kf_sequencer', async (session) => {
        await session.enter(place);
        const { tenantId, environmentId } = place;
        const leafAt = (index: number) =>
          session.probe(
            `INSERT INTO ${qualified('log_leaves')} (tenant_id, environment_id, command_receipt_id, leaf_index, leaf_hash) VALUES ($1, $2, $3, $4, sha256('forged'))`,
            [tenantId, environmentId, world.newId(), index],
          );
        const eventAt = (seq: number) =>
          session.probe(
            `INSERT INTO ${qualified('stream_events')} (tenant_id, environment_id, seq, event_id, event_written_in, command_receipt_id) VALUES ($1, $2, $3, $4, '1', $4)`,
            [tenantId, environmentId, seq, world.newId()],
          );
        const where = 'kf_sequencer';
        expect.refused({ caseName: 'a second leaf at an index', where }, await leafAt(leaves.length - 1), '23505');
        expect.refused({ caseName: 'a second event at a position', where }, await eventAt(events.length), '23505');
        expect.allowed({ caseName: 'control: the next leaf and position', where }, await leafAt(leaves.length));
        expect.allowed({ caseName: 'control: the next leaf and position', where }, await eventAt(events.length + 1));
      });
    });
  },
  saboteurs: [
    sabotage(
      { name: 'a new term leaves no trace', mentions: 'a leader of before, after it woke: it wrote' },
      'CREATE FUNCTION kf.forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM kf.sequencer_terms WHERE tenant_id = NEW.tenant_id) > 1 THEN NEW.epoch := -NEW.epoch; END IF; RETURN NEW; END $$',
      'ALTER FUNCTION kf.forget() SECURITY DEFINER',
      'CREATE TRIGGER forget BEFORE INSERT ON kf.sequencer_terms FOR EACH ROW EXECUTE FUNCTION kf.forget()',
    ),
    sabotage(
      { name: 'an index of the log is not unique', mentions: 'a second leaf at an index, kf_sequencer' },
      'ALTER TABLE kf.log_leaves DROP CONSTRAINT log_leaves_leaf_index_key',
    ),
    sabotage(
      { name: 'a position of the stream is not unique', mentions: 'a second event at a position, kf_sequencer' },
      'ALTER TABLE kf.stream_events DROP CONSTRAINT stream_events_pkey',
    ),
  ],
});

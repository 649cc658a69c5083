import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { withLogPlace } from './log-place.ts';

const writersAtOnce = 6;
const transactionsEach = 4;
const receiptsEach = 3;

/** Concurrent transactions, some of which roll back, while the sequencer drains again and again. */
export const gapFree: Check = attackCheck({
  id: 'log.gap-free',
  claim:
    'Every receipt has one leaf of its tenant, counted from 0, and every event one position of its environment, counted from 1, without gaps, however many write at once.',
  mechanism:
    'one fenced sequencer gives positions to what is committed, from the queue that each transaction writes to; tried with concurrent writers',
  administrator: true,
  cases: ['leaves in step', 'positions in step', 'every receipt has a leaf', 'a rolled back transaction leaves none'],
  async run(attack) {
    const { evidence } = attack;
    await withLogPlace(attack, async ({ write, drain, rows }) => {
      const written: string[] = [];
      const one = async (): Promise<void> => {
        for (let count = 0; count < transactionsEach; count += 1)
          written.push(...(await write({ receipts: receiptsEach })));
      };
      const failing = write({ before: () => Promise.reject(new Error('rolled back')) }).catch(() => []);
      const working = Promise.all([failing, ...Array.from({ length: writersAtOnce }, one)]);
      // Rounds between the transactions, so that batches begin and end in the middle of things.
      for (let round = 0; round < 3; round += 1) await drain();
      await working;
      await drain();
      const [leaves, events] = [await rows('log_leaves', 'leaf_index'), await rows('stream_events', 'seq')];
      const misplaced = (list: readonly Record<string, unknown>[], column: string, first: number): number =>
        list.findIndex((row, at) => Number(row[column]) !== first + at);
      evidence.see('leaves in step', leaves.length);
      evidence.see('positions in step', events.length);
      const [leaf, seq] = [misplaced(leaves, 'leaf_index', 0), misplaced(events, 'seq', 1)];
      if (leaf >= 0) evidence.violation(`leaves in step: leaf ${leaf} is missing or repeated`);
      if (seq >= 0) evidence.violation(`positions in step: position ${seq + 1} is missing or repeated`);
      const logged = new Set(leaves.map((row) => row['command_receipt_id']));
      for (const id of written) {
        evidence.see('every receipt has a leaf');
        if (!logged.has(id)) evidence.violation(`every receipt has a leaf: ${id} has none`);
      }
      evidence.see('a rolled back transaction leaves none');
      if (leaves.length > written.length) {
        evidence.violation(`a rolled back transaction leaves none: ${leaves.length} leaves of ${written.length}`);
      }
    });
  },
  saboteurs: [
    sabotage(
      { name: 'a position is lost on its way', mentions: 'positions in step: position 5 is missing' },
      ...swallow('stream_events', 'NEW.seq = 5'),
    ),
    sabotage(
      { name: 'a leaf is lost on its way', mentions: 'leaves in step: leaf 7 is missing' },
      ...swallow('log_leaves', 'NEW.leaf_index = 7'),
    ),
    sabotage(
      { name: 'a transaction forgets the queue', mentions: 'every receipt has a leaf:' },
      ...swallow('log_pending', 'cardinality(NEW.receipt_ids) = 3'),
    ),
  ],
});

/** A trigger that lets a row vanish, as a careless statement would. */
export function swallow(table: string, condition: string): string[] {
  return [
    `CREATE FUNCTION kf.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF ${condition} THEN RETURN NULL; END IF; RETURN NEW; END $$`,
    `CREATE TRIGGER swallow BEFORE INSERT ON kf.${table} FOR EACH ROW EXECUTE FUNCTION kf.swallow()`,
  ];
}

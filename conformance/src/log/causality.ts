import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { type LogPlace, withLogPlace } from './log-place.ts';

/**
 * The inversion under READ COMMITTED that ordering by transaction id falls for: A draws its id, B commits a cause, A reads it
 * and commits the effect, while a transaction of somebody else stays open.
 */
async function invert(
  place: LogPlace,
  drainsBetween: boolean,
): Promise<{ readonly cause: string; readonly effect: string }> {
  let cause = '';
  const unrelated = Promise.withResolvers<void>();
  const isOpen = Promise.withResolvers<void>();
  const staying = place.writers.connection(async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT pg_current_xact_id()');
    isOpen.resolve();
    await unrelated.promise;
    await client.query('ROLLBACK');
  });
  await isOpen.promise;
  const [effect = ''] = await place.write({
    before: async () => {
      [cause = ''] = await place.write();
      if (drainsBetween) await place.drain();
    },
  });
  await place.drain();
  unrelated.resolve();
  await staying;
  await place.drain();
  return { cause, effect };
}

export const causality: Check = attackCheck({
  id: 'log.causality',
  claim:
    'Whoever saw an effect sees its cause before it: in the stream, and in the log, also when the effect drew its transaction id first.',
  mechanism:
    'the row of the queue is the last that a transaction writes, and the queue is taken in the order of its rows as one snapshot shows it; tried with the inversion under READ COMMITTED',
  administrator: true,
  cases: ['in one round', 'with a round between', 'control: the effect has the lower transaction id'],
  async run(attack) {
    const { evidence } = attack;
    await withLogPlace(attack, async (place) => {
      for (const [caseName, drainsBetween] of [
        ['in one round', false],
        ['with a round between', true],
      ] as const) {
        const { cause, effect } = await invert(place, drainsBetween);
        for (const [table, order] of [
          ['stream_events', 'seq'],
          ['log_leaves', 'leaf_index'],
        ] as const) {
          const receipts = (await place.rows(table, order)).map((row) => row['command_receipt_id']);
          const [causeAt, effectAt] = [receipts.indexOf(cause), receipts.indexOf(effect)];
          evidence.see(caseName, receipts.length);
          if (causeAt < 0 || effectAt < causeAt) {
            evidence.violation(
              `${caseName}: in ${table} the effect stands at ${effectAt}, and its cause at ${causeAt}`,
            );
          }
        }
        await confirm(attack, { cause, effect });
      }
    });
  },
  saboteurs: [
    sabotage(
      {
        name: 'the queue is ordered by transaction id',
        mentions: 'in one round: in stream_events the effect stands at 0',
      },
      'CREATE FUNCTION kf.by_transaction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.position := pg_current_xact_id()::text::bigint; RETURN NEW; END $$',
      'CREATE TRIGGER by_transaction BEFORE INSERT ON kf.log_pending FOR EACH ROW EXECUTE FUNCTION kf.by_transaction()',
    ),
  ],
});

/** Without the inversion there would be nothing to see. */
async function confirm(
  { target, evidence }: Parameters<Parameters<typeof attackCheck>[0]['run']>[0],
  pair: { readonly cause: string; readonly effect: string },
): Promise<void> {
  const { rows } = await target.asAdmin((admin) =>
    admin.query(
      'SELECT e.written_in < c.written_in AS inverted FROM kf.command_receipts e, kf.command_receipts c WHERE e.id = $1 AND c.id = $2',
      [pair.effect, pair.cause],
    ),
  );
  evidence.see('control: the effect has the lower transaction id', rows.length);
  if (rows[0]?.inverted !== true) evidence.violation('control: the effect has the lower transaction id: it has not');
}

import { withClient } from '@karmanflow/schema/testing';

const tickMilliseconds = 10;
/** As many commands as share a transaction of ours. */
const transactionMax = 256;

/**
 * Writes what commands leave behind at a steady rate: for each a receipt and its event, copied from the newest of the database
 * under new ids, and the queue's row of each transaction. It shows what the sequencer keeps up with where the API of this machine
 * makes fewer. Nothing that it writes is signed for. Resolves with the rate that was reached, in receipts a second.
 */
export async function writeAtRate(options: {
  readonly adminUrl: string;
  readonly perSecond: number;
  readonly milliseconds: number;
}): Promise<number> {
  const { adminUrl, perSecond, milliseconds } = options;
  return withClient(adminUrl, async (admin) => {
    await admin.query(templateStatement);
    const startedAt = performance.now();
    let written = 0;
    for (let elapsed = 0; elapsed < milliseconds; elapsed = performance.now() - startedAt) {
      const due = Math.min(Math.floor((elapsed * perSecond) / 1_000) - written, transactionMax);
      if (due > 0) await admin.query({ name: 'pace', text: writeStatement, values: [due] });
      written += Math.max(0, due);
      if (due < transactionMax) await Bun.sleep(tickMilliseconds);
    }
    return (written / (performance.now() - startedAt)) * 1_000;
  });
}

const templateStatement = `
  create temporary table pace_template as
  select r as receipt, e as event, convert_from(r.body, 'UTF8') as receipt_text, convert_from(e.body, 'UTF8') as event_text
  from kf.domain_events as e join kf.command_receipts as r
    on r.tenant_id = e.tenant_id and r.environment_id = e.environment_id and r.id = e.receipt_id
  where r.command_type = 'reservation.create'
  order by r.id desc limit 1`;

/** One transaction: receipts and events with new ids in their columns and in their bytes, and what the sequencer finds them by. */
const writeStatement = `
  with made as materialized (
    select t.receipt, t.event, uuidv7() as receipt_id, uuidv7() as event_id, t.receipt_text, t.event_text,
      (t.receipt).id::text as old_receipt, (t.event).id::text as old_event
    from generate_series(1, $1) cross join pace_template as t
  ), receipts as (
    insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, payload_hash, body, hash,
      signature, key_id, response, correlation_id, completed_at)
    select (receipt).tenant_id, (receipt).environment_id, receipt_id, (receipt).command_type, (receipt).status,
      (receipt).actor_id, (receipt).payload_hash,
      convert_to(replace(replace(receipt_text, old_receipt, receipt_id::text), old_event, event_id::text), 'UTF8'),
      (receipt).hash, (receipt).signature, (receipt).key_id, (receipt).response, (receipt).correlation_id, now()
    from made
  ), events as (
    insert into kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
    select (event).tenant_id, (event).environment_id, event_id, (event).type,
      convert_to(replace(replace(event_text, old_receipt, receipt_id::text), old_event, event_id::text), 'UTF8'),
      (event).hash, receipt_id
    from made
  )
  insert into kf.log_pending (tenant_id, environment_id, receipt_ids)
  select (receipt).tenant_id, (receipt).environment_id, array_agg(receipt_id) from made group by 1, 2`;

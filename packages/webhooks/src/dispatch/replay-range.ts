import type { Statement } from '@karmanflow/events';
import { type Row, schemaName } from '@karmanflow/schema';
import type { AdmittedEvent, NumberedEvent } from './admit-page.ts';
import { type ScopePair, within } from './row-statements.ts';

/** A recovery that runs, with how far it has come, and what has become of what it sent. */
export interface RunningRecovery extends Row<'webhook_recoveries'> {
  readonly through_seq: number | null;
  readonly admitted_count: number | null;
  readonly open: number;
  readonly delivered: number;
  readonly failed: number;
}

/** The oldest recovery of a subscription that runs; the others wait for it. */
export function selectRecovery(pair: ScopePair, subscriptionId: string): Statement {
  const counts =
    `SELECT count(*) FILTER (WHERE d.ended_at IS NULL) AS open, count(*) FILTER (WHERE d.state = 'DELIVERED') AS delivered,` +
    ` count(*) FILTER (WHERE d.ended_at IS NOT NULL AND d.state <> 'DELIVERED') AS failed` +
    ` FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.subscription_id = $3 AND d.origin_id = r.id`;
  return {
    name: 'webhook_recovery',
    text:
      'SELECT r.*, p.through_seq, p.admitted_count, c.open, c.delivered, c.failed' +
      ` FROM ${schemaName}.webhook_recoveries r LEFT JOIN ${schemaName}.webhook_recovery_progress p` +
      ` ON ${within('p')} AND p.recovery_id = r.id CROSS JOIN LATERAL (${counts}) AS c` +
      ` WHERE ${within('r')} AND r.subscription_id = $3 AND r.status = 'RUNNING' ORDER BY r.id LIMIT 1`,
    values: [...pair, subscriptionId],
  };
}

/** Where a recovery goes on, and up to where: what the subscription has not come to will be sent anyway. */
export function recoveryRange(
  recovery: RunningRecovery,
  admittedSeq: number,
): { readonly afterSeq: number; readonly throughSeq: number } | null {
  const { from_seq: fromSeq, to_seq: toSeq } = recovery;
  if (fromSeq === null || toSeq === null) return null;
  const afterSeq = recovery.through_seq ?? fromSeq - 1;
  const throughSeq = Math.min(toSeq, admittedSeq);
  return afterSeq < throughSeq ? { afterSeq, throughSeq } : null;
}

/** A delivery of the stream that a recovery may send again. */
export interface EarlierDelivery {
  readonly seq: number;
  readonly generation: number;
  readonly ordinal: number | null;
  readonly previous_ordinal: number | null;
  readonly state: string;
  readonly ended_at: string | null;
}

/** What became of positions in every generation so far. */
export function selectEarlier(
  pair: ScopePair,
  wanted: { readonly subscriptionId: string; readonly generation: number; readonly seqs: readonly number[] },
): Statement {
  return {
    name: 'webhook_earlier',
    text:
      'SELECT d.seq, d.generation, d.ordinal, d.previous_ordinal, d.state, d.ended_at' +
      ` FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.subscription_id = $3 AND d.origin_id = $3` +
      ' AND d.generation = ANY($4::integer[]) AND d.seq = ANY($5::bigint[]) ORDER BY d.seq, d.generation',
    values: [...pair, wanted.subscriptionId, Array.from({ length: wanted.generation }, (_, at) => at + 1), wanted.seqs],
  };
}

/**
 * Which events of a page a recovery sends again, each with the place that it had. What is still on its way is left to that;
 * of the failed only: what was given up or dropped and never delivered, as far as the history goes. Of what is older nobody
 * knows whether it arrived, so it is sent by a recovery of everything alone, without a place.
 */
export function replaysOf(
  events: readonly AdmittedEvent[],
  options: {
    readonly earlier: readonly EarlierDelivery[];
    readonly onlyFailed: boolean;
    readonly generation: number;
    readonly room: number;
  },
): readonly NumberedEvent[] {
  const bySeq = Map.groupBy(options.earlier, ({ seq }) => seq);
  const replays = events.flatMap((event): NumberedEvent[] => {
    const before = bySeq.get(event.seq) ?? [];
    if (before.some(({ ended_at: endedAt }) => endedAt === null)) return [];
    const isFailed = before.length > 0 && before.every(({ state }) => state !== 'DELIVERED');
    if (options.onlyFailed && !isFailed) return [];
    const last = before.findLast(({ ordinal }) => ordinal !== null);
    const place = { generation: last?.generation ?? options.generation, ordinal: last?.ordinal ?? null };
    return [{ ...event, ...place, previous: last?.previous_ordinal ?? null }];
  });
  return replays.slice(0, options.room);
}

/** The one delivery that a person asked to have again, as a position of the stream and the place that it had. */
export function selectOriginal(pair: ScopePair, deliveryId: string): Statement {
  return {
    name: 'webhook_original',
    text:
      'SELECT d.seq, d.generation, d.ordinal, d.previous_ordinal, d.state, d.ended_at' +
      ` FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.id = $3`,
    values: [...pair, deliveryId],
  };
}

export function upsertProgress(
  pair: ScopePair,
  progress: {
    readonly recoveryId: string;
    readonly throughSeq: number;
    readonly admittedCount: number;
    readonly isNew: boolean;
  },
): Statement {
  const values = [...pair, progress.recoveryId, progress.throughSeq, progress.admittedCount];
  const columns = '(tenant_id, environment_id, recovery_id, through_seq, admitted_count)';
  if (progress.isNew)
    return {
      text: `INSERT INTO ${schemaName}.webhook_recovery_progress ${columns} VALUES ($1, $2, $3, $4, $5)`,
      values,
    };
  return {
    text: `UPDATE ${schemaName}.webhook_recovery_progress p SET through_seq = $4, admitted_count = $5 WHERE ${within('p')} AND p.recovery_id = $3`,
    values,
  };
}

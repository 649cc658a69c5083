import { withClient } from '@karmanflow/schema/testing';

/** Milliseconds from the commit of a command to the commit that made it readable, over a number of events. */
export interface Lag {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface SequencerLag {
  /** Until an event has its place in the stream. */
  readonly inSequence: Lag;
  /** Until a receipt is under a published checkpoint. */
  readonly provable: Lag;
}

const percentiles =
  'count(*)::int as count, percentile_disc(array[0.5, 0.99, 1]) within group (order by milliseconds) as lags';
const between = (from: string, to: string): string =>
  `extract(epoch from pg_xact_commit_timestamp(${to}.xmin) - pg_xact_commit_timestamp(${from}.xmin)) * 1000`;

/**
 * How late events and receipts were, from what Postgres itself noted of each commit (`track_commit_timestamp`), so that
 * nothing is asked while the load runs. Everything that was committed since `since` (a time of Postgres) is counted.
 */
export async function sequencerLag(options: {
  readonly adminUrl: string;
  readonly since: string;
}): Promise<SequencerLag> {
  return withClient(options.adminUrl, async (admin) => {
    const read = async (lags: string): Promise<Lag> => {
      const { rows } = await admin.query<{ count: number; lags: readonly string[] | null }>(
        `select ${percentiles} from (${lags}) as lag`,
        [options.since],
      );
      const [p50 = 0, p99 = 0, max = 0] = (rows[0]?.lags ?? []).map(Number);
      return { count: rows[0]?.count ?? 0, p50, p99, max };
    };
    const inSequence = await read(`
      select ${between('e', 's')} as milliseconds
      from kf.stream_events as s join kf.domain_events as e
        on e.tenant_id = s.tenant_id and e.environment_id = s.environment_id and e.id = s.event_id
      where pg_xact_commit_timestamp(e.xmin) >= $1::timestamptz`);
    const provable = await read(`
      select ${between('r', 'c')} as milliseconds
      from kf.log_leaves as l join kf.command_receipts as r
        on r.tenant_id = l.tenant_id and r.environment_id = l.environment_id and r.id = l.command_receipt_id
      cross join lateral (select c.xmin from kf.log_checkpoints as c
        where c.tenant_id = l.tenant_id and c.tree_size > l.leaf_index order by c.tree_size limit 1) as c
      where pg_xact_commit_timestamp(r.xmin) >= $1::timestamptz`);
    return { inSequence, provable };
  });
}

/** Resolves when nothing waits for its place any more. Throws after a minute. */
export async function drained(adminUrl: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  await withClient(adminUrl, async (admin) => {
    for (;;) {
      const { rows } = await admin.query<{ waits: boolean }>(
        `select exists (select from kf.log_pending) or exists (select from kf.log_leaves as l
          where l.leaf_index >= coalesce((select max(c.tree_size) from kf.log_checkpoints as c where c.tenant_id = l.tenant_id), 0)) as waits`,
      );
      if (rows[0]?.waits !== true) return;
      if (performance.now() > deadline) throw new Error('the sequencer does not keep up');
      await Bun.sleep(100);
    }
  });
}

export async function databaseNow(adminUrl: string): Promise<string> {
  return withClient(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ now: string }>('select clock_timestamp()::text as now');
    return rows[0]?.now ?? '';
  });
}

/** What is wrong with the positions that were given: one for each receipt and each event, without gaps. */
export async function wrongPositions(
  adminUrl: string,
): Promise<{ readonly leaves: number; readonly problems: readonly string[] }> {
  return withClient(adminUrl, async (admin) => {
    const { rows } = await admin.query<Record<'leaves' | 'receipts' | 'events' | 'stream' | 'gaps', number>>(`
      select (select count(*)::int from kf.log_leaves) as leaves,
        (select count(*)::int from kf.command_receipts) as receipts,
        (select count(*)::int from kf.domain_events) as events,
        (select count(*)::int from kf.stream_events) as stream,
        (select count(*)::int from (select max(seq) - count(*) as missing from kf.stream_events group by tenant_id, environment_id
          union all select max(leaf_index) + 1 - count(*) from kf.log_leaves group by tenant_id) as m where missing <> 0) as gaps`);
    const { leaves = 0, receipts = 0, events = 0, stream = 0, gaps = 0 } = rows[0] ?? {};
    const problems: string[] = [];
    if (leaves !== receipts) problems.push(`${receipts} receipts have ${leaves} leaves`);
    if (stream !== events) problems.push(`${events} events have ${stream} positions`);
    if (gaps !== 0) problems.push(`${gaps} streams or logs have gaps`);
    return { leaves, problems };
  });
}

import pg from 'pg';
import { continueBackend, stopBackend } from '../postgres/index.ts';
import { waitUntil } from '../postgres/process-table.ts';
import type { Trap } from './database-proxy.ts';
import { type FaultKind, faultKinds, type PlannedFault } from './fault-schedule.ts';
import type { HistoryLog } from './history.ts';
import type { System } from './system.ts';

/** Per kind: how often it was done, and how often it caught work under way. */
export type FaultCounts = ReadonlyMap<FaultKind, { readonly fired: number; readonly hit: number }>;

export interface Nemesis {
  counts(): FaultCounts;
  /** Resolves when the schedule has been carried out. Throws when the system did not come back. */
  readonly done: Promise<void>;
  /** Lets every backend go on that still stands still. */
  heal(): Promise<void>;
}

export interface NemesisOptions {
  readonly system: System;
  readonly schedule: readonly PlannedFault[];
  /** When this is over and every kind has caught work under way, the rest of the schedule is left out. */
  readonly durationMilliseconds: number;
  readonly history: HistoryLog;
  /** Requests that clients wait for. */
  readonly inFlight: () => number;
}

interface Blow {
  readonly fired: boolean;
  readonly hit: boolean;
  readonly detail: string;
}

const trapMilliseconds = 4_000;
const huntMilliseconds = 4_000;
const missed: Blow = { fired: false, hit: false, detail: 'nothing to hit came by in time' };

/** Carries out the schedule, one fault after the other; only a backend that stands still overlaps with the next ones. */
export function startNemesis(options: NemesisOptions): Nemesis {
  const { system, history } = options;
  const counts = new Map(faultKinds.map((kind) => [kind, { fired: 0, hit: 0 }]));
  const startedAt = performance.now();
  const stopped = new Map<number, Promise<void>>();
  const healing = new AbortController();

  const strike: Readonly<Record<FaultKind, (fault: PlannedFault) => Promise<Blow>>> = {
    api_killed: async ({ aim }) => {
      // Aimed, it dies when its transaction is committed and it does not know yet: nobody can tell its clients.
      const seen = aim === 'commit' ? await system.consoleApiProxy.spring('withhold', trapMilliseconds) : false;
      const waiting = options.inFlight();
      await system.consoleApi.kill();
      await system.consoleApi.start();
      return {
        fired: true,
        hit: seen || waiting > 0,
        detail: `${waiting} requests in flight, committed unanswered: ${seen}`,
      };
    },
    postgres_killed: async ({ aim }) => {
      const seen = aim === 'commit' ? await system.consoleApiProxy.spring('watch', trapMilliseconds) : false;
      const writing = system.consoleApiProxy.writing() + system.workerProxy.writing();
      const waiting = options.inFlight();
      await system.postgres.kill();
      await system.postgres.start();
      const hit = seen || writing > 0 || waiting > 0;
      return {
        fired: true,
        hit,
        detail: `${writing} transactions and ${waiting} requests in flight, commit seen: ${seen}`,
      };
    },
    backend_stopped: (fault) => hunt((client) => stopWriter(client, fault.durationMilliseconds)),
    backend_terminated: () => hunt(terminateWriter),
    commit_answer_lost: () => trapped('lose_answer'),
    commit_cut: () => trapped('cut'),
    transaction_reset: () => trapped('reset'),
    worker_killed: async () => {
      const seen = await system.workerProxy.spring('watch', trapMilliseconds * 2);
      await system.worker.kill();
      await system.worker.start();
      return { fired: true, hit: seen, detail: `commit seen: ${seen}` };
    },
  };

  async function trapped(trap: Trap): Promise<Blow> {
    const sprung = await system.consoleApiProxy.spring(trap, trapMilliseconds);
    return sprung ? { fired: true, hit: true, detail: trap } : missed;
  }

  /** Tries again and again, as superuser beside the proxies, until `attempt` has caught a backend in a transaction. */
  async function hunt(attempt: (client: pg.Client) => Promise<Blow | null>): Promise<Blow> {
    const client = new pg.Client({
      connectionString: system.postgres.adminUrl,
      connectionTimeoutMillis: huntMilliseconds,
      query_timeout: huntMilliseconds,
    });
    client.on('error', () => undefined);
    const deadline = performance.now() + huntMilliseconds;
    try {
      await client.connect();
      while (performance.now() < deadline) {
        const blow = await attempt(client);
        if (blow) return blow;
      }
    } catch (error) {
      // A backend that stands still may hold a lock that this connection needs as well.
      return { ...missed, detail: String(error) };
    } finally {
      void client.end().catch(() => undefined);
    }
    return missed;
  }

  async function stopWriter(client: pg.Client, durationMilliseconds: number): Promise<Blow | null> {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where ${writerCondition} order by random() limit 1`,
    );
    const processId = rows[0]?.pid;
    if (processId === undefined || stopped.has(processId)) return null;
    const missing = new AbortController();
    // Set up before it stops: whatever goes wrong from here on, it goes on again.
    stopped.set(processId, goOnAfter(processId, { durationMilliseconds, missing: missing.signal }));
    await stopBackend(processId);
    // Its entry does not change while it stands still: it tells whether the signal came in time.
    const after = await client.query(`select from pg_stat_activity where pid = $1 and ${writerCondition}`, [processId]);
    if (after.rowCount !== 0) return { fired: true, hit: true, detail: `for ${durationMilliseconds} ms` };
    missing.abort();
    await stopped.get(processId);
    stopped.delete(processId);
    return null;
  }

  async function goOnAfter(
    processId: number,
    wait: { durationMilliseconds: number; missing: AbortSignal },
  ): Promise<void> {
    const until = performance.now() + wait.durationMilliseconds;
    const isOver = (): boolean => healing.signal.aborted || wait.missing.aborted || performance.now() > until;
    await waitUntil(isOver, wait.durationMilliseconds / 1000 + 1);
    // Postgres may have been killed meanwhile, and the backend with it.
    await continueBackend(processId).catch(() => undefined);
  }

  async function carryOut(): Promise<void> {
    for (const fault of options.schedule) {
      const elapsedMilliseconds = performance.now() - startedAt;
      const isComplete = [...counts.values()].every(({ hit }) => hit > 0);
      if (isComplete && elapsedMilliseconds > options.durationMilliseconds) return;
      const wait = fault.atMilliseconds - elapsedMilliseconds;
      if (wait > 0) await Bun.sleep(wait);
      const struckAt = performance.now();
      const { fired, hit, detail } = await strike[fault.kind](fault);
      const count = counts.get(fault.kind);
      if (count && fired) count.fired += 1;
      if (count && hit) count.hit += 1;
      const tookMilliseconds = Math.round(performance.now() - struckAt);
      history.append({ type: 'fault', kind: fault.kind, fired, hit, detail, tookMilliseconds });
    }
  }

  return {
    counts: () => counts,
    done: carryOut(),
    async heal() {
      healing.abort();
      await Promise.all(stopped.values());
    },
  };
}

/** Backends of ours inside a transaction that has an id, which it gets with its first write. */
const writerCondition = "usename in ('kf_command', 'kf_worker') and backend_xid is not null and state is not null";

async function terminateWriter(client: pg.Client): Promise<Blow | null> {
  const { rowCount } = await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where ${writerCondition} limit 1`,
  );
  return rowCount === 0 ? null : { fired: true, hit: true, detail: 'inside a transaction' };
}

import pg from 'pg';
import { waitUntil } from '../postgres/process-table.ts';
import type { ApiClient } from './api-client.ts';
import type { HistoryLog } from './history.ts';
import type { Intention } from './intention.ts';
import { keyOf } from './load.ts';

export interface Settlement {
  readonly resolved: number;
  /** Intentions whose end could not be learnt in time. */
  readonly open: readonly string[];
}

const resolveSeconds = 30;
const parallelMax = 16;
const pauseMilliseconds = 50;
/** Numbers of requests in the history go on far behind those of the load. */
const firstRequest = 1_000_000_000;

/** Sends everything whose end is not known again, unchanged and under its key, until it is known. */
export async function settleUnknown(options: {
  readonly intentions: readonly Intention[];
  readonly api: ApiClient;
  readonly apiKey: string;
  readonly history: HistoryLog;
}): Promise<Settlement> {
  const { api, history } = options;
  const queue = [...options.intentions];
  const open: string[] = [];
  const deadline = performance.now() + resolveSeconds * 1000;
  let requests = firstRequest;
  let resolved = 0;

  async function settle(intention: Intention): Promise<boolean> {
    while (performance.now() < deadline) {
      const request = (requests += 1);
      const { name, command, key, reference, body } = intention;
      history.append({ type: 'invoke', request, intention: name, command, key, reference, body });
      const outcome = await api.send({
        command,
        key,
        body,
        apiKey: keyOf(intention, options.apiKey),
        patienceMilliseconds: null,
      });
      history.append({ type: 'complete', request, outcome });
      if (outcome.kind === 'receipt' || outcome.kind === 'rejected') return true;
      await Bun.sleep(pauseMilliseconds);
    }
    return false;
  }

  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (await settle(next)) resolved += 1;
      else open.push(next.name);
    }
  }

  await Promise.all(Array.from({ length: parallelMax }, work));
  return { resolved, open };
}

/** Waits until the worker has ended every hold whose time is over. False when some were still active at the deadline. */
export async function expiriesDrained(options: { adminUrl: string; deadlineSeconds: number }): Promise<boolean> {
  const client = new pg.Client({ connectionString: options.adminUrl });
  await client.connect();
  try {
    // Holds shorter than the longest short one may still run: look at what ends within that time as well.
    return await waitUntil(async () => {
      const { rowCount } = await client.query(
        "select from kf.reservations where status = 'ACTIVE' and expires_at < clock_timestamp() + interval '4 seconds' limit 1",
      );
      return rowCount === 0;
    }, options.deadlineSeconds);
  } finally {
    await client.end();
  }
}

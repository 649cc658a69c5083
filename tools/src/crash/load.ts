import type { ApiClient } from './api-client.ts';
import type { CommandOutcome, HistoryLog } from './history.ts';
import { type Catalogue, type Intention, intentionsOf } from './intention.ts';
import { plannedOperation, plannedPatienceMilliseconds } from './planned-operation.ts';

export interface LoadOptions {
  readonly seed: number;
  readonly clients: number;
  readonly api: ApiClient;
  readonly apiKey: string;
  readonly catalogue: Catalogue;
  readonly history: HistoryLog;
  /** Least time between the starts of two operations of one client; 0 for no pause. */
  readonly intervalMilliseconds: number;
}

export type LoadCounts = Readonly<Record<CommandOutcome['kind'] | 'read', number>>;

export interface Load {
  /** Requests without an answer so far. */
  inFlight(): number;
  counts(): LoadCounts;
  /** Ends every client after the operation at which it is, and returns what is not known to have ended. */
  stop(): Promise<readonly Intention[]>;
}

const readinessPollMilliseconds = 50;
/** Before a request that had no end is sent again: an answer that says so comes fast. */
const retryPauseMilliseconds = 100;

/**
 * Clients that work one operation after the other, each as its plan says. What a client sends depends on the seed, its
 * number and the ids that it was given; a request without an answer is sent again at once or left for later.
 */
export function startLoad(options: LoadOptions): Load {
  const { api, history } = options;
  const counts = { receipt: 0, rejected: 0, nothing_done: 0, unknown: 0, read: 0 };
  const unresolved: Intention[] = [];
  let requests = 0;
  let inFlight = 0;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function send(intention: Intention, patienceMilliseconds: number | null): Promise<CommandOutcome> {
    const request = (requests += 1);
    const { name, command, key, reference, body } = intention;
    inFlight += 1;
    history.append({ type: 'invoke', request, intention: name, command, key, reference, body });
    const apiKey = keyOf(intention, options.apiKey);
    const outcome = await api.send({ command, key, body, apiKey, patienceMilliseconds });
    history.append({ type: 'complete', request, outcome });
    inFlight -= 1;
    counts[outcome.kind] += 1;
    return outcome;
  }

  /** Sends it, several times at once if asked to, and again at once after an unknown end if it is one of those. */
  async function pursue(
    intention: Intention,
    way: { copies: number; triesAgain: boolean; patienceMilliseconds: number | null },
  ): Promise<CommandOutcome | null> {
    for (let attempt = 0; attempt < (way.triesAgain ? 3 : 1); attempt += 1) {
      const outcomes = await Promise.all(
        Array.from({ length: way.copies }, () => send(intention, way.patienceMilliseconds)),
      );
      const known = outcomes.find(({ kind }) => kind === 'receipt' || kind === 'rejected');
      if (known) return known;
      await Bun.sleep(retryPauseMilliseconds);
      await ready();
      if (signal.aborted) break;
    }
    unresolved.push(intention);
    return null;
  }

  /** An API that is down refuses faster than it starts: clients wait instead of filling the history with that. */
  async function ready(): Promise<void> {
    while (!signal.aborted && !(await api.isReady())) await Bun.sleep(readinessPollMilliseconds);
  }

  /** What was acknowledged must be there for its own client at once. */
  async function readBack(intention: Intention, data: AcknowledgedReservation): Promise<void> {
    const { reservationId } = data;
    const request = (requests += 1);
    const reference = intention.command === 'reservation.create' ? intention.reference : null;
    history.append({ type: 'read', request, reservationId, versionAcknowledged: data.version, reference });
    const outcome = await api.readReservation({ reservationId, apiKey: options.apiKey });
    history.append({ type: 'read_complete', request, outcome });
    counts.read += 1;
  }

  async function runClient(client: number): Promise<void> {
    const reservationIds: string[] = [];
    for (let position = 0; !signal.aborted; position += 1) {
      const startedAt = performance.now();
      const place = { seed: options.seed, client, position };
      const operation = plannedOperation(place);
      const patienceMilliseconds = plannedPatienceMilliseconds(place);
      const name = `crash-${options.seed}-c${client}-${position}`;
      const intentions = intentionsOf(operation, { name, catalogue: options.catalogue, reservationIds });
      const copies = operation.kind === 'reserve' ? operation.copies : 1;
      for (const intention of intentions) {
        const outcome = await pursue(intention, { copies, triesAgain: position % 2 === 0, patienceMilliseconds });
        // The second use of a key is only wrong while the first is known to have used it.
        if (outcome?.kind !== 'receipt') break;
        const data = acknowledgedReservation(outcome);
        if (data === null) continue;
        if (intention.command === 'reservation.create') reservationIds.push(data.reservationId);
        if (position % 3 === 0) await readBack(intention, data);
      }
      const pause = startedAt + options.intervalMilliseconds - performance.now();
      if (pause > 0 && !signal.aborted) await Bun.sleep(pause);
    }
  }

  const finished = Promise.all(Array.from({ length: options.clients }, (_, client) => runClient(client)));
  // Whoever stops the load hears of an error; until then it must not end the process, which has others to end first.
  finished.catch(() => undefined);
  return {
    inFlight: () => inFlight,
    counts: () => ({ ...counts }),
    async stop() {
      stopping.abort();
      await finished;
      return unresolved;
    },
  };
}

/** A key of the right form that belongs to nobody: the true one with another secret. */
export function keyOf(intention: Intention, apiKey: string): string {
  if (intention.isAuthentic) return apiKey;
  const secretAt = apiKey.length - 43;
  return apiKey.slice(0, secretAt) + 'A'.repeat(43);
}

interface AcknowledgedReservation {
  readonly reservationId: string;
  readonly version: number;
}

function acknowledgedReservation(outcome: CommandOutcome): AcknowledgedReservation | null {
  if (outcome.kind !== 'receipt' || outcome.status !== 'SUCCEEDED' || outcome.data === null) return null;
  // Canonical JSON, which the API client made from what it had parsed.
  const data = JSON.parse(outcome.data) as { reservationId?: unknown; version?: unknown };
  if (typeof data.reservationId !== 'string' || typeof data.version !== 'number') return null;
  return { reservationId: data.reservationId, version: data.version };
}

import { seededRandom } from './seeded-random.ts';

/** Everything that this test does to the system while it works. */
export const faultKinds = [
  /** SIGKILL of the console-api; it is started again. */
  'api_killed',
  /** SIGKILL of the postmaster and of every backend; it is started again. */
  'postgres_killed',
  /** SIGSTOP of a backend inside a transaction, and SIGCONT later. */
  'backend_stopped',
  /** The COMMIT took effect; its answer never reaches the console-api. */
  'commit_answer_lost',
  /** The connection is reset right behind the COMMIT: it may or may not take effect. */
  'commit_cut',
  /** The connection is reset when everything is written and the COMMIT is about to be sent. */
  'transaction_reset',
  /** pg_terminate_backend of a backend inside a transaction. */
  'backend_terminated',
  /** SIGKILL of the worker while it expires a hold; it is started again. */
  'worker_killed',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  /** From the start of the load. A fault whose forerunner still recovers begins later. */
  readonly atMilliseconds: number;
  readonly kind: FaultKind;
  /** For kills of the console-api and of Postgres: while a COMMIT is on its way, or whenever it comes. */
  readonly aim: 'commit' | 'any';
  /** How long a backend stands still. */
  readonly durationMilliseconds: number;
}

const gapMilliseconds = { first: 200, last: 1_100 } as const;
const roundsMin = 3;

/**
 * The faults of a run, in order. They come in rounds of all kinds, shuffled. There are some rounds more than the duration
 * has room for, in which a kind that found nothing to hit gets another chance. Follows from the seed and duration alone.
 */
export function faultSchedule(options: { seed: number; durationMilliseconds: number }): PlannedFault[] {
  const random = seededRandom(options.seed, 'faults');
  const faults: PlannedFault[] = [];
  let atMilliseconds = 1_000;
  for (let round = 1; round <= roundsMin || atMilliseconds < options.durationMilliseconds; round += 1) {
    for (const kind of random.shuffled(faultKinds)) {
      atMilliseconds += random.between(gapMilliseconds.first, gapMilliseconds.last);
      // Now and then longer than the lock timeout (4 s) and the time that a client waits for an answer (9 s).
      const isLong = options.durationMilliseconds > 60_000 && random.chance(0.3);
      const durationMilliseconds = isLong ? random.between(4_000, 11_000) : random.between(300, 2_500);
      const aim = round === 1 ? 'commit' : random.pick(['commit', 'any'] as const);
      faults.push({ atMilliseconds, kind, aim, durationMilliseconds });
    }
  }
  return faults;
}

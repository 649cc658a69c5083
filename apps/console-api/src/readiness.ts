import { createDatabaseReadiness } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';

export type ReadinessState = 'ready' | 'draining' | 'database_unavailable';

export interface Readiness {
  /** Whether this instance should be sent requests. Never throws, and answers within its deadline. */
  check(): Promise<ReadinessState>;
  /** From now on the answer is `draining`. */
  beginDraining(): void;
}

/** Asks every database a trivial question, at most twice a second however often it is asked itself: anybody may ask. */
export function createReadiness(databases: readonly Database[]): Readiness {
  let draining = false;
  const databaseReadiness = createDatabaseReadiness(databases, {
    deadlineMilliseconds: 2_000,
    keptMilliseconds: 500,
    monotonicNow: () => performance.now(),
  });
  return {
    async check() {
      const answers = draining || (await databaseReadiness.check());
      if (draining) return 'draining';
      return answers ? 'ready' : 'database_unavailable';
    },
    beginDraining() {
      draining = true;
    },
  };
}

import type { Database } from '@karmanflow/schema';

export type ReadinessState = 'ready' | 'draining' | 'database_unavailable';

export interface Readiness {
  /** Whether this instance should be sent requests. Never throws, and answers within its deadline. */
  check(): Promise<ReadinessState>;
  /** From now on the answer is `draining`. */
  beginDraining(): void;
}

const keptMilliseconds = 500;
const deadlineMilliseconds = 2_000;

/** Asks every database a trivial question, at most twice a second however often it is asked itself: anybody may ask. */
export function createReadiness(databases: readonly Database[]): Readiness {
  let draining = false;
  let last: { readonly until: number; readonly state: Promise<ReadinessState> } | null = null;

  async function ask(): Promise<ReadinessState> {
    const answers = Promise.all(databases.map((database) => database.connection((client) => client.query('select 1'))));
    let timer: Timer | undefined;
    const late = new Promise<'database_unavailable'>((resolve) => {
      timer = setTimeout(() => resolve('database_unavailable'), deadlineMilliseconds);
    });
    const answered = answers.then(
      () => 'ready' as const,
      () => 'database_unavailable' as const,
    );
    const state = await Promise.race([answered, late]);
    clearTimeout(timer);
    return state;
  }

  return {
    async check() {
      const now = performance.now();
      if (last === null || now >= last.until) last = { until: now + keptMilliseconds, state: ask() };
      const state = draining ? 'draining' : await last.state;
      return draining ? 'draining' : state;
    },
    beginDraining() {
      draining = true;
    },
  };
}

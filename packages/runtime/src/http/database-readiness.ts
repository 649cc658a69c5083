import type { Database } from '@karmanflow/schema';

export interface DatabaseReadiness {
  /** Whether every database answers. Never throws, and answers within its deadline. */
  check(): Promise<boolean>;
}

export interface ReadinessBounds {
  readonly deadlineMilliseconds: number;
  /** How long an answer is kept: anybody may ask, and each question takes a connection. */
  readonly keptMilliseconds: number;
  readonly monotonicNow: () => number;
}

export function createDatabaseReadiness(databases: readonly Database[], bounds: ReadinessBounds): DatabaseReadiness {
  let last: { readonly until: number; readonly answer: Promise<boolean> } | null = null;

  async function ask(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), bounds.deadlineMilliseconds);
    const asked = Promise.all(databases.map((database) => database.connection((client) => client.query('select 1'))));
    const answered = asked.then(
      () => true,
      () => false,
    );
    const answer = await Promise.race([answered, late]);
    clearTimeout(timer);
    return answer;
  }

  return {
    check() {
      const now = bounds.monotonicNow();
      if (last === null || now >= last.until) last = { until: now + bounds.keptMilliseconds, answer: ask() };
      return last.answer;
    },
  };
}

import type { Database } from '@karmanflow/schema';

export interface Readiness {
  /** Whether the database answers. Never throws, and answers within its deadline. */
  check(): Promise<boolean>;
}

export interface ReadinessBounds {
  readonly deadlineMilliseconds: number;
  /** How long an answer is kept: anybody may ask, and each question takes a connection. */
  readonly keptMilliseconds: number;
  readonly monotonicNow: () => number;
}

export function createReadiness(database: Database, bounds: ReadinessBounds): Readiness {
  let last: { readonly until: number; readonly answer: Promise<boolean> } | null = null;

  async function ask(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), bounds.deadlineMilliseconds);
    const asked = database.unscoped((db) => db.selectNoFrom((eb) => eb.val(1).as('one')).execute());
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

import type { CommandOutcome, HistoryRecord } from '../history.ts';

export type Attested = Extract<CommandOutcome, { kind: 'receipt' }>;

/** All that happened to one intention: it was sent once or more often, and each request had an end. */
export interface Pursuit {
  readonly intention: string;
  readonly command: string;
  readonly key: string;
  readonly reference: string | null;
  /** Position in the history of its first request. */
  readonly invokedAt: number;
  readonly attempts: readonly { readonly completedAt: number; readonly outcome: CommandOutcome }[];
  /** The first answer with a receipt, and its position in the history. */
  readonly acknowledged: { readonly at: number; readonly outcome: Attested } | null;
}

/** Groups the history by intention. A request without an end, as of a driver that died, has the outcome unknown. */
export function pursuitsOf(history: readonly HistoryRecord[]): Pursuit[] {
  const endOf = new Map<number, { completedAt: number; outcome: CommandOutcome }>();
  for (const record of history) {
    if (record.type !== 'complete') continue;
    endOf.set(record.request, { completedAt: record.order, outcome: record.outcome });
  }
  const lost = {
    completedAt: Number.MAX_SAFE_INTEGER,
    outcome: { kind: 'unknown', httpStatus: null, reason: 'no end' },
  } as const;
  const byName = new Map<string, Pursuit & { attempts: { completedAt: number; outcome: CommandOutcome }[] }>();
  for (const record of history) {
    if (record.type !== 'invoke') continue;
    const { intention, command, key, reference } = record;
    const known = byName.get(intention);
    const attempt = endOf.get(record.request) ?? lost;
    if (known) known.attempts.push(attempt);
    else {
      const first = { intention, command, key, reference, invokedAt: record.order, acknowledged: null };
      byName.set(intention, { ...first, attempts: [attempt] });
    }
  }
  return [...byName.values()].map((pursuit) => ({ ...pursuit, acknowledged: firstReceipt(pursuit.attempts) }));
}

function firstReceipt(attempts: Pursuit['attempts']): Pursuit['acknowledged'] {
  let first: Pursuit['acknowledged'] = null;
  for (const { completedAt, outcome } of attempts) {
    if (outcome.kind !== 'receipt') continue;
    if (first === null || completedAt < first.at) first = { at: completedAt, outcome };
  }
  return first;
}

import type { Send } from '@karmanflow/events';
import { admitDeliveries, type DeliveryAdmission } from '../delivery/admit-deliveries.ts';
import { orderingOf } from './admit.ts';
import { bringForward, dropPending } from './begin-generation.ts';
import { claimAndWrite } from './claim-and-write.ts';
import { dispatchLimits } from './dispatch-limits.ts';
import {
  type CandidateRow,
  type LostRow,
  readOpenWork,
  selectCandidates,
  selectOpenWork,
  takeBackLost,
} from './open-deliveries.ts';
import { recordAttempts } from './record-attempts.ts';
import { type RunningRecovery, selectRecovery } from './replay-range.ts';
import type { ScopePair } from './row-statements.ts';
import type { CursorRow, SubscriptionView } from './subscription-rows.ts';
import type { LatestWanted, VisitInput, Visited } from './visit-outcome.ts';
import { decidedHealth, type FoundState, type Progress } from './visit-state.ts';

export interface Going {
  readonly input: VisitInput;
  readonly pair: ScopePair;
  readonly state: FoundState;
  readonly cursor: CursorRow;
  readonly progress: Progress;
  /** Nothing of the stream is admitted until this is known; null when nothing is missing. */
  readonly wanted: LatestWanted | null;
}

/** Records, takes back, looks at what is open, and hands over to claiming. */
export async function goOn(send: Send, going: Going): Promise<Visited> {
  const { input, pair, state, cursor } = going;
  const { subscription, nowMilliseconds } = state;
  const decided = decidedHealth({ subscription, cursor, nowMilliseconds }, input.healthPolicy);
  const recorded = recordAttempts({
    pair,
    results: input.results,
    rows: state.leased,
    ordering: orderingOf(subscription),
    health: decided.health,
    healthPolicy: input.healthPolicy,
    schedule: input.schedule,
  });
  const isBack = decided.health.status === 'suspended' && recorded.health.status === 'degraded';
  const isDeleted = subscription.state === 'DELETED';
  const admission: DeliveryAdmission = isDeleted
    ? { kind: 'stopped' }
    : admitDeliveries(recorded.health, nowMilliseconds);
  const endpointMax = endpointMaxOf(admission, subscription);
  const limit = Math.min(input.capacity, endpointMax, dispatchLimits.claimsMax);
  const isProbe = admission.kind === 'probe';
  const subscriptionId = subscription.id;
  const before = [
    ...recorded.statements,
    ...(isDeleted ? [dropPending(pair, { subscriptionId, beforeGeneration: null, why: 'subscription_deleted' })] : []),
    ...(isBack || decided.isFreshStart ? [bringForward(pair, subscriptionId)] : []),
  ];
  const lanes = limit > 0 ? (['FIRST', 'RETRY', 'REPLAY'] as const) : [];
  const answers = await send([
    ...before,
    takeBackLost(pair, subscriptionId),
    selectRecovery(pair, subscriptionId),
    selectOpenWork(pair, subscriptionId),
    ...lanes.map((lane) => selectCandidates(pair, { subscriptionId, lane, limit, isProbe })),
  ]);
  const [lostAnswer, recoveryAnswer, openAnswer, ...candidateAnswers] = answers.slice(before.length);
  // The rows of statements that name their columns.
  const lost = (lostAnswer?.rows ?? []) as unknown as readonly LostRow[];
  const candidates = candidateAnswers.flatMap(({ rows }) => rows as unknown as readonly CandidateRow[]);
  return claimAndWrite(send, {
    ...going,
    recorded,
    admission,
    endpointMax,
    limit,
    lost,
    recovery: (recoveryAnswer?.rows[0] ?? null) as unknown as RunningRecovery | null,
    open: readOpenWork(openAnswer),
    candidates: candidates.toSorted(byDueTime),
  });
}

function endpointMaxOf(admission: DeliveryAdmission, subscription: SubscriptionView): number {
  if (admission.kind === 'probe') return 1;
  return admission.kind === 'deliver' ? Math.min(admission.concurrency, subscription.max_in_flight) : 0;
}

function byDueTime(a: CandidateRow, b: CandidateRow): number {
  return Date.parse(a.next_attempt_at ?? '') - Date.parse(b.next_attempt_at ?? '') || a.seq - b.seq;
}

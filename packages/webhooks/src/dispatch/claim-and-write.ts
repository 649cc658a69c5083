import type { Send } from '@karmanflow/events';
import { admitDeliveries, type DeliveryAdmission } from '../delivery/admit-deliveries.ts';
import { evolveHealth } from '../delivery/evolve-health.ts';
import type { NewDelivery } from './admit-page.ts';
import { placeAll, readLivePage, readRecoveryPage, type RecoveryPage } from './admit.ts';
import { claimedNewDelivery, claimedRow } from './claimed-delivery.ts';
import { dispatchLimits } from './dispatch-limits.ts';
import type { Going } from './go-on.ts';
import { lookAgain, type OpenWork } from './look-again.ts';
import type { CandidateRow, LostRow } from './open-deliveries.ts';
import { planClaims } from './plan-claims.ts';
import type { RecordedAttempts } from './record-attempts.ts';
import type { RunningRecovery } from './replay-range.ts';
import { healthName, selectSubscription, type SubscriptionView } from './subscription-rows.ts';
import { type Pace, takePace } from './take-pace.ts';
import type { EndedRecovery, Visited } from './visit-outcome.ts';
import type { Progress } from './visit-state.ts';
import { writeVisit } from './write-visit.ts';

export interface Claiming extends Going {
  readonly recorded: RecordedAttempts;
  readonly admission: DeliveryAdmission;
  readonly endpointMax: number;
  readonly limit: number;
  readonly lost: readonly LostRow[];
  readonly recovery: RunningRecovery | null;
  readonly open: OpenWork;
  readonly candidates: readonly CandidateRow[];
}

/** Admits what is new, claims what may be sent, and writes all of it. */
export async function claimAndWrite(send: Send, claiming: Claiming): Promise<Visited> {
  const { input, pair, state, cursor, recorded, admission, endpointMax, lost, open } = claiming;
  const { subscription, nowMilliseconds } = state;
  const pace = takePace({
    ratePerSecond: subscription.rate_per_second,
    pacedUntilMilliseconds: cursor.paced_until === null ? null : Date.parse(cursor.paced_until),
    nowMilliseconds,
  });
  const room = Math.max(0, Math.min(claiming.limit, endpointMax - open.sending, pace.allowed));
  const chosen = planClaims({ candidates: claiming.candidates, capacity: room });
  const news = await admitNews(send, claiming);
  const sentAtOnce = news.added.filter(({ predecessors }) => predecessors.length === 0).slice(0, room - chosen.length);
  const claims = chosen.length + sentAtOnce.length;
  const isProbe = admission.kind === 'probe';
  const health =
    isProbe && claims > 0
      ? evolveHealth(recorded.health, { kind: 'probe_started', atMilliseconds: nowMilliseconds }, input.healthPolicy)
      : recorded.health;
  const endedRecovery = endedOf(news.replay);
  const isHealthUntold = isUntold(healthName(health), subscription);
  const again = lookAgain({
    open: openAfter({ open, claims, news: news.added, sentAtOnce: sentAtOnce.length, nowMilliseconds }),
    admission: admitDeliveries(health, nowMilliseconds),
    endpointMax,
    readyMax: readyMaxOf(claiming),
    paceAtMilliseconds: paceAfter(pace, claims),
    recoveryAtMilliseconds: recoveryAt({ replay: news.replay, endedRecovery, nowMilliseconds }),
    tellAtMilliseconds: isHealthUntold ? nowMilliseconds + dispatchLimits.tellPauseMilliseconds : null,
    nowMilliseconds,
  });
  const isDeleted = subscription.state === 'DELETED';
  const lease = {
    id: input.uuidSource(),
    until: new Date(nowMilliseconds + dispatchLimits.leaseMilliseconds).toISOString(),
  };
  const writes = writeVisit({
    pair,
    now: new Date(nowMilliseconds).toISOString(),
    subscription,
    cursor,
    progress: news.progress,
    health,
    pacedUntilMilliseconds: pace.after(claims),
    again: isDeleted ? { follows: false, dueAtMilliseconds: null } : again,
    lost,
    lease,
    isProbe,
    claimed: chosen,
    added: news.added,
    claimedNew: new Set(sentAtOnce.map(({ id }) => id)),
    replay: news.replay,
  });
  // Read again behind the page: an event that came after a rotation is not signed with what the rotation ended.
  const [current] = await send([selectSubscription(pair, subscription.id), ...writes]);
  const context = { scope: input.scope, subscriptionId: subscription.id, leaseId: lease.id, isProbe };
  return {
    kind: 'visited',
    subscription,
    // The row of a statement that names its columns.
    current: (current?.rows[0] ?? subscription) as unknown as SubscriptionView,
    claimed: [
      ...chosen.map((row) => claimedRow(row, context)),
      ...sentAtOnce.map((delivery) => claimedNewDelivery(delivery, context)),
    ],
    verdicts: recorded.verdicts,
    fencedOff: recorded.fencedOff,
    lost: lost.length,
    admitted: news.added.length,
    health,
    isHealthUntold,
    endedRecovery,
    latestWanted: claiming.wanted,
    hasMore: news.hasMore || claiming.wanted !== null,
    nowMilliseconds,
  };
}

interface News {
  readonly added: readonly NewDelivery[];
  readonly progress: Progress;
  readonly replay: RecoveryPage | null;
  readonly hasMore: boolean;
}

/**
 * What the stream and a recovery bring. The stream also while nothing is sent, up to the bound of what may be open: whoever
 * cannot be reached can fetch it meanwhile.
 */
async function admitNews(send: Send, claiming: Claiming): Promise<News> {
  const { input, pair, state, progress, admission, open, recovery, wanted } = claiming;
  const { subscription } = state;
  const isHalted = admission.kind !== 'deliver';
  const isDeleted = subscription.state === 'DELETED';
  const eventsMax = Math.min(dispatchLimits.pendingMax - open.pending, readyMaxOf(claiming) - open.ready);
  const hasRoom = eventsMax > 0;
  const options = { send, pair, subscription, progress, uuidSource: input.uuidSource };
  const latest = progress.compactUntilSeq === null ? null : (input.latest ?? null);
  const live =
    hasRoom && !isDeleted && wanted === null
      ? await readLivePage({ ...options, latest, eventsMax })
      : { events: [], progress, hasMore: false };
  const replays = recovery !== null && !isHalted && !isDeleted;
  // Up to where the last visit came: what this one admits has no rows yet by which it would be known.
  const replay = replays ? await readRecoveryPage({ ...options, recovery }) : null;
  const isNothing = live.events.length === 0 && (replay?.events ?? []).length === 0;
  const added = isNothing ? [] : await placeAll({ ...options, live: live.events, replay });
  return { added, progress: live.progress, replay, hasMore: live.hasMore };
}

/** While nothing is sent, everything up to the bound of what may be open is admitted, so that it can be fetched. */
function readyMaxOf({ admission, endpointMax }: Claiming): number {
  const { readyMin, readyMax, readyFactor, pendingMax } = dispatchLimits;
  if (admission.kind !== 'deliver') return pendingMax;
  return Math.max(readyMin, Math.min(readyMax, endpointMax * readyFactor));
}

function endedOf(replay: RecoveryPage | null): EndedRecovery | null {
  if (replay === null || !replay.isComplete || replay.events.length > 0 || replay.recovery.open > 0) return null;
  const { id: recoveryId, delivered: doneCount, failed: failedCount } = replay.recovery;
  return { recoveryId, doneCount, failedCount, moreMatch: replay.moreMatch };
}

/** A recovery comes back for its next page, and until its end has been told; with deliveries open, they bring it back. */
function recoveryAt(input: {
  readonly replay: RecoveryPage | null;
  readonly endedRecovery: EndedRecovery | null;
  readonly nowMilliseconds: number;
}): number | null {
  const { replay, endedRecovery, nowMilliseconds } = input;
  if (endedRecovery !== null) return nowMilliseconds + dispatchLimits.recoveryPauseMilliseconds;
  if (replay === null) return null;
  const isOpen = replay.recovery.open + replay.events.length > 0;
  return replay.isComplete && isOpen ? null : nowMilliseconds;
}

function openAfter(input: {
  readonly open: OpenWork;
  readonly claims: number;
  readonly news: readonly NewDelivery[];
  readonly sentAtOnce: number;
  readonly nowMilliseconds: number;
}): OpenWork {
  const { open, claims, news, sentAtOnce, nowMilliseconds } = input;
  const ready = news.filter(({ predecessors }) => predecessors.length === 0).length - sentAtOnce;
  const claimedBefore = claims - sentAtOnce;
  const leaseEnds = claims > 0 ? nowMilliseconds + dispatchLimits.leaseMilliseconds : null;
  return {
    ...open,
    pending: open.pending + news.length,
    waiting: open.waiting + ready - claimedBefore,
    ready: Math.max(0, open.ready + ready - claimedBefore),
    sending: open.sending + claims,
    leaseEndsAtMilliseconds: open.leaseEndsAtMilliseconds ?? leaseEnds,
  };
}

function paceAfter(pace: Pace, claims: number): number | null {
  if (claims < pace.allowed) return null;
  return pace.nextAtMilliseconds ?? pace.after(claims);
}

/** A pause is no finding: people decided it and know. */
function isUntold(health: string, subscription: SubscriptionView): boolean {
  return health !== 'PAUSED' && subscription.state !== 'DELETED' && health !== subscription.health;
}

import type { Logger } from '@karmanflow/runtime';
import type { Database, UuidSource } from '@karmanflow/schema';
import {
  type AttemptResult,
  type ClaimedDelivery,
  findWork,
  type LatestOfRange,
  latestOfRange,
  type LatestWanted,
  type Visited,
  type VisitOutcome,
  visitSubscription,
  type WorkPlace,
} from '@karmanflow/webhooks';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import { createInFlightSlots, type SlotUser } from './in-flight-slots.ts';
import { type AttemptPorts, makeAttempt } from './make-attempt.ts';
import type { FindingTeller } from './tell-findings.ts';
import { createTenantRotation, type Waiting } from './tenant-rotation.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

export interface DispatcherPorts {
  /** As kf_delivery. */
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: DeliveryMetrics;
  readonly teller: FindingTeller;
  readonly attempts: AttemptPorts;
  readonly uuidSource: UuidSource;
}

export interface Dispatcher {
  /** Looks across all tenants for what is to be done, and gets it going. Throws when the database does not answer. */
  poll(): Promise<void>;
  /** Takes on nothing new; resolves when what is under way has ended and is recorded, or the time for it is over. */
  stop(): Promise<void>;
  inFlight(): number;
}

/** A subscription that this process has to do with. */
interface Place extends WorkPlace, Waiting {
  results: AttemptResult[];
  inFlight: number;
  isVisited: boolean;
  isWanted: boolean;
  isTroubled: boolean;
  pausedUntil: number;
  latest: LatestOfRange | undefined;
}

/**
 * Gets deliveries going: visits subscriptions that have something to do, tenants in rotation, and makes the attempts that
 * each visit claims. Results gather while a visit is under way, and the next one records them together.
 */
export function createDispatcher(ports: DispatcherPorts): Dispatcher {
  const { database, logger, metrics, teller } = ports;
  const { monotonicMilliseconds } = ports.attempts.network;
  const places = new Map<string, Place>();
  const rotation = createTenantRotation<Place>();
  const slots = createInFlightSlots();
  const stopping = new AbortController();
  const cancelling = new AbortController();
  const running = new Set<Promise<void>>();
  let visits = 0;

  function run(work: Promise<void>): void {
    const noted = work.finally(() => void running.delete(noted));
    running.add(noted);
  }

  function placeOf({ scope, subscriptionId }: WorkPlace): Place {
    const key = `${scope.environmentId} ${subscriptionId}`;
    const known = places.get(key);
    if (known) return known;
    const made: Place = {
      scope,
      subscriptionId,
      key,
      tenantId: scope.tenantId,
      results: [],
      inFlight: 0,
      isVisited: false,
      isWanted: false,
      isTroubled: false,
      pausedUntil: 0,
      latest: undefined,
    };
    places.set(key, made);
    return made;
  }

  function userOf({ tenantId, isTroubled }: Place): SlotUser {
    return { tenantId, isTroubled };
  }

  function want(place: Place): void {
    if (place.isVisited) place.isWanted = true;
    else rotation.add(place);
  }

  /** Whoever has something to record goes at once, whoever only wants more when there is room for it. */
  function mayGo(place: Place): boolean {
    if (place.pausedUntil > monotonicMilliseconds()) return false;
    return place.results.length > 0 || (!stopping.signal.aborted && slots.room(userOf(place)) > 0);
  }

  function pump(): void {
    while (visits < workerDeliveryLimits.visitsAtOnce) {
      const place = rotation.take(mayGo);
      if (!place) return;
      visits += 1;
      place.isVisited = true;
      run(
        visit(place).finally(() => {
          visits -= 1;
          place.isVisited = false;
          if (place.isWanted) {
            place.isWanted = false;
            rotation.add(place);
          } else if (isIdle(place)) places.delete(place.key);
          pump();
        }),
      );
    }
  }

  /** Nothing is to be remembered of it: neither work, nor that it is to be left alone for a while. */
  function isIdle({ results, inFlight, latest, pausedUntil }: Place): boolean {
    return results.length === 0 && inFlight === 0 && latest === undefined && pausedUntil <= monotonicMilliseconds();
  }

  async function visit(place: Place): Promise<void> {
    const results = place.results.splice(0);
    const user = userOf(place);
    const wanted = stopping.signal.aborted ? 0 : workerDeliveryLimits.claimsPerVisit;
    const capacity = Math.min(wanted, slots.room(user));
    // Set aside, so that visits at the same time do not promise the same slots.
    slots.take(user, capacity);
    const startedAt = monotonicMilliseconds();
    let outcome: VisitOutcome;
    try {
      outcome = await database.connection((connection) =>
        visitSubscription(connection, { ...place, results, capacity, uuidSource: ports.uuidSource }),
      );
    } catch (error) {
      slots.giveBack(user, capacity);
      place.results.unshift(...results);
      fail(place, error);
      return;
    }
    const claimed = outcome.kind === 'visited' ? outcome.claimed.length : 0;
    slots.giveBack(user, capacity - claimed);
    if (outcome.kind === 'not_yet') pause(place);
    if (outcome.kind === 'begun') place.isWanted = true;
    if (outcome.kind === 'visited') await goOn(place, { outcome, user, startedAt });
  }

  async function goOn(
    place: Place,
    visited: { readonly outcome: Visited; readonly user: SlotUser; readonly startedAt: number },
  ): Promise<void> {
    const { outcome, user, startedAt } = visited;
    metrics.visited(outcome);
    teller.tell(place.scope, outcome);
    place.isTroubled = outcome.health.status !== 'healthy';
    const claimedAt = { databaseMilliseconds: outcome.nowMilliseconds, monotonicMilliseconds: startedAt };
    for (const claimed of outcome.claimed) {
      place.inFlight += 1;
      run(attempt(place, { claimed, claimedAt, subscription: outcome.current, user }));
    }
    if (outcome.latestWanted) await findLatest(place, outcome.latestWanted);
    else if (!outcome.hasMore) place.latest = undefined;
    if (outcome.hasMore) place.isWanted = true;
  }

  async function findLatest(place: Place, range: LatestWanted): Promise<void> {
    try {
      place.latest = await latestOfRange(database, { scope: place.scope, ...range });
    } catch (error) {
      fail(place, error);
    }
  }

  async function attempt(
    place: Place,
    order: {
      readonly claimed: ClaimedDelivery;
      readonly claimedAt: Parameters<typeof makeAttempt>[0]['claimedAt'];
      readonly subscription: Visited['subscription'];
      readonly user: SlotUser;
    },
  ): Promise<void> {
    const { user, ...rest } = order;
    const result = await makeAttempt({ ...rest, scope: place.scope, signal: cancelling.signal }, ports.attempts);
    metrics.attempted(result);
    slots.giveBack(user, 1);
    place.inFlight -= 1;
    place.results.push(result);
    want(place);
    pump();
  }

  function fail(place: Place, error: unknown): void {
    metrics.visitFailed();
    logger.warn(
      { err: error, ...place.scope, subscriptionId: place.subscriptionId },
      'a visit to a subscription failed; it is made again',
    );
    pause(place);
    place.isWanted = true;
  }

  function pause(place: Place): void {
    place.pausedUntil = monotonicMilliseconds() + workerDeliveryLimits.pauseMilliseconds;
  }

  async function poll(): Promise<void> {
    const found = await database.connection(findWork);
    for (const one of found) want(placeOf(one));
    pump();
  }

  async function settled(milliseconds: number): Promise<void> {
    const deadline = monotonicMilliseconds() + milliseconds;
    while ((running.size > 0 || rotation.size > 0) && monotonicMilliseconds() < deadline) {
      await Promise.race([Promise.all(running), wait(deadline - monotonicMilliseconds())]);
      pump();
      if (running.size === 0 && rotation.size > 0) await wait(20);
    }
  }

  function wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      ports.attempts.network.startTimer(Math.max(0, milliseconds), resolve);
    });
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await settled(workerDeliveryLimits.drainMilliseconds);
    cancelling.abort();
    await settled(workerDeliveryLimits.recordMilliseconds);
    await teller.idle();
  }

  return { poll, stop, inFlight: () => slots.taken };
}

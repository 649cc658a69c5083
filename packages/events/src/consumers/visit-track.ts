import type { Database } from '@karmanflow/schema';
import type { Upcaster } from '../define-event-versions.ts';
import { readStream, type StreamEvent, type StreamPage } from '../read-stream.ts';
import type { Send } from '../sequence/fenced-transaction.ts';
import { consumerLimits } from './consumer-limits.ts';
import { batchEventsOf, type ConsumerDefinition, type ConsumerTrack } from './define-consumer.ts';
import { judgeFailure, reasonOf } from './judge-failure.ts';
import { parkEvent, selectRetries, seqsOf, settleParked } from './parked-statements.ts';
import {
  type Claim,
  claimedTransaction,
  scopedTransaction,
  type TrackKey,
  type TrackStep,
} from './track-statements.ts';

/** An event that was parked, and why. */
export interface ParkedEvent {
  readonly key: TrackKey;
  readonly seq: number;
  readonly eventId: string;
  readonly reason: string;
  /** Whether nothing behind it is taken until somebody decides. */
  readonly isStopped: boolean;
}

export interface VisitPorts {
  readonly database: Database;
  readonly upcast: Upcaster;
  readonly leaseSeconds: number;
  readonly signal: AbortSignal;
  readonly onMoved: (moved: { readonly key: TrackKey; readonly events: number; readonly seq: number }) => void;
  /** A try of one event, or of a batch that is now taken apart, failed. */
  readonly onTry: (failure: { readonly key: TrackKey; readonly error: unknown }) => void;
  readonly onParked: (parked: ParkedEvent) => void;
}

interface Visit extends ConsumerTrack {
  readonly key: TrackKey;
  readonly ports: VisitPorts;
  /** Where the track may go at most: the head of the stream, or the checkpoint of the consumer's own projection. */
  readonly throughSeq: number;
}

/**
 * Carries one track on by a few batches under a claim, and returns the claim as it stands then; null when the track was
 * stopped. Throws what is no event's fault, `ClaimLost` included.
 */
export async function visitTrack(visit: Visit, claim: Claim): Promise<Claim | null> {
  let current: Claim | null = await retryParkedEvents(visit, claim);
  for (let batch = 0; batch < consumerLimits.batchesPerVisit && !visit.ports.signal.aborted; batch += 1) {
    if (current === null || current.seq >= visit.throughSeq) break;
    current = await takeBatch(visit, current);
    // The event that failed gets a rest before its next try.
    if (current !== null && current.tries > 0) break;
  }
  return current;
}

async function takeBatch(visit: Visit, claim: Claim): Promise<Claim | null> {
  const isCareful = claim.carefulSeq > claim.seq;
  const bound = isCareful ? Math.min(claim.carefulSeq, visit.throughSeq) : visit.throughSeq;
  const page = await readPage(visit, { afterSeq: claim.seq, throughSeq: bound });
  if (isCareful) return takeOneByOne(visit, claim, page);
  try {
    return await take(visit, claim, { events: page.events, throughSeq: page.seq });
  } catch (error) {
    if (visit.ports.signal.aborted || judgeFailure(error) !== 'event') throw error;
    visit.ports.onTry({ key: visit.key, error });
    // Which of them it was shows when they are taken one by one.
    return step(visit, claim, { carefulSeq: page.seq, tries: 0 });
  }
}

async function takeOneByOne(visit: Visit, claim: Claim, page: StreamPage): Promise<Claim | null> {
  let current = claim;
  for (const event of page.events) {
    if (visit.ports.signal.aborted) return current;
    const next = await takeOne(visit, current, event);
    if (next === null || next.seq < event.seq) return next;
    current = next;
  }
  return current.seq < page.seq ? step(visit, current, { seq: page.seq, tries: 0 }) : current;
}

/** One event: done, tried in vain, or parked. */
async function takeOne(visit: Visit, claim: Claim, event: StreamEvent): Promise<Claim | null> {
  const { key, consumer, ports } = visit;
  const triesMax = consumer.triesMax ?? consumerLimits.triesMax;
  if (claim.tries >= triesMax) return park(visit, claim, { event, error: new Error('the process ended each time') });
  // A try is written down before it is made, so that an event that ends the process is parked as well, some time.
  const tried = await step(visit, claim, { tries: claim.tries + 1 });
  try {
    return await take(visit, tried, { events: [event], throughSeq: event.seq, settles: event.seq });
  } catch (error) {
    const kind = ports.signal.aborted ? 'later' : judgeFailure(error);
    if (kind === 'lost') throw error;
    if (kind === 'later') {
      await step(visit, tried, { tries: claim.tries });
      throw error;
    }
    ports.onTry({ key, error });
    if (tried.tries < triesMax) return tried;
    return park(visit, tried, { event, error });
  }
}

async function park(
  visit: Visit,
  claim: Claim,
  failed: { readonly event: StreamEvent; readonly error: unknown },
): Promise<Claim | null> {
  const { key, consumer, ports } = visit;
  const { seq, event } = failed.event;
  const isStopped = consumer.onPoison === 'stop';
  const reason = reasonOf(failed.error);
  const parked = await step(
    visit,
    claim,
    // Stopped right before it: whatever lies between was not wanted.
    isStopped ? { seq: seq - 1, tries: 0, state: 'STOPPED' } : { seq, tries: 0 },
    async (send) => void (await send([parkEvent(key, { seq, eventId: event.eventId, reason, tries: claim.tries })])),
  );
  ports.onParked({ key, seq, eventId: event.eventId, reason, isStopped });
  return isStopped ? null : parked;
}

/** Applies or does what a page has, and moves the checkpoint behind it. */
async function take(
  visit: Visit,
  claim: Claim,
  batch: { readonly events: readonly StreamEvent[]; readonly throughSeq: number; readonly settles?: number },
): Promise<Claim> {
  const { key, consumer, track, ports } = visit;
  const { throughSeq, settles } = batch;
  const events = batch.events.map(({ seq, event }) => ({ seq, event: ports.upcast(event) }));
  const range = { afterSeq: claim.seq, throughSeq };
  if (track === 'EFFECT' && events.length > 0)
    await consumer.sideEffect?.({
      scope: key.scope,
      events,
      epoch: claim.epoch,
      range,
      isRetry: false,
      signal: ports.signal,
    });
  const moved = await step(visit, claim, { seq: throughSeq, tries: 0 }, async (send) => {
    if (track === 'PROJECTION' && events.length > 0)
      await consumer.projection?.apply({ scope: key.scope, send }, events);
    if (settles !== undefined) await send([settleParked(key, settles)]);
  });
  ports.onMoved({ key, events: events.length, seq: throughSeq });
  return moved;
}

/** Tries parked events again that somebody asked for, each behind the ones that came after it. */
async function retryParkedEvents(visit: Visit, claim: Claim): Promise<Claim> {
  if (claim.retries === 0) return claim;
  const { key, ports } = visit;
  const [answer] = await ports.database.connection((connection) =>
    scopedTransaction(connection, key.scope, (send) => send([selectRetries(key, consumerLimits.retriesPerVisit)])),
  );
  let current = claim;
  for (const seq of seqsOf(answer)) {
    if (ports.signal.aborted) return current;
    current = await retryOne(visit, current, seq);
  }
  return current;
}

async function retryOne(visit: Visit, claim: Claim, seq: number): Promise<Claim> {
  const { key, consumer, track, ports } = visit;
  const less = { retries: claim.retries - 1 };
  const page = await readPage({ ...visit, consumer: withoutFilters(consumer) }, { afterSeq: seq - 1, throughSeq: seq });
  const [found] = page.events;
  if (!found) throw new Error(`the stream has no position ${seq}`);
  try {
    const events = [{ seq, event: ports.upcast(found.event) }];
    const range = { afterSeq: seq - 1, throughSeq: seq };
    if (track === 'EFFECT')
      await consumer.sideEffect?.({
        scope: key.scope,
        events,
        epoch: claim.epoch,
        range,
        isRetry: true,
        signal: ports.signal,
      });
    const done = await step(visit, claim, less, async (send) => {
      if (track === 'PROJECTION') await consumer.projection?.apply({ scope: key.scope, send }, events);
      await send([settleParked(key, seq)]);
    });
    ports.onMoved({ key, events: 1, seq: done.seq });
    return done;
  } catch (error) {
    if (ports.signal.aborted || judgeFailure(error) !== 'event') throw error;
    const { eventId } = found.event;
    const reason = reasonOf(error);
    ports.onTry({ key, error });
    const parked = await step(visit, claim, less, async (send) => {
      await send([parkEvent(key, { seq, eventId, reason, tries: 1 })]);
    });
    ports.onParked({ key, seq, eventId, reason, isStopped: false });
    return parked;
  }
}

async function readPage(
  { key, consumer, ports }: Visit,
  range: { readonly afterSeq: number; readonly throughSeq: number },
): Promise<StreamPage> {
  const { afterSeq, throughSeq } = range;
  const limit = Math.min(batchEventsOf(consumer), throughSeq - afterSeq);
  const { filters } = consumer;
  return readStream(ports.database, { scope: key.scope, afterSeq, limit, ...(filters ? { filters } : {}) });
}

/** What was parked was wanted, whatever the consumer wants by now. */
function withoutFilters({ filters: _filters, ...consumer }: ConsumerDefinition): ConsumerDefinition {
  return consumer;
}

function step(visit: Visit, claim: Claim, write: TrackStep, work?: (send: Send) => Promise<void>): Promise<Claim> {
  const { key, ports } = visit;
  const { leaseSeconds } = ports;
  return ports.database.connection((connection) =>
    claimedTransaction(connection, { key, claim, step: write, leaseSeconds, ...(work ? { work } : {}) }),
  );
}

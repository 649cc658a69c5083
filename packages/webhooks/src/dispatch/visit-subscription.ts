import { type Connection, enter, type Send, sendAll } from '@karmanflow/events';
import { toUuid } from '@karmanflow/schema';
import { generationStart, insertCursor, selectStart } from './begin-generation.ts';
import { goOn } from './go-on.ts';
import type { LatestOfRange } from './latest-of-range.ts';
import type { ScopePair } from './row-statements.ts';
import type { SubscriptionView } from './subscription-rows.ts';
import type { LatestWanted, VisitInput, VisitOutcome } from './visit-outcome.ts';
import { type FoundState, type Progress, readState, takeOver } from './visit-state.ts';

/**
 * One visit to a subscription, one transaction under the lock on its cursor: attempts that ended are recorded with what
 * follows from them, what a dead process left is taken back, the stream is admitted, and what may be sent now is claimed.
 * Whenever it is cut off, either all of this has happened or nothing. Throws what the database throws; the results are then
 * to be brought again: those that were recorded after all are fenced off.
 */
export async function visitSubscription(connection: Connection, input: VisitInput): Promise<VisitOutcome> {
  const send: Send = (statements) => sendAll(connection, statements);
  try {
    await send([{ text: 'BEGIN' }, ...enter(input.scope)]);
    const outcome = await visit(send, input);
    await send([{ text: 'COMMIT' }]);
    return outcome;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function visit(send: Send, input: VisitInput): Promise<VisitOutcome> {
  const { scope, subscriptionId } = input;
  const pair: ScopePair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  const deliveryIds = input.results.map(({ deliveryId }) => deliveryId);
  const state = await readState(send, { pair, subscriptionId, deliveryIds });
  if (state === null) return { kind: 'not_yet' };
  const { subscription, cursor } = state;
  if (cursor === null) return begin(send, { pair, state });
  const progress = await takeOver(send, { pair, subscription, cursor });
  if (progress === null) return { kind: 'not_yet' };
  const wanted = latestWanted({ subscription, progress, latest: input.latest });
  return goOn(send, { input, pair, state, cursor, progress, wanted });
}

async function begin(
  send: Send,
  { pair, state }: { readonly pair: ScopePair; readonly state: FoundState },
): Promise<VisitOutcome> {
  const { subscription, nowMilliseconds } = state;
  if (subscription.state === 'DELETED') return { kind: 'not_yet' };
  const [starts] = await send([selectStart(pair, subscription.start_event_id)]);
  const startSeq = starts?.rows[0] ? Number(starts.rows[0]['seq']) : null;
  const start = generationStart(subscription, { startSeq, reached: 0 });
  if (start === null) return { kind: 'not_yet' };
  await send(insertCursor(pair, { subscription, start, nowMilliseconds }));
  return { kind: 'begun' };
}

/** The range whose latest events are needed and not there; of another range they are of no use. */
function latestWanted(known: {
  readonly subscription: SubscriptionView;
  readonly progress: Progress;
  readonly latest: LatestOfRange | undefined;
}): LatestWanted | null {
  const { subscription, progress, latest } = known;
  const { admittedSeq: afterSeq, compactUntilSeq: throughSeq } = progress;
  if (throughSeq === null || latest?.throughSeq === throughSeq || subscription.state === 'DELETED') return null;
  return { afterSeq, throughSeq, patterns: subscription.event_types };
}

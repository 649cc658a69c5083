import { reservation } from '@karmanflow/commands';
import type { Database, Id, Scope } from '@karmanflow/schema';
import { bulkLimits } from './bulk-limits.ts';
import { type PartOutcome, type PartPorts, type PartResult, sendPart } from './send-part.ts';
import { readStartedBy } from './started-by.ts';

/** How far an operation was looked through: behind which reservation the next visit goes on. */
interface Place {
  readonly after: Id<'reservation'> | null;
  /** Every part so far came to its end. Otherwise those that did not are looked for again, from the front. */
  readonly whole: boolean;
}

export type Places = Map<Id<'massCancel'>, Place>;

export interface MassCancelPorts extends PartPorts {
  readonly database: Database;
  readonly places: Places;
  readonly onPart: (outcome: PartOutcome) => void;
  /** Reservations that one statement looks at; the bound of the whole system unless a test has fewer. */
  readonly looked?: number;
}

/**
 * ended    it came to its end, or a human stopped it
 * open     there is more to do: the next visit goes on
 * denied   policy does not let the bulk runner
 */
export type OperationOutcome = 'ended' | 'open' | 'denied';

/**
 * Cancels what matches, one reservation after the other with a receipt for each, as far as one visit goes. May be ended at
 * any line: what was cancelled does not match any more, a part that is sent twice has one receipt, and what is in the
 * tables says how far it came.
 */
export async function runMassCancel(
  operation: reservation.RunningMassCancel,
  context: { readonly scope: Scope; readonly ports: MassCancelPorts; readonly signal: AbortSignal },
): Promise<OperationOutcome> {
  const { scope, ports, signal } = context;
  const { id: massCancelId, expectedCount } = operation;
  const causationId = await readStartedBy(ports.database, scope, operation);
  const finish = (cancelled: number, moreMatch: boolean): Promise<OperationOutcome> =>
    finishOperation({ massCancelId, cancelled, moreMatch, causationId }, ports);
  let { cancelledCount: cancelled } = operation;
  let { after, whole } = ports.places.get(massCancelId) ?? { after: null, whole: true };
  for (let pages = 0; pages < bulkLimits.pagesPerVisit && !signal.aborted; pages += 1) {
    const { looked } = ports;
    const page = await reservation.readMassCancelPage(ports.database, scope, {
      operation,
      after,
      ...(looked === undefined ? {} : { looked }),
    });
    for (let from = 0; from < page.reservationIds.length;) {
      if (signal.aborted) return 'open';
      if (cancelled >= expectedCount) return finish(cancelled, true);
      const size = Math.min(bulkLimits.partsAtOnce, expectedCount - cancelled);
      const results = await cancelParts(page.reservationIds.slice(from, from + size), {
        massCancelId,
        causationId,
        ports,
      });
      from += size;
      if (results.some(({ outcome }) => outcome === 'denied')) return 'denied';
      if (results.some(({ refusal }) => refusal === 'mass_cancel_not_running')) return 'ended';
      // Another worker is at it too, and was faster: what was refused still matches.
      if (results.some(({ refusal }) => refusal === 'mass_cancel_bound_reached')) return finish(expectedCount, true);
      if (results.some(({ outcome }) => outcome === 'failed')) whole = false;
      for (const { response } of results) cancelled = Math.max(cancelled, Number(response['cancelledCount'] ?? 0));
    }
    after = page.after;
    if (after === null) break;
    remember(ports.places, massCancelId, { after, whole });
  }
  if (after !== null) return 'open';
  ports.places.delete(massCancelId);
  return whole ? finish(cancelled, false) : 'open';
}

async function cancelParts(
  reservationIds: readonly Id<'reservation'>[],
  of: {
    readonly massCancelId: Id<'massCancel'>;
    readonly causationId: string | null;
    readonly ports: MassCancelPorts;
  },
): Promise<PartResult[]> {
  const { massCancelId, causationId, ports } = of;
  // All at once: the executor puts them into as few transactions as it can.
  const results = await Promise.all(
    reservationIds.map((reservationId) =>
      sendPart(
        {
          definition: reservation.cancelPart,
          input: { massCancelId, reservationId },
          idempotencyKey: `mass-cancel:${massCancelId}:${reservationId}`,
          causationId,
        },
        ports,
      ),
    ),
  );
  for (const { outcome } of results) ports.onPart(outcome);
  return results;
}

async function finishOperation(
  end: {
    readonly massCancelId: Id<'massCancel'>;
    readonly cancelled: number;
    readonly moreMatch: boolean;
    readonly causationId: string | null;
  },
  ports: MassCancelPorts,
): Promise<OperationOutcome> {
  const { massCancelId, cancelled, moreMatch, causationId } = end;
  const { outcome, refusal } = await sendPart(
    {
      definition: reservation.finishMassCancel,
      input: { massCancelId, moreMatch },
      idempotencyKey: `mass-cancel:${massCancelId}:finish:${cancelled}:${moreMatch}`,
      causationId,
    },
    ports,
  );
  if (outcome === 'denied') return 'denied';
  return outcome === 'done' || refusal === 'mass_cancel_not_running' ? 'ended' : 'open';
}

function remember(places: Places, massCancelId: Id<'massCancel'>, place: Place): void {
  if (places.size >= bulkLimits.rememberedPlaces && !places.has(massCancelId)) places.clear();
  places.set(massCancelId, place);
}

import type { DeliveryAdmission } from '../delivery/admit-deliveries.ts';
import { dispatchLimits } from './dispatch-limits.ts';

/** What is open of a subscription at the end of a visit. Times are milliseconds of the database's clock. */
export interface OpenWork {
  readonly pending: number;
  /** Waiting for their turn or for their time. */
  readonly waiting: number;
  /** Of them, those whose time has come. */
  readonly ready: number;
  readonly sending: number;
  readonly nextAttemptAtMilliseconds: number | null;
  readonly leaseEndsAtMilliseconds: number | null;
}

export interface LookAgain {
  /** Whether new events of the stream are a reason to come back. */
  readonly follows: boolean;
  /** When to come back whatever happens; null: when something happens. */
  readonly dueAtMilliseconds: number | null;
}

/**
 * When a subscription is worth another visit. Whoever has deliveries under way comes back with their results; this is for the
 * case that nobody does, and for what only time brings. Pure.
 */
export function lookAgain(input: {
  readonly open: OpenWork;
  readonly admission: DeliveryAdmission;
  /** Deliveries that the endpoint may have under way, whichever process sends them. */
  readonly endpointMax: number;
  /** From so many on that are ready, admission waits. */
  readonly readyMax: number;
  readonly paceAtMilliseconds: number | null;
  readonly recoveryAtMilliseconds: number | null;
  /** Until the health is on record, also of an endpoint to which nothing is sent any more. */
  readonly tellAtMilliseconds: number | null;
  readonly nowMilliseconds: number;
}): LookAgain {
  const { open, admission, endpointMax, nowMilliseconds } = input;
  const times: (number | null)[] = [
    open.leaseEndsAtMilliseconds,
    input.recoveryAtMilliseconds,
    input.tellAtMilliseconds,
  ];
  if (admission.kind === 'wait' && open.pending > 0) times.push(admission.untilMilliseconds);
  if (admission.kind === 'probe' && open.waiting > 0 && open.sending === 0) times.push(nowMilliseconds);
  if (admission.kind === 'deliver') {
    if (open.ready > 0 && open.sending < endpointMax) times.push(input.paceAtMilliseconds ?? nowMilliseconds);
    times.push(open.nextAttemptAtMilliseconds);
  }
  const known = times.filter((time) => time !== null);
  return {
    follows: open.pending < dispatchLimits.pendingMax && open.ready < input.readyMax,
    dueAtMilliseconds: known.length === 0 ? null : Math.min(...known),
  };
}

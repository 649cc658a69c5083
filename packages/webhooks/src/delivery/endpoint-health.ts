import type { DeliveryVerdict } from './judge-result.ts';

/**
 * healthy    deliveries flow
 * degraded   deliveries flow, slowly: there were failures, or it has just come back
 * suspended  only a probe now and then; a success brings it back by itself
 * gone       the receiver answered 410; only a person brings it back
 * paused     a person stopped it; only a person brings it back
 */
export type EndpointStatus = 'healthy' | 'degraded' | 'suspended' | 'gone' | 'paused';

/** Why the endpoint has its status: the change that gave it. */
export type HealthReason =
  | 'new'
  | 'consecutive_failures'
  | 'failure_ratio'
  | 'asked_to_slow_down'
  | 'probe_failed'
  | 'probe_succeeded'
  | 'recovered'
  | 'receiver_gone'
  | 'paused_by_operator'
  | 'resumed_by_operator'
  | 'target_changed';

/** What was seen. Times are milliseconds since the Unix epoch, null for never. */
export interface HealthEvidence {
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
  /** The first failure since the last success. */
  readonly failingSinceMilliseconds: number | null;
  readonly lastFailureCode: string | null;
  readonly lastFailureAtMilliseconds: number | null;
  readonly lastSuccessAtMilliseconds: number | null;
  readonly windowStartedAtMilliseconds: number;
  readonly windowAttempts: number;
  readonly windowFailures: number;
}

/** How much may be sent: concurrency grows by addition and shrinks by multiplication (AIMD). */
export interface HealthFlow {
  /** Fractional, since it grows by parts; its floor is the number of deliveries at a time. */
  readonly concurrency: number;
  readonly lastDecreaseAtMilliseconds: number | null;
  /** Nothing is sent before, because the receiver said so. */
  readonly notBeforeMilliseconds: number | null;
}

/** A plain value, to be stored as JSON beside the endpoint. */
export interface EndpointHealth {
  readonly status: EndpointStatus;
  readonly reason: HealthReason;
  readonly sinceMilliseconds: number;
  /** Attempts that began before say nothing about this endpoint any more: it has changed or was resumed since. */
  readonly epochMilliseconds: number;
  readonly evidence: HealthEvidence;
  /** When the next probe is due: a time exactly when the status is `suspended`. */
  readonly nextProbeAtMilliseconds: number | null;
  readonly probesFailed: number;
  readonly flow: HealthFlow;
}

/** The thresholds. Data, so that an operator can have others. */
export interface HealthPolicy {
  readonly degradeFailures: number;
  /** Of the attempts in the window, once there are `ratioAttemptsMin` of them. */
  readonly degradeRatio: number;
  readonly suspendRatio: number;
  readonly ratioAttemptsMin: number;
  readonly windowMilliseconds: number;
  /** Suspension needs this many failures in a row and this much time, so that a restart does not cause it. */
  readonly suspendFailures: number;
  readonly suspendAfterMilliseconds: number;
  readonly recoverSuccesses: number;
  readonly probeDelayMilliseconds: number;
  readonly probeDelayMaxMilliseconds: number;
  /** How long a probe that was begun may take. Longer than any deadline, so that only a lost one runs out. */
  readonly probeLeaseMilliseconds: number;
  readonly jitterRatio: number;
  readonly concurrencyInitial: number;
  readonly concurrencyMax: number;
  readonly decreaseFactor: number;
  /** One decrease in this time: deliveries that were under way together are one signal. */
  readonly decreaseIntervalMilliseconds: number;
}

export const defaultHealthPolicy: HealthPolicy = {
  degradeFailures: 3,
  degradeRatio: 0.5,
  suspendRatio: 0.9,
  ratioAttemptsMin: 20,
  windowMilliseconds: 600_000,
  suspendFailures: 10,
  suspendAfterMilliseconds: 60_000,
  recoverSuccesses: 5,
  probeDelayMilliseconds: 30_000,
  probeDelayMaxMilliseconds: 3_600_000,
  probeLeaseMilliseconds: 120_000,
  jitterRatio: 0.2,
  concurrencyInitial: 4,
  concurrencyMax: 32,
  decreaseFactor: 0.5,
  decreaseIntervalMilliseconds: 1000,
};

/** Something that happened to an endpoint. `random` is from 0 to below 1 and spreads the probes. */
export type HealthObservation =
  | {
      readonly kind: 'attempted';
      readonly verdict: DeliveryVerdict;
      /** The failure code, with the status where there is one. Shown to people, never interpreted. */
      readonly code: string | null;
      readonly startedAtMilliseconds: number;
      readonly atMilliseconds: number;
      readonly retryAfterMilliseconds: number | null;
      readonly random: number;
    }
  | { readonly kind: 'probe_started'; readonly atMilliseconds: number }
  | { readonly kind: 'paused'; readonly atMilliseconds: number }
  | { readonly kind: 'resumed'; readonly atMilliseconds: number }
  | { readonly kind: 'target_changed'; readonly atMilliseconds: number };

/** The health of an endpoint that was just created. */
export function newEndpointHealth(input: {
  readonly atMilliseconds: number;
  readonly policy?: HealthPolicy;
}): EndpointHealth {
  const { atMilliseconds, policy = defaultHealthPolicy } = input;
  return {
    status: 'healthy',
    reason: 'new',
    sinceMilliseconds: atMilliseconds,
    epochMilliseconds: atMilliseconds,
    evidence: {
      consecutiveFailures: 0,
      consecutiveSuccesses: 0,
      failingSinceMilliseconds: null,
      lastFailureCode: null,
      lastFailureAtMilliseconds: null,
      lastSuccessAtMilliseconds: null,
      windowStartedAtMilliseconds: atMilliseconds,
      windowAttempts: 0,
      windowFailures: 0,
    },
    nextProbeAtMilliseconds: null,
    probesFailed: 0,
    flow: { concurrency: policy.concurrencyInitial, lastDecreaseAtMilliseconds: null, notBeforeMilliseconds: null },
  };
}

import { deliveryLimits } from './delivery-limits.ts';
import {
  defaultHealthPolicy,
  newEndpointHealth,
  type EndpointHealth,
  type EndpointStatus,
  type HealthEvidence,
  type HealthFlow,
  type HealthObservation,
  type HealthPolicy,
  type HealthReason,
} from './endpoint-health.ts';
import { withJitter } from './retry-schedule.ts';

type Attempted = Extract<HealthObservation, { readonly kind: 'attempted' }>;

/**
 * The health of an endpoint after an observation. Pure, and total: a suspended endpoint always has a next probe, only
 * a person stops or frees an endpoint for good, and successes lead from everywhere else back to healthy.
 */
export function evolveHealth(
  state: EndpointHealth,
  observation: HealthObservation,
  policy: HealthPolicy = defaultHealthPolicy,
): EndpointHealth {
  const { atMilliseconds } = observation;
  switch (observation.kind) {
    case 'attempted':
      return evolveAttempt({ state, seen: observation, policy });
    case 'probe_started': {
      if (state.status !== 'suspended') return state;
      // A probe that is lost with its process is made again after the lease.
      return { ...state, nextProbeAtMilliseconds: atMilliseconds + policy.probeLeaseMilliseconds };
    }
    case 'paused': {
      if (state.status === 'paused') return state;
      return enter(state, { status: 'paused', reason: 'paused_by_operator', atMilliseconds });
    }
    case 'resumed':
      return resume(state, atMilliseconds, policy);
    case 'target_changed': {
      const fresh = newEndpointHealth({ atMilliseconds, policy });
      const isPaused = state.status === 'paused';
      const { status, reason }: Pick<EndpointHealth, 'status' | 'reason'> = isPaused
        ? state
        : { status: 'healthy', reason: 'target_changed' };
      return { ...fresh, status, reason };
    }
  }
}

interface AttemptStep {
  readonly state: EndpointHealth;
  readonly seen: Attempted;
  readonly policy: HealthPolicy;
}

function evolveAttempt(step: AttemptStep): EndpointHealth {
  const { state, seen, policy } = step;
  if (seen.startedAtMilliseconds < state.epochMilliseconds) return state;
  if (seen.verdict === 'unsendable' || seen.verdict === 'not_charged') {
    if (!isProbe(step)) return state;
    const nextProbeAtMilliseconds = seen.atMilliseconds + probeDelay({ ...step, probesFailed: 0 });
    return { ...state, nextProbeAtMilliseconds };
  }
  const isSuccess = seen.verdict === 'delivered';
  const evidence = addToEvidence({ evidence: state.evidence, seen, policy });
  const flow = isSuccess ? increaseFlow(state.flow, policy) : decreaseFlow({ flow: state.flow, seen, policy });
  const next = { ...step, state: { ...state, evidence, flow } };
  if (isSuccess) return evolveSuccess(next);
  if (seen.verdict === 'gone') return evolveGone(next);
  return evolveFailure(next);
}

/** Deliveries that were under way when the endpoint was suspended are no probes. */
function isProbe({ state, seen }: AttemptStep): boolean {
  return state.status === 'suspended' && seen.startedAtMilliseconds >= state.sinceMilliseconds;
}

function evolveSuccess({ state, seen, policy }: AttemptStep): EndpointHealth {
  const { atMilliseconds } = seen;
  if (state.status === 'healthy' || state.status === 'paused') return state;
  // What the receiver took before it said 410 does not take that back.
  if (state.status === 'gone' && seen.startedAtMilliseconds < state.sinceMilliseconds) return state;
  if (state.status === 'degraded') {
    if (state.evidence.consecutiveSuccesses < policy.recoverSuccesses) return state;
    return withFreshWindow(enter(state, { status: 'healthy', reason: 'recovered', atMilliseconds }), atMilliseconds);
  }
  const back = enter(state, { status: 'degraded', reason: 'probe_succeeded', atMilliseconds });
  return withFreshWindow({ ...back, flow: { ...back.flow, concurrency: 1 } }, atMilliseconds);
}

function evolveGone({ state, seen }: AttemptStep): EndpointHealth {
  if (state.status === 'paused' || state.status === 'gone') return state;
  return enter(state, { status: 'gone', reason: 'receiver_gone', atMilliseconds: seen.atMilliseconds });
}

function evolveFailure(step: AttemptStep): EndpointHealth {
  const { state, seen, policy } = step;
  const { atMilliseconds } = seen;
  if (state.status === 'paused' || state.status === 'gone') return state;
  if (state.status === 'suspended') {
    if (!isProbe(step)) return state;
    const probesFailed = state.probesFailed + 1;
    return { ...state, reason: 'probe_failed', probesFailed, nextProbeAtMilliseconds: nextProbe(step, probesFailed) };
  }
  const suspendReason = findSuspendReason(step);
  if (suspendReason !== undefined) {
    const suspended = enter(state, { status: 'suspended', reason: suspendReason, atMilliseconds });
    return { ...suspended, nextProbeAtMilliseconds: nextProbe(step, 0) };
  }
  const degradeReason = findDegradeReason(step);
  if (state.status === 'degraded' || degradeReason === undefined) return state;
  return enter(state, { status: 'degraded', reason: degradeReason, atMilliseconds });

  function nextProbe(from: AttemptStep, probesFailed: number): number {
    const due = from.seen.atMilliseconds + probeDelay({ policy, seen, probesFailed });
    return Math.max(due, from.state.flow.notBeforeMilliseconds ?? 0);
  }
}

function findSuspendReason({ state, seen, policy }: AttemptStep): HealthReason | undefined {
  const { evidence } = state;
  const failingMilliseconds = seen.atMilliseconds - (evidence.failingSinceMilliseconds ?? seen.atMilliseconds);
  if (
    evidence.consecutiveFailures >= policy.suspendFailures &&
    failingMilliseconds >= policy.suspendAfterMilliseconds
  ) {
    return 'consecutive_failures';
  }
  const windowMilliseconds = seen.atMilliseconds - evidence.windowStartedAtMilliseconds;
  const isLongEnough = windowMilliseconds >= policy.suspendAfterMilliseconds;
  return isLongEnough && failureRatio(evidence, policy) >= policy.suspendRatio ? 'failure_ratio' : undefined;
}

function findDegradeReason({ state, seen, policy }: AttemptStep): HealthReason | undefined {
  if (seen.verdict === 'slow_down') return 'asked_to_slow_down';
  if (state.evidence.consecutiveFailures >= policy.degradeFailures) return 'consecutive_failures';
  return failureRatio(state.evidence, policy) >= policy.degradeRatio ? 'failure_ratio' : undefined;
}

/** Zero until there are enough attempts to speak of a ratio. */
function failureRatio(evidence: HealthEvidence, policy: HealthPolicy): number {
  return evidence.windowAttempts < policy.ratioAttemptsMin ? 0 : evidence.windowFailures / evidence.windowAttempts;
}

/** Doubles with each failed probe up to the longest delay. */
function probeDelay(input: Pick<AttemptStep, 'policy' | 'seen'> & { readonly probesFailed: number }): number {
  const { policy, seen, probesFailed } = input;
  const doubled = policy.probeDelayMilliseconds * 2 ** Math.min(probesFailed, 30);
  const delaySeconds = Math.min(doubled, policy.probeDelayMaxMilliseconds) / 1000;
  return withJitter({ delaySeconds, ratio: policy.jitterRatio, random: seen.random });
}

function resume(state: EndpointHealth, atMilliseconds: number, policy: HealthPolicy): EndpointHealth {
  if (state.status === 'healthy' || state.status === 'degraded') return state;
  const { lastFailureCode, lastFailureAtMilliseconds, lastSuccessAtMilliseconds } = state.evidence;
  const fresh = newEndpointHealth({ atMilliseconds, policy });
  return {
    ...fresh,
    status: 'degraded',
    reason: 'resumed_by_operator',
    evidence: { ...fresh.evidence, lastFailureCode, lastFailureAtMilliseconds, lastSuccessAtMilliseconds },
    // One at a time: nobody knows yet whether it is back.
    flow: { ...fresh.flow, concurrency: 1 },
  };
}

function enter(
  state: EndpointHealth,
  change: { readonly status: EndpointStatus; readonly reason: HealthReason; readonly atMilliseconds: number },
): EndpointHealth {
  const { status, reason, atMilliseconds: sinceMilliseconds } = change;
  return { ...state, status, reason, sinceMilliseconds, nextProbeAtMilliseconds: null, probesFailed: 0 };
}

function withFreshWindow(state: EndpointHealth, atMilliseconds: number): EndpointHealth {
  const window = { windowStartedAtMilliseconds: atMilliseconds, windowAttempts: 0, windowFailures: 0 };
  return { ...state, evidence: { ...state.evidence, ...window } };
}

function addToEvidence(input: {
  readonly evidence: HealthEvidence;
  readonly seen: Attempted;
  readonly policy: HealthPolicy;
}): HealthEvidence {
  const { evidence, seen, policy } = input;
  const { atMilliseconds } = seen;
  const isSuccess = seen.verdict === 'delivered';
  const isWindowOver = atMilliseconds - evidence.windowStartedAtMilliseconds >= policy.windowMilliseconds;
  const window = {
    windowStartedAtMilliseconds: isWindowOver ? atMilliseconds : evidence.windowStartedAtMilliseconds,
    windowAttempts: (isWindowOver ? 0 : evidence.windowAttempts) + 1,
    windowFailures: (isWindowOver ? 0 : evidence.windowFailures) + (isSuccess ? 0 : 1),
  };
  if (isSuccess) {
    return {
      ...evidence,
      ...window,
      consecutiveFailures: 0,
      consecutiveSuccesses: evidence.consecutiveSuccesses + 1,
      failingSinceMilliseconds: null,
      lastSuccessAtMilliseconds: atMilliseconds,
    };
  }
  return {
    ...evidence,
    ...window,
    consecutiveFailures: evidence.consecutiveFailures + 1,
    consecutiveSuccesses: 0,
    failingSinceMilliseconds: evidence.failingSinceMilliseconds ?? atMilliseconds,
    lastFailureCode: seen.code,
    lastFailureAtMilliseconds: atMilliseconds,
  };
}

/** By one for each round of deliveries that all succeed. */
function increaseFlow(flow: HealthFlow, policy: HealthPolicy): HealthFlow {
  const concurrency = Math.min(policy.concurrencyMax, flow.concurrency + 1 / Math.floor(flow.concurrency));
  return { ...flow, concurrency };
}

function decreaseFlow(input: {
  readonly flow: HealthFlow;
  readonly seen: Attempted;
  readonly policy: HealthPolicy;
}): HealthFlow {
  const { flow, seen, policy } = input;
  const held = { ...flow, notBeforeMilliseconds: findNotBefore(flow, seen) };
  const last = flow.lastDecreaseAtMilliseconds;
  // A clock that went back must not keep the rate up.
  const isSameSignal = last !== null && Math.abs(seen.atMilliseconds - last) < policy.decreaseIntervalMilliseconds;
  if (isSameSignal) return held;
  const concurrency = Math.max(1, flow.concurrency * policy.decreaseFactor);
  return { ...held, concurrency, lastDecreaseAtMilliseconds: seen.atMilliseconds };
}

function findNotBefore(flow: HealthFlow, seen: Attempted): number | null {
  const asked = seen.retryAfterMilliseconds ?? 0;
  if (seen.verdict !== 'slow_down' || !(asked > 0)) return flow.notBeforeMilliseconds;
  const until = seen.atMilliseconds + Math.min(asked, deliveryLimits.retryAfterMaxMilliseconds);
  return Math.max(until, flow.notBeforeMilliseconds ?? 0);
}

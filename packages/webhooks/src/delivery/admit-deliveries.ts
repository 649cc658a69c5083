import type { EndpointHealth } from './endpoint-health.ts';

/** What the dispatcher may do now. `wait` ends by itself, `stopped` only by a person. */
export type DeliveryAdmission =
  | { readonly kind: 'deliver'; readonly concurrency: number }
  | { readonly kind: 'probe' }
  | { readonly kind: 'wait'; readonly untilMilliseconds: number }
  | { readonly kind: 'stopped' };

/** How many deliveries an endpoint may have under way now, or when to ask again. */
export function admitDeliveries(state: EndpointHealth, nowMilliseconds: number): DeliveryAdmission {
  if (state.status === 'gone' || state.status === 'paused') return { kind: 'stopped' };
  const until = state.status === 'suspended' ? state.nextProbeAtMilliseconds : state.flow.notBeforeMilliseconds;
  if (until !== null && nowMilliseconds < until) return { kind: 'wait', untilMilliseconds: until };
  if (state.status === 'suspended') return { kind: 'probe' };
  return { kind: 'deliver', concurrency: Math.floor(state.flow.concurrency) };
}

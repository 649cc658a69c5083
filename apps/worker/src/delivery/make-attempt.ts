import { createHash } from 'node:crypto';
import { childTraceparent, type RandomBytes } from '@karmanflow/runtime';
import type { Scope } from '@karmanflow/schema';
import { toId } from '@karmanflow/schema';
import {
  type AttemptResult,
  type ClaimedDelivery,
  deliver,
  type DeliveryNetwork,
  type DeliveryResult,
  dispatchLimits,
  type EgressProxy,
  parseTargetUrl,
  signDelivery,
  type SubscriptionView,
  type TargetPolicy,
  type WebhookMaster,
} from '@karmanflow/webhooks';

/** What stays the same over all attempts of this process. */
export interface AttemptPorts {
  readonly master: WebhookMaster;
  readonly policy: TargetPolicy;
  readonly network: DeliveryNetwork;
  readonly egressProxy: EgressProxy | null;
  readonly randomBytes: RandomBytes;
  readonly random: () => number;
}

export interface AttemptOrder {
  readonly scope: Scope;
  readonly subscription: SubscriptionView;
  readonly claimed: ClaimedDelivery;
  /** The database's clock and ours at the moment before the claim, so that times can be told on the one by the other. */
  readonly claimedAt: { readonly databaseMilliseconds: number; readonly monotonicMilliseconds: number };
  readonly signal: AbortSignal;
}

const userAgent = 'KarmanFlow-Webhooks/1';

/** Signs and sends one delivery. Every end is a value; what goes wrong on our own side is no fault of the receiver. */
export async function makeAttempt(order: AttemptOrder, ports: AttemptPorts): Promise<AttemptResult> {
  const { claimed, claimedAt } = order;
  const now = (): number =>
    claimedAt.databaseMilliseconds + (ports.network.monotonicMilliseconds() - claimedAt.monotonicMilliseconds);
  const startedAtMilliseconds = now();
  const traceparent = traceOf(claimed, ports);
  const end = (result: DeliveryResult | null, requestDigest: Uint8Array | null): AttemptResult => ({
    deliveryId: claimed.deliveryId,
    leaseId: claimed.leaseId,
    isProbe: claimed.isProbe,
    startedAtMilliseconds,
    endedAtMilliseconds: now(),
    result,
    requestDigest,
    traceparent,
    random: ports.random(),
  });
  const lateness = startedAtMilliseconds - claimedAt.databaseMilliseconds;
  // The lease has to outlast the attempt: one that begins too late is not made.
  if (order.signal.aborted || lateness > dispatchLimits.startMilliseconds) return end(null, null);
  try {
    const { headers, body } = sign(order, { ports, traceparent, nowMilliseconds: startedAtMilliseconds });
    const digest = createHash('sha256').update(body).digest();
    const target = parseTargetUrl(order.subscription.url, ports.policy);
    if (!target.ok) return end(unsendable(target.code), digest);
    const result = await deliver({
      target: target.target,
      policy: ports.policy,
      headers,
      body,
      attempt: claimed.attempt,
      network: ports.network,
      deadlineMilliseconds: dispatchLimits.deadlineMilliseconds,
      signal: order.signal,
      ...(ports.egressProxy === null ? {} : { egressProxy: ports.egressProxy }),
    });
    return end(result, digest);
  } catch {
    // A delivery that cannot even be made must not end the process each time that it comes up again.
    return end(unsendable('malformed'), null);
  }
}

function sign(
  { scope, subscription, claimed }: AttemptOrder,
  made: { readonly ports: AttemptPorts; readonly traceparent: string; readonly nowMilliseconds: number },
): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array } {
  const { eventId, event, sequence, recoveryId } = claimed;
  const signed = signDelivery({
    master: made.ports.master,
    scope,
    subscription: {
      id: toId('webhookSubscription', subscription.id),
      secretVersion: subscription.secret_version,
      retiringVersion: subscription.retiring_version,
      retiringUntil: subscription.retiring_until,
      isAsymmetric: subscription.is_asymmetric,
    },
    eventId,
    event,
    sequence,
    nowMilliseconds: made.nowMilliseconds,
    traceparent: made.traceparent,
    recoveryId,
  });
  // Canonical JSON of an object from name to value, which the command checked; ours win.
  const own: Record<string, string> = JSON.parse(subscription.headers);
  return { body: signed.body, headers: { ...own, 'user-agent': userAgent, ...signed.headers } };
}

/** A span of its own within the trace of whoever caused the event. */
function traceOf({ traceparent }: ClaimedDelivery, { randomBytes }: AttemptPorts): string {
  return traceparent === null ? '' : childTraceparent(traceparent, randomBytes);
}

function unsendable(reason: string): DeliveryResult {
  return {
    kind: 'failed',
    code: 'request_invalid',
    phase: 'resolve',
    reason,
    timings: {},
    totalMilliseconds: 0,
    responseBytes: new Uint8Array(),
    responseTruncated: false,
    responseHeaders: {},
  };
}

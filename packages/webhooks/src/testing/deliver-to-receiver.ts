import { deliver, type DeliverInput } from '../delivery/deliver.ts';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import { parseTargetUrl, type DeliveryTarget, type TargetPolicy } from '../delivery/parse-target-url.ts';
import type { HostileBehaviour } from './hostile-behaviours.ts';
import { startHostileReceiver, type HostileReceiver } from './hostile-receiver.ts';
import { openLoopbackNetwork, type LoopbackNetwork } from './loopback-network.ts';
import type { TestCertificate } from './test-certificate.ts';

/** The policy of the tests with real sockets: only loopback can be reached there. */
export const loopbackPolicy: TargetPolicy = { ports: 'high', localTargets: true };

export function targetOf(text: string, policy: TargetPolicy = loopbackPolicy): DeliveryTarget {
  const parsed = parseTargetUrl(text, policy);
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
  return parsed.target;
}

export interface DeliveryToReceiver {
  readonly result: DeliveryResult;
  readonly network: LoopbackNetwork;
  readonly receiver: Pick<HostileReceiver, 'connections' | 'received' | 'bytesSent'>;
}

/**
 * Delivers once to a receiver that behaves so, and waits until every connection is closed. With a certificate the
 * target is https://hooks.example.com, resolved to loopback, else plain http.
 */
export async function deliverToReceiver(input: {
  readonly behaviour: HostileBehaviour;
  readonly certificate?: TestCertificate;
  readonly options?: Partial<DeliverInput>;
}): Promise<DeliveryToReceiver> {
  const { behaviour, certificate, options } = input;
  const receiver = await startHostileReceiver({ behaviour, ...(certificate === undefined ? {} : { certificate }) });
  try {
    const network = openLoopbackNetwork({ answers: [['127.0.0.1']] });
    const origin = certificate === undefined ? 'http://127.0.0.1' : 'https://hooks.example.com';
    const result = await deliver({
      target: targetOf(`${origin}:${receiver.port}/hook?tenant=1`),
      policy: loopbackPolicy,
      headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode('{"type":"stock.level.changed"}'),
      attempt: 1,
      network,
      deadlineMilliseconds: 30_000,
      ...options,
    });
    await receiver.idle();
    return { result, network, receiver };
  } finally {
    await receiver.stop();
  }
}

/**
 * What comes of a short deadline that the receiver is to use up in `phase`. A machine that stands still may use it up in an
 * earlier one: then once more with a longer deadline.
 */
export async function timedOutIn(input: {
  readonly phase: string;
  readonly deliverWithin: (deadlineMilliseconds: number) => Promise<{ readonly result: DeliveryResult }>;
}): Promise<{ readonly result: DeliveryResult }> {
  for (let deadlineMilliseconds = 300; ; deadlineMilliseconds *= 4) {
    const delivered = await input.deliverWithin(deadlineMilliseconds);
    const { result } = delivered;
    const isEarly = result.kind === 'failed' && result.code === 'timed_out' && result.phase !== input.phase;
    if (!isEarly || deadlineMilliseconds > 10_000) return delivered;
  }
}

/** What a test compares: everything but the times. */
export function summaryOf(result: DeliveryResult): Readonly<Record<string, unknown>> {
  const { status, address } = result;
  const common = { ...(status === undefined ? {} : { status }), ...(address === undefined ? {} : { address }) };
  if (result.kind === 'delivered') return { kind: 'delivered', ...common };
  return { kind: 'failed', code: result.code, phase: result.phase, reason: result.reason, ...common };
}

import { DeliveryAttempt } from './delivery-attempt.ts';
import { deliveryLimits } from './delivery-limits.ts';
import type { DeliveryNetwork } from './delivery-network.ts';
import type { DeliveryFailure, DeliveryResult } from './delivery-result.ts';
import { exchange, type ExchangeEnd } from './exchange.ts';
import { openConnection } from './open-connection.ts';
import { openTunnel, type EgressProxy } from './open-tunnel.ts';
import type { DeliveryTarget, TargetPolicy } from './parse-target-url.ts';
import { resolveTarget } from './resolve-target.ts';
import { ResponseReader } from './response-reader.ts';
import { startTls } from './start-tls.ts';
import { writeRequest } from './write-request.ts';

export interface DeliverInput {
  readonly target: DeliveryTarget;
  readonly policy: TargetPolicy;
  /** Such as the three of `signWebhook` and Content-Type. Those of the connection itself are ours. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes that were signed. */
  readonly body: Uint8Array;
  /** The number of this attempt, from 1. It chooses among the addresses of the target. */
  readonly attempt: number;
  readonly network: DeliveryNetwork;
  /** For everything together. By default 15 seconds, at most 60. */
  readonly deadlineMilliseconds?: number;
  /** How much of the response body is kept: by default 1 KiB, at most 16 KiB. */
  readonly keptBytes?: number;
  readonly egressProxy?: EgressProxy;
  /** PEM certificates to trust instead of the runtime's, for a private network or a test. */
  readonly certificateAuthorities?: readonly string[];
  /** Cancels the attempt when the process stops. */
  readonly signal?: AbortSignal;
}

/**
 * Makes one attempt: resolve once, judge every address, connect to one of them and to nothing else, send, and read a
 * bounded answer, all before one deadline. No redirect is followed, nothing is inflated, no connection is kept, and no
 * environment variable has a say. Every outcome is a value. Throws only when a bound in the input is out of range.
 */
export async function deliver(input: DeliverInput): Promise<DeliveryResult> {
  const { network, signal } = input;
  const deadlineMilliseconds = input.deadlineMilliseconds ?? deliveryLimits.deadlineDefaultMilliseconds;
  const keptBytes = input.keptBytes ?? deliveryLimits.responseKeptDefaultBytes;
  requireBound({ name: 'deadline', value: deadlineMilliseconds, max: deliveryLimits.deadlineMaxMilliseconds });
  requireBound({ name: 'kept response', value: keptBytes, max: deliveryLimits.responseKeptMaxBytes });

  const attempt = new DeliveryAttempt({ network, deadlineMilliseconds, signal });
  const reader = new ResponseReader({ keptBytes });
  const trace: AttemptTrace = { address: undefined };
  try {
    const end = await Promise.race([runSteps({ input, attempt, reader, trace }), attempt.stopped]);
    return describeEnd({ end, attempt, reader, trace });
  } finally {
    attempt.finish();
  }
}

interface AttemptTrace {
  address: string | undefined;
}

type StepsEnd = ExchangeEnd | DeliveryFailure;

interface Steps {
  readonly input: DeliverInput;
  readonly attempt: DeliveryAttempt;
  readonly reader: ResponseReader;
  readonly trace: AttemptTrace;
}

async function runSteps({ input, attempt, reader, trace }: Steps): Promise<StepsEnd> {
  const { target, policy, network, egressProxy } = input;
  const request = writeRequest({ target, headers: input.headers, body: input.body });
  if (!request.ok) return { code: 'request_invalid', phase: 'resolve', reason: request.reason };

  const resolved = await resolveTarget({ target, policy, resolve: network.resolve, rotation: input.attempt - 1 });
  if (!resolved.ok) return { code: resolved.code, phase: 'resolve', reason: resolved.reason };
  // A name server that answers after the deadline must not start a connection.
  if (attempt.isOver) return attempt.stopped;
  trace.address = resolved.address;

  attempt.enter('connect');
  const place = { address: resolved.address, port: target.port };
  const opened =
    egressProxy === undefined
      ? await openConnection({ attempt, network, place })
      : await openTunnel({ attempt, network, proxy: egressProxy, place });
  if (!opened.ok) return opened;
  if (target.scheme === 'http') {
    attempt.enter('headers');
    return exchange({ attempt, socket: opened.socket, request: request.bytes, reader });
  }
  attempt.enter('tls');
  const { certificateAuthorities } = input;
  const secured = await startTls({ attempt, socket: opened.socket, target, certificateAuthorities });
  if (!secured.ok) return secured;
  attempt.enter('headers');
  return exchange({ attempt, socket: secured.socket, request: request.bytes, reader });
}

function describeEnd(input: {
  readonly end: StepsEnd;
  readonly attempt: DeliveryAttempt;
  readonly reader: ResponseReader;
  readonly trace: AttemptTrace;
}): DeliveryResult {
  const { end, attempt, reader, trace } = input;
  const status = reader.head?.status;
  const evidence = {
    ...attempt.finish(),
    ...(trace.address === undefined ? {} : { address: trace.address }),
    ...(status === undefined ? {} : { status }),
    responseBytes: reader.keptBytes(),
    responseTruncated: reader.isTruncated,
    responseHeaders: reader.head?.kept ?? {},
  };
  const failure = findFailure({ end, attempt, status });
  if (failure !== undefined) return { kind: 'failed', ...evidence, ...failure };
  if (status === undefined) throw new Error('A response is complete only with a status.');
  return { kind: 'delivered', ...evidence, status };
}

/** A status that refuses stands, however its body ended: 410 with an endless body is still 410. */
function findFailure(input: {
  readonly end: StepsEnd;
  readonly attempt: DeliveryAttempt;
  readonly status: number | undefined;
}): DeliveryFailure | undefined {
  const { end, attempt, status } = input;
  const { phase } = attempt;
  if (status !== undefined && status >= 400) return { code: 'status_refused', phase, reason: String(status) };
  if (status !== undefined && status >= 300) return { code: 'redirect_refused', phase, reason: String(status) };
  if (!('code' in end)) return undefined;
  return { code: end.code, phase: 'phase' in end ? end.phase : phase, reason: end.reason };
}

function requireBound({ name, value, max }: { readonly name: string; readonly value: number; readonly max: number }) {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(`The ${name} of a delivery is a whole number from 1 to ${max}.`);
}

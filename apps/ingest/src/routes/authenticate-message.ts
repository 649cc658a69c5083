import { access } from '@karmanflow/commands';
import { problem, readBoundedBody, type RequestIdentity } from '@karmanflow/runtime';
import { limits } from '@karmanflow/schema';
import { inboundPresets, verifyInbound } from '@karmanflow/webhooks';
import type { SourceAdmission } from '../admission/source-admission.ts';
import { identifyByContent, identifyMessage } from '../identify-message.ts';
import { ingestLimits } from '../ingest-limits.ts';
import { headerOf, type MessagePorts, type MessageWork } from '../message-work.ts';
import type { RequestCarrier } from '../quarantine/carry-out.ts';
import type { StoredMessage } from '../quarantine/seal-message.ts';
import { readSourceSecrets } from '../read-source-secrets.ts';
import type { IngestSource, NoSource, SourceDirectory } from '../sources.ts';
import { verifyStored } from '../verify-stored.ts';
import type { Answer } from './answer-outcome.ts';

export interface ReceivePorts extends MessagePorts {
  readonly sources: SourceDirectory;
  readonly admission: SourceAdmission;
  readonly carrier: RequestCarrier;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** A webhook secret made when the process started. Nobody knows it, so nothing that is signed verifies against it. */
  readonly decoySecret: string;
}

/** A request at an address of ingest. */
export interface Arrival {
  readonly address: string;
  readonly request: Request;
  readonly identity: RequestIdentity;
}

/** An authentic message that its source may send now. */
export interface Authenticated {
  readonly work: MessageWork;
  /** False: its body has no id where its sender puts one. */
  readonly hasId: boolean;
  /** Called once, when it has been answered. */
  readonly leave: () => void;
}

export type Authentication = ({ readonly ok: true } & Authenticated) | { readonly ok: false; readonly answer: Answer };

interface Delivery {
  readonly stored: StoredMessage;
  readonly identity: RequestIdentity;
}

/**
 * Judges a request at an ingest address: raw bytes, source, signature, and then what its source may send. Everything that keeps
 * a signature from verifying has the same answer, whether or not there is a source.
 */
export async function authenticateMessage(ports: ReceivePorts, arrival: Arrival): Promise<Authentication> {
  const { request, identity } = arrival;
  const read = await readBoundedBody(request, limits.ingestBodyBytes);
  if (!read.ok) {
    const response = problem(read.code, { detail: read.detail, instance: identity.requestId });
    return refused({ response, outcome: 'unreadable' });
  }
  const receivedAtSeconds = Math.floor(ports.now() / 1000);
  const stored = { headers: [...request.headers], body: read.body, receivedAtSeconds };
  const delivery: Delivery = { stored, identity };
  const address = access.parseIngestAddress(arrival.address);
  const found = address === null ? null : await ports.sources.find(address).catch((error: unknown) => ({ error }));
  if (found !== null && 'error' in found) return refused(databaseFailed(ports, identity, found.error));
  if (found?.ok) return authenticateFrom(found.source, ports, delivery);
  verifyAgainstDecoy(ports, delivery);
  return refused(nobodyThere(ports, arrival, found?.reason ?? 'address_malformed'));
}

function nobodyThere(ports: ReceivePorts, arrival: Arrival, reason: NoSource | 'address_malformed'): Answer {
  if (reason === 'source_unusable') {
    ports.logger.error({ reason, address: arrival.address }, 'a source cannot be used as it is stored');
    return failed('internal_error', arrival.identity, 'this source cannot be used now');
  }
  if (reason === 'look_ups_limited') return limited(arrival.identity, ingestLimits.crowdedRetryAfterSeconds);
  ports.logger.info({ reason }, 'a delivery was not accepted');
  return unauthentic();
}

/** The same work as for a source that exists: how long the answer takes must not tell whether there is one. */
function verifyAgainstDecoy({ decoySecret }: ReceivePorts, { stored }: Delivery): void {
  verifyInbound({
    preset: inboundPresets['standard-webhooks'],
    secrets: [decoySecret],
    headers: stored.headers,
    rawBody: stored.body,
    nowSeconds: stored.receivedAtSeconds,
  });
}

async function authenticateFrom(
  source: IngestSource,
  ports: ReceivePorts,
  delivery: Delivery,
): Promise<Authentication> {
  const { ingestSourceId } = source;
  const { stored, identity } = delivery;
  const { secrets, complete } = await readSourceSecrets(source, ports);
  if (secrets.length === 0) {
    verifyAgainstDecoy(ports, delivery);
    return refused(failed('internal_error', identity, 'a secret of this source cannot be read now'));
  }
  const verified = verifyStored(source, { stored, secrets });
  if (!verified.ok && verified.code !== 'message_id_unreadable') {
    if (!complete) return refused(failed('internal_error', identity, 'a secret of this source cannot be read now'));
    ports.logger.info({ reason: verified.code, ingestSourceId }, 'a delivery was not accepted');
    return refused(unauthentic());
  }
  const { bodyBytes } = source.limits;
  if (stored.body.length > bodyBytes) {
    const detail = `at most ${bodyBytes} bytes`;
    const response = problem('body_too_large', { detail, instance: identity.requestId });
    return refused({ response, outcome: 'unreadable' });
  }
  const admitted = ports.admission.enter(source);
  if (!admitted.ok) {
    ports.logger.debug({ ingestSourceId }, 'a source sends more than it may');
    return refused(limited(identity, admitted.waitSeconds));
  }
  const known = { ingestSourceId, preset: source.scheme.preset, body: stored.body };
  const message = verified.ok
    ? identifyMessage({ ...known, verified, header: (name) => headerOf(stored, name) })
    : identifyByContent(known);
  const { requestId, correlationId, traceparent } = identity;
  const work = { ports, source, message, stored, identity: { requestId, correlationId, traceparent } };
  return { ok: true, work, hasId: verified.ok, leave: admitted.leave };
}

function refused(answer: Answer): Authentication {
  return { ok: false, answer };
}

/** Without the request's id in the body: every such answer has the same bytes. */
function unauthentic(): Answer {
  return { response: problem('signature_invalid'), outcome: 'unauthentic' };
}

function limited({ requestId: instance }: RequestIdentity, waitSeconds: number): Answer {
  const headers = { 'retry-after': String(waitSeconds) };
  return { response: problem('rate_limited', { instance, headers }), outcome: 'limited' };
}

export function databaseFailed(ports: Pick<ReceivePorts, 'logger'>, identity: RequestIdentity, error: unknown): Answer {
  ports.logger.error({ err: error }, 'a look-up failed');
  return failed('database_unavailable', identity, 'a look-up failed');
}

/** Our own failure: the sender keeps the message and sends it again. */
export function failed(
  code: 'database_unavailable' | 'internal_error',
  { requestId: instance }: RequestIdentity,
  detail: string,
): Answer {
  const headers = { 'retry-after': String(ingestLimits.retryAfterSeconds) };
  return { response: problem(code, { detail, instance, headers }), outcome: 'failed' };
}

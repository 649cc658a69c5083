import { access } from '@karmanflow/commands';
import { problem, readBoundedBody, type RequestIdentity, SecretUnavailable } from '@karmanflow/runtime';
import { limits } from '@karmanflow/schema';
import { inboundPresets, verifyInbound } from '@karmanflow/webhooks';
import { identifyByContent, identifyMessage } from '../identify-message.ts';
import { ingestLimits } from '../ingest-limits.ts';
import { headerOf, type MessagePorts } from '../message-work.ts';
import { type Processed, processMessage } from '../process-message.ts';
import type { RequestCarrier } from '../quarantine/carry-out.ts';
import { holdMessage } from '../quarantine/hold-message.ts';
import type { StoredMessage } from '../quarantine/seal-message.ts';
import { readSourceSecrets } from '../read-source-secrets.ts';
import type { IngestSource, SourceDirectory, SourceResult } from '../sources.ts';
import { verifyStored } from '../verify-stored.ts';
import { answerProcessed } from './answer-processed.ts';
import type { Answer } from './answer-outcome.ts';

export interface ReceivePorts extends MessagePorts {
  readonly sources: SourceDirectory;
  readonly carrier: RequestCarrier;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** A webhook secret made when the process started. Nobody knows it, so nothing that is signed verifies against it. */
  readonly decoySecret: string;
}

interface Delivery {
  readonly stored: StoredMessage;
  readonly identity: RequestIdentity;
}

/**
 * Takes one delivery at an ingest address to its end: raw bytes, source, signature, and only then content and command.
 * Everything that keeps a signature from verifying has the same answer, whether or not there is a source.
 */
export async function receiveMessage(
  ports: ReceivePorts,
  arrival: { readonly address: string; readonly request: Request; readonly identity: RequestIdentity },
): Promise<Answer> {
  const { request, identity } = arrival;
  const read = await readBoundedBody(request, limits.ingestBodyBytes);
  if (!read.ok) {
    const response = problem(read.code, { detail: read.detail, instance: identity.requestId });
    return { response, outcome: 'unreadable' };
  }
  const receivedAtSeconds = Math.floor(ports.now() / 1000);
  const delivery: Delivery = {
    stored: { headers: [...request.headers], body: read.body, receivedAtSeconds },
    identity,
  };
  const address = access.parseIngestAddress(arrival.address);
  let found: SourceResult | null;
  try {
    found = address === null ? null : await ports.sources.find(address);
  } catch (error) {
    return databaseFailed(ports, delivery, error);
  }
  if (found?.ok) return receiveFrom(found.source, ports, delivery);
  verifyAgainstDecoy(ports, delivery);
  const reason = found?.reason ?? 'address_malformed';
  if (reason === 'source_unusable') {
    ports.logger.error({ reason, address: arrival.address }, 'a source cannot be used as it is stored');
    return failed('internal_error', delivery, 'this source cannot be used now');
  }
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

async function receiveFrom(source: IngestSource, ports: ReceivePorts, delivery: Delivery): Promise<Answer> {
  const { logger } = ports;
  const { ingestSourceId } = source;
  const { stored } = delivery;
  const { requestId, correlationId, traceparent } = delivery.identity;
  const { secrets, complete } = await readSourceSecrets(source, ports);
  if (secrets.length === 0) {
    verifyAgainstDecoy(ports, delivery);
    return failed('internal_error', delivery, 'a secret of this source cannot be read now');
  }
  const verified = verifyStored(source, { stored, secrets });
  if (!verified.ok && verified.code !== 'message_id_unreadable') {
    if (!complete) return failed('internal_error', delivery, 'a secret of this source cannot be read now');
    logger.info({ reason: verified.code, ingestSourceId }, 'a delivery was not accepted');
    return unauthentic();
  }
  const known = { ingestSourceId, preset: source.scheme.preset, body: stored.body };
  const message = verified.ok
    ? identifyMessage({ ...known, verified, header: (name) => headerOf(stored, name) })
    : identifyByContent(known);
  const work = { ports, source, message, stored, identity: { requestId, correlationId, traceparent } };
  let processed: Processed;
  try {
    processed = verified.ok ? await processMessage(work) : await holdUnnamed(work);
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) return databaseFailed(ports, delivery, error);
    ports.logger.error({ err: error, ingestSourceId }, 'a message could not be held in quarantine');
    return failed('internal_error', delivery, 'the message could not be kept');
  }
  if (processed.kind === 'held' && !processed.replayed) {
    const { reason, why, quarantinedMessageId } = processed;
    logger.warn(
      { ingestSourceId, reason, quarantinedMessageId, detail: why?.detail, issues: why?.issues, unknown: why?.unknown },
      'an authentic message was quarantined',
    );
  }
  ports.carrier.nudge(source);
  return answerProcessed(processed, requestId);
}

async function holdUnnamed(work: Parameters<typeof holdMessage>[0]): Promise<Processed> {
  const held = await holdMessage(work, 'message_id_unreadable');
  if (held.kind === 'held') return { ...held, reason: 'message_id_unreadable', why: null };
  if (held.kind === 'failed') return { kind: 'outcome', outcome: held.outcome };
  return held.kind === 'full' ? { kind: 'full' } : processMessage(work);
}

/** Without the request's id in the body: every such answer has the same bytes. */
function unauthentic(): Answer {
  return { response: problem('signature_invalid'), outcome: 'unauthentic' };
}

function databaseFailed(ports: ReceivePorts, delivery: Delivery, error: unknown): Answer {
  ports.logger.error({ err: error }, 'a look-up failed');
  return failed('database_unavailable', delivery, 'a look-up failed');
}

/** Our own failure: the sender keeps the message and sends it again. */
function failed(code: 'database_unavailable' | 'internal_error', delivery: Delivery, detail: string): Answer {
  const headers = { 'retry-after': String(ingestLimits.retryAfterSeconds) };
  const { requestId: instance } = delivery.identity;
  return { response: problem(code, { detail, instance, headers }), outcome: 'failed' };
}

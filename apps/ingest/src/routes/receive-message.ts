import { access, type Executor, inventory, parseCommand, registry } from '@karmanflow/commands';
import { type Logger, problem, readBoundedBody, type RequestIdentity, type SecretStore } from '@karmanflow/runtime';
import { type Database, limits } from '@karmanflow/schema';
import { ingestLimits } from '../ingest-limits.ts';
import { type MappedCommand, type ReadMessage, readMessage } from '../mapping/index.ts';
import { claimOf } from '../message-claim.ts';
import { presetNamed, standardWebhooks } from '../presets/index.ts';
import { readSourceSecrets } from '../read-source-secrets.ts';
import type { IngestSource, SourceDirectory } from '../sources.ts';
import { type Answer, answerOutcome } from './answer-outcome.ts';

export interface ReceivePorts {
  readonly database: Database;
  readonly executor: Executor;
  readonly sources: SourceDirectory;
  readonly secretStore: SecretStore;
  readonly logger: Logger;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** A webhook secret made when the process started. Nobody knows it, so nothing that is signed verifies against it. */
  readonly decoySecret: string;
}

interface Delivery {
  readonly request: Request;
  readonly body: Uint8Array;
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
  const delivery: Delivery = { request, body: read.body, identity };
  const address = access.parseIngestAddress(arrival.address);
  let found: Awaited<ReturnType<SourceDirectory['find']>> | null;
  try {
    found = address === null ? null : await ports.sources.find(address);
  } catch (error) {
    return databaseFailed(ports, delivery, error);
  }
  if (found?.ok) return receiveFrom(found.source, ports, delivery);
  // The same work as for a source that exists: how long the answer takes must not tell whether there is one.
  standardWebhooks.verify({
    secrets: [ports.decoySecret],
    headers: request.headers,
    body: delivery.body,
    nowSeconds: nowSecondsOf(ports),
    toleranceSeconds: limits.webhookToleranceSeconds,
  });
  ports.logger.info({ reason: found?.reason ?? 'address_malformed' }, 'a delivery was not accepted');
  return unauthentic();
}

async function receiveFrom(source: IngestSource, ports: ReceivePorts, delivery: Delivery): Promise<Answer> {
  const { logger } = ports;
  const { ingestSourceId } = source;
  const { secrets, complete } = await readSourceSecrets(source, ports);
  const verified = presetNamed(source.preset).verify({
    secrets: secrets.length > 0 ? secrets : [ports.decoySecret],
    headers: delivery.request.headers,
    body: delivery.body,
    nowSeconds: nowSecondsOf(ports),
    toleranceSeconds: source.toleranceSeconds,
  });
  if (!verified.ok && complete) {
    logger.info({ reason: verified.code, ingestSourceId }, 'a delivery was not accepted');
    return unauthentic();
  }
  if (!verified.ok) return failed('internal_error', delivery, 'a secret of this source cannot be read now');

  const message = readMessage(delivery.body);
  if (!message.ok) {
    const { detail, issues } = message;
    logger.warn({ ingestSourceId, detail, issues }, 'an authentic message cannot be processed');
    const extensions = issues.length > 0 ? { issues } : {};
    return unprocessable(delivery, detail, extensions);
  }
  const mapped = await mapMessage(message.message, { source, ports, delivery });
  return mapped.ok
    ? execute(mapped.command, { source, ports, delivery, messageId: verified.messageId })
    : mapped.answer;
}

interface MappingContext {
  readonly source: IngestSource;
  readonly ports: ReceivePorts;
  readonly delivery: Delivery;
}

async function mapMessage(
  message: ReadMessage,
  { source, ports, delivery }: MappingContext,
): Promise<{ readonly ok: true; readonly command: MappedCommand } | { readonly ok: false; readonly answer: Answer }> {
  const { ingestSourceId, caller } = source;
  let ids: inventory.CatalogueIds;
  try {
    ids = await inventory.resolveCatalogue(ports.database, caller, message.names);
  } catch (error) {
    return { ok: false, answer: databaseFailed(ports, delivery, error) };
  }
  const mapped = message.toCommand(ids);
  if (mapped.ok) return mapped;
  const { unknown } = mapped;
  ports.logger.warn({ ingestSourceId, unknown }, 'an authentic message names what does not exist');
  return { ok: false, answer: unprocessable(delivery, 'the message names what does not exist here', { unknown }) };
}

async function execute(
  mapped: MappedCommand,
  { source, ports, delivery, messageId }: MappingContext & { readonly messageId: string },
): Promise<Answer> {
  const definition = registry.commands.get(mapped.commandType);
  if (!definition) throw new Error(`a mapping names ${mapped.commandType}, which is not a command`);
  const parsed = parseCommand(definition, mapped.input);
  if (!parsed.ok) return unprocessable(delivery, 'the message does not fit its command', { issues: parsed.issues });
  const { ingestSourceId, caller } = source;
  const { identity } = delivery;
  const outcome = await ports.executor.execute(parsed.command, {
    caller,
    ...claimOf({ ingestSourceId, messageId }),
    correlationId: identity.correlationId,
    requestId: identity.requestId,
    traceparent: identity.traceparent,
    expectedVersion: null,
    reason: null,
  });
  return answerOutcome(outcome, identity.requestId);
}

function nowSecondsOf(ports: ReceivePorts): number {
  return Math.floor(ports.now() / 1000);
}

/** Without the request's id in the body: every such answer has the same bytes. */
function unauthentic(): Answer {
  return { response: problem('signature_invalid'), outcome: 'unauthentic' };
}

function unprocessable(delivery: Delivery, detail: string, extensions: Readonly<Record<string, unknown>>): Answer {
  const { requestId: instance } = delivery.identity;
  return { response: problem('message_unprocessable', { detail, instance, extensions }), outcome: 'unprocessable' };
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

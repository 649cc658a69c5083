import { createHash } from 'node:crypto';
import { ingest, type Outcome, parseCommand, registry } from '@karmanflow/commands';
import type { RequestIdentity } from '@karmanflow/runtime';
import { type Id, toId, toUuid } from '@karmanflow/schema';
import { ingestLimits } from '../ingest-limits.ts';
import { issueCommand, refusalCodeOf } from '../issue-command.ts';
import { findKnownMessage } from '../known-message.ts';
import { headerOf, type MessagePorts } from '../message-work.ts';
import { readMapped } from '../process-message.ts';
import { readSourceSecrets } from '../read-source-secrets.ts';
import type { IngestAddress, IngestSource, SourceDirectory } from '../sources.ts';
import { verifyStored } from '../verify-stored.ts';
import { openMessage, type StoredMessage } from './seal-message.ts';
import { tellTrial } from './tell-trial.ts';

type Identity = Pick<RequestIdentity, 'requestId' | 'correlationId' | 'traceparent'>;

export interface RequestCarrier {
  /** Carries out what has been asked for about held messages of a source when this is called. Never throws. */
  carryOut(address: IngestAddress, identity: Identity): Promise<void>;
  /** The same in the background, now and then: called when a source sends. */
  nudge(source: IngestSource): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export interface CarrierPorts extends MessagePorts {
  readonly sources: SourceDirectory;
  readonly monotonicNow: () => number;
  readonly newIdentity: () => Identity;
}

/**
 * Only ingest can open what it holds, so it carries out what people ask for about it: to look at a message again with the
 * secrets of now and the mapping of now or a draft, or to let it become its command after all. What is asked for stands in the
 * database; whoever comes first does it, and the idempotency key of the release keeps a second from doing it again.
 */
export function createRequestCarrier(ports: CarrierPorts): RequestCarrier {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const lookedAt = new Map<string, number>();

  function once(name: string, work: () => Promise<void>): Promise<void> {
    const under = running.get(name);
    if (under) return under;
    const run = work()
      .catch((error: unknown) => ports.logger.error({ err: error }, 'a request about a held message failed'))
      .finally(() => running.delete(name));
    running.set(name, run);
    return run;
  }

  /** What is under way may have looked before this was asked for, so one more look comes behind it, for all who ask meanwhile. */
  function again(name: string, work: () => Promise<void>): Promise<void> {
    const under = running.get(name);
    if (!under) return once(name, work);
    const behind =
      waiting.get(name) ??
      under.then(() => {
        waiting.delete(name);
        return once(name, work);
      });
    waiting.set(name, behind);
    return behind;
  }

  return {
    carryOut: ({ tenantId, ingestSourceId }, identity) =>
      again(`${tenantId} ${ingestSourceId}`, async () => {
        const found = await ports.sources.find({ tenantId, ingestSourceId });
        if (found.ok) await carryOutFor(found.source, ports, identity);
      }),
    nudge(source) {
      const { ingestSourceId } = source;
      const now = ports.monotonicNow();
      if (now - (lookedAt.get(ingestSourceId) ?? -Infinity) < ingestLimits.carryOutIntervalMilliseconds) return;
      lookedAt.delete(ingestSourceId);
      lookedAt.set(ingestSourceId, now);
      for (const oldest of lookedAt.keys()) {
        if (lookedAt.size <= ingestLimits.carryOutSources) break;
        lookedAt.delete(oldest);
      }
      void once(`${source.caller.tenantId} ${ingestSourceId}`, () => carryOutFor(source, ports, ports.newIdentity()));
    },
    idle: async () => {
      await Promise.all([...running.values(), ...waiting.values()]);
    },
  };
}

interface RequestedRow {
  readonly id: string;
  readonly status: string;
  readonly content_key: string;
  readonly receipt_id: string;
  readonly value: string | null;
  readonly trial_mapping: string | null;
}

async function carryOutFor(source: IngestSource, ports: CarrierPorts, identity: Identity): Promise<void> {
  const rows = await readRequested(source, ports);
  if (rows.length === 0) return;
  const keys = await ports.readQuarantineKeys();
  const { secrets } = await readSourceSecrets(source, ports);
  for (const row of rows) await carryOutOne(row, { source, ports, identity, keys, secrets });
}

function readRequested({ caller, ingestSourceId }: IngestSource, ports: CarrierPorts): Promise<RequestedRow[]> {
  return ports.database.read(caller, (db) =>
    db
      .selectFrom('quarantined_messages as q')
      .leftJoin('personal_data as d', (join) =>
        join
          .onRef('d.tenant_id', '=', 'q.tenant_id')
          .onRef('d.environment_id', '=', 'q.environment_id')
          .onRef('d.id', '=', 'q.payload_id'),
      )
      .select(['q.id', 'q.status', 'q.content_key', 'q.receipt_id', 'q.trial_mapping', 'd.value'])
      .where('q.tenant_id', '=', toUuid(caller.tenantId))
      .where('q.environment_id', '=', toUuid(caller.environmentId))
      .where('q.ingest_source_id', '=', toUuid(ingestSourceId))
      .where('q.ended_at', 'is', null)
      .where('q.status', 'in', ['CHECK_REQUESTED', 'RELEASE_REQUESTED'])
      // In the order of the index of what waits: by id alone, a planner without statistics reads all that ever was held.
      .orderBy('q.status')
      .orderBy('q.id')
      .limit(ingestLimits.carriedOutAtOnce)
      .execute(),
  );
}

interface Carrying {
  readonly source: IngestSource;
  readonly ports: CarrierPorts;
  readonly identity: Identity;
  readonly keys: readonly Uint8Array[];
  readonly secrets: readonly string[];
}

async function carryOutOne(row: RequestedRow, use: Carrying): Promise<void> {
  const { source, ports } = use;
  const quarantinedMessageId = toId('quarantinedMessage', row.id);
  const askedBy = toId('receipt', row.receipt_id);
  const stays = (told: string) => settle({ quarantinedMessageId, askedBy, result: { kind: 'checked', told } }, use);
  const { caller: scope, ingestSourceId } = source;
  const sealedFor = { scope, ingestSourceId, contentKey: row.content_key };
  const stored = row.value === null ? null : openMessage(row.value, { keys: use.keys, sealedFor });
  if (stored === null) return stays('unreadable: no key opens it');
  const unverified = unverifiedBecause(stored, use);
  if (unverified !== null) return stays(`unverified: ${unverified}`);
  if (row.trial_mapping !== null) return stays(await tryOn(row.trial_mapping, stored, use));
  const looked = await mapAgain(stored, use);
  if (!looked.ok) return stays(looked.told);
  if (row.status === 'CHECK_REQUESTED') return stays(`verified: it would become ${looked.command.commandType}`);
  const issued = await release(looked.command, { quarantinedMessageId, askedBy }, use);
  if (issued.kind === 'retry') return ports.logger.warn({ quarantinedMessageId, code: issued.code }, 'a release waits');
  if (issued.kind === 'stays') return stays(issued.told);
  const { told, commandReceiptId } = issued;
  return settle({ quarantinedMessageId, askedBy, result: { kind: 'released', told, commandReceiptId } }, use);
}

type Looked =
  | { readonly ok: true; readonly command: ingest.MappedCommand }
  | { readonly ok: false; readonly told: string };

/** Verified with the secrets that are live now, as of the time when it arrived. Null: it is authentic. */
function unverifiedBecause(stored: StoredMessage, { source, secrets }: Carrying): string | null {
  if (secrets.length === 0) return 'no secret of the source can be read';
  const verified = verifyStored(source, { stored, secrets });
  return verified.ok || verified.code === 'message_id_unreadable' ? null : verified.code;
}

/** What it would become by a mapping that its source does not have, for people to whom its values are not shown. */
async function tryOn(document: string, stored: StoredMessage, { source, ports }: Carrying): Promise<string> {
  const parsed = ingest.parseMapping(JSON.parse(document));
  // It was one when it was asked for, to another build.
  if (!parsed.ok) return 'tried: mapping_invalid: this build cannot read it';
  const { caller: scope, ingestSourceId } = source;
  const trial = await ingest.tryMessage({
    database: ports.database,
    registry,
    source: { scope, ingestSourceId },
    mapping: parsed.mapping,
    message: { body: stored.body, header: (name) => headerOf(stored, name) },
  });
  return tellTrial(trial);
}

/** Mapped as messages are mapped now. */
async function mapAgain(stored: StoredMessage, { source, ports }: Carrying): Promise<Looked> {
  const reading = readMapped({ source, stored });
  const mapped =
    reading.kind === 'read'
      ? reading.toCommand(
          await ingest.resolveMessage(ports.database, {
            scope: source.caller,
            ingestSourceId: source.ingestSourceId,
            names: reading.names,
          }),
        )
      : reading;
  if (mapped.kind === 'command') return { ok: true, command: mapped.command };
  return {
    ok: false,
    told: mapped.kind === 'ignored' ? 'verified: no rule wants it' : `${mapped.reason}: ${mapped.detail}`,
  };
}

type Released =
  | { readonly kind: 'done'; readonly told: string; readonly commandReceiptId: Id<'receipt'> | null }
  | { readonly kind: 'stays'; readonly told: string }
  /** Nothing is known to have happened: it is asked for still, and done when somebody looks again. */
  | { readonly kind: 'retry'; readonly code: string };

interface Release {
  readonly quarantinedMessageId: Id<'quarantinedMessage'>;
  readonly askedBy: Id<'receipt'>;
}

/** Runs as the connector of the source, under policy, caused by the receipt of whoever released it. */
async function release(
  command: ingest.MappedCommand,
  { quarantinedMessageId, askedBy }: Release,
  use: Carrying,
): Promise<Released> {
  const { ingestSourceId } = use.source;
  const key = createHash('sha256').update(`released\n${quarantinedMessageId}`).digest('hex');
  const claim: ingest.MessageClaim = {
    ingestSourceId,
    messageKey: key,
    contentKey: key,
    bodyKey: key,
    messageId: `released:${quarantinedMessageId}`,
    subject: command.subject,
  };
  const issued = await issueCommand(command, use, {
    claim,
    idempotencyKey: `ingest:${ingestSourceId}:released:${quarantinedMessageId}`,
    causationId: askedBy,
  });
  if (issued.kind === 'unchanged') return { kind: 'done', told: 'WITHOUT_EFFECT', commandReceiptId: null };
  if (issued.kind === 'overtaken') return { kind: 'retry', code: 'overtaken' };
  if (issued.kind === 'invalid') return { kind: 'stays', told: `input_invalid: ${issued.detail}` };
  const { outcome } = issued;
  if (outcome.kind === 'rejected') {
    return outcome.code === 'idempotency_key_reused'
      ? releasedBefore(claim, use)
      : { kind: 'retry', code: outcome.code };
  }
  const { receipt } = outcome;
  if (receipt.status === 'DENIED') return { kind: 'stays', told: 'policy_denied: the connector may not do this' };
  const code = refusalCodeOf(receipt);
  if (code === 'message_claimed') return releasedBefore(claim, use);
  return { kind: 'done', told: code === null ? receipt.status : `REFUSED: ${code}`, commandReceiptId: receipt.id };
}

/** It ran and was not recorded: under the key of a release there is no other message. */
async function releasedBefore(claim: ingest.MessageClaim, { ports, source }: Carrying): Promise<Released> {
  const released = { claim, messageIdIsSigned: true, idempotencyKey: '', causationId: '' };
  const known = await findKnownMessage(ports.database, source.caller, released);
  return { kind: 'done', told: known?.outcome ?? 'REFUSED', commandReceiptId: known?.receiptId ?? null };
}

interface Settlement extends Release {
  readonly result:
    | { readonly kind: 'checked'; readonly told: string }
    | { readonly kind: 'released'; readonly told: string; readonly commandReceiptId: Id<'receipt'> | null };
}

async function settle({ quarantinedMessageId, askedBy, result }: Settlement, use: Carrying): Promise<void> {
  const told = result.told.slice(0, ingest.ingestBounds.detailCharacters);
  const parsed = parseCommand(ingest.settleMessage, { quarantinedMessageId, result: { ...result, told } });
  if (!parsed.ok) throw new Error(`a held message cannot be settled: ${JSON.stringify(parsed.issues)}`);
  const outcome: Outcome = await use.ports.executor.execute(parsed.command, {
    caller: use.source.caller,
    // One answer for each request: the receipt that asked is part of the key.
    idempotencyKey: `ingest:${askedBy}:settled`,
    causationId: askedBy,
    expectedVersion: null,
    reason: null,
    ...use.identity,
  });
  if (outcome.kind === 'rejected')
    use.ports.logger.warn({ quarantinedMessageId, code: outcome.code }, 'a release waits');
}

import { type Database, type Id, schemaName, type Scope, toId, toUuid } from '@karmanflow/schema';
import { readAtOnce, type Row } from '../../executor/read-at-once.ts';
import { lookUpRows, type Statement } from '../../executor/statements.ts';
import { lookUpCatalogueNames } from '../inventory/index.ts';
import type { MessageClaim } from './claimed-command.ts';
import type { ClaimOutcome } from './events.ts';
import type { MessageIds, MessageNames } from './mapping/message-reading.ts';

interface MessageSource {
  readonly scope: Scope;
  readonly ingestSourceId: Id<'ingestSource'>;
}

export interface MessageToResolve extends MessageSource {
  readonly names: MessageNames;
}

/** The ids behind what a message refers to. What does not exist is absent from the answer. */
export async function resolveMessage(database: Database, message: MessageToResolve): Promise<MessageIds> {
  const { statements, idsIn } = lookUpNames(message, message.names);
  return idsIn(await readAtOnce(database, message.scope, statements));
}

export interface MessageToLookUp {
  readonly claim: Pick<MessageClaim, 'messageKey' | 'contentKey'>;
  /** null: it names nothing. */
  readonly names: MessageNames | null;
}

/** A claim that stands: what it claims, and what became of its message. */
export interface StandingClaim extends Pick<MessageClaim, 'messageKey' | 'contentKey' | 'bodyKey'> {
  readonly outcome: ClaimOutcome;
  /** Of the command that the claimed message became. */
  readonly receiptId: Id<'receipt'>;
}

export interface MessageLookUp {
  /** The claim of its id, or else that of its content; null: neither was claimed. */
  readonly standing: StandingClaim | null;
  /** The ids behind its names, and maybe behind others. What does not exist is absent. */
  readonly ids: MessageIds;
}

/** All that has to be known of messages of one source before they become commands: one round trip for all of them. */
export async function lookUpMessages(
  database: Database,
  source: MessageSource,
  messages: readonly MessageToLookUp[],
): Promise<readonly MessageLookUp[]> {
  const claims = claimLookUps(source, messages);
  const names = lookUpNames(source, namesOf(messages));
  const rows = await readAtOnce(database, source.scope, [...claims, ...names.statements]);
  const ids = names.idsIn(rows.slice(claims.length));
  const [byMessage, byContent] = rows.slice(0, claims.length).map((found) => found.map(standingClaimFrom));
  const messageKeys = new Map(byMessage?.map((standing) => [standing.messageKey, standing]));
  const contentKeys = new Map(byContent?.map((standing) => [standing.contentKey, standing]));
  return messages.map(({ claim }) => ({
    // Its own id first: content that came under another id as well changes nothing about that.
    standing: messageKeys.get(claim.messageKey) ?? contentKeys.get(claim.contentKey) ?? null,
    ids,
  }));
}

function claimLookUps({ scope, ingestSourceId }: MessageSource, messages: readonly MessageToLookUp[]): Statement[] {
  const sourceId = toUuid(ingestSourceId);
  const byKey = (column: 'message_key' | 'content_key', keyOf: (message: MessageToLookUp) => string): Statement =>
    lookUpRows({
      name: `look_up_claims_by_${column}`,
      table: 'ingest_claims',
      columns: ['message_key', 'content_key', 'body_key', 'outcome', 'command_receipt_id', 'receipt_id'],
      where: ['ingest_source_id', column],
      locked: false,
      scope: pairOf(scope),
      tuples: messages.map((message) => [sourceId, keyOf(message)]),
    });
  return [byKey('message_key', ({ claim }) => claim.messageKey), byKey('content_key', ({ claim }) => claim.contentKey)];
}

function standingClaimFrom(row: Row): StandingClaim {
  return {
    messageKey: String(row['message_key']),
    contentKey: String(row['content_key']),
    bodyKey: String(row['body_key']),
    // The column's CHECK keeps it to the values of its type.
    outcome: row['outcome'] as ClaimOutcome,
    receiptId: toId('receipt', String(row['command_receipt_id'] ?? row['receipt_id'])),
  };
}

function namesOf(messages: readonly MessageToLookUp[]): MessageNames {
  const all = messages.flatMap(({ names }) => names ?? []);
  const once = (listOf: (names: MessageNames) => readonly string[]): string[] => [...new Set(all.flatMap(listOf))];
  return {
    skus: once(({ skus }) => skus),
    locationCodes: once(({ locationCodes }) => locationCodes),
    salesChannelCodes: once(({ salesChannelCodes }) => salesChannelCodes),
    subjects: once(({ subjects }) => subjects),
  };
}

interface NameLookUp {
  readonly statements: readonly Statement[];
  /** Of the rows of each statement. */
  readonly idsIn: (rows: readonly (readonly Row[])[]) => MessageIds;
}

function lookUpNames(source: MessageSource, names: MessageNames): NameLookUp {
  const catalogue = lookUpCatalogueNames(pairOf(source.scope), names);
  const subjects = names.subjects.filter((subject) => visibleAscii.test(subject));
  const reservations = subjects.length === 0 ? [] : [selectReservations(source, subjects)];
  return {
    statements: [...catalogue.statements, ...reservations],
    idsIn: (rows) => ({
      ...catalogue.idsIn(rows),
      reservations: reservationsIn(rows[catalogue.statements.length] ?? []),
    }),
  };
}

/** What subjects consist of, so that nothing else has to be looked for. */
const visibleAscii = /^[!-~]+$/;

/**
 * Reservations that earlier messages of the same source made: a source can name no other, whatever it says. The newest of a
 * subject counts; a second stands in for one that has no answer. Receipts are found by a range of one id, as `lookUpRows` does.
 */
function selectReservations({ scope, ingestSourceId }: MessageSource, subjects: readonly string[]): Statement {
  return {
    name: 'look_up_reservations_by_subject',
    text:
      `SELECT made.* FROM unnest((SELECT $4::text[])) AS k (subject) CROSS JOIN LATERAL (` +
      `SELECT c.subject, r.response FROM ${schemaName}.ingest_claims AS c CROSS JOIN LATERAL (` +
      `SELECT command_type, response FROM ${schemaName}.command_receipts` +
      ' WHERE tenant_id = $1 AND environment_id = $2 AND id >= c.receipt_id AND id <= c.receipt_id' +
      ' ORDER BY id LIMIT 1) AS r' +
      ' WHERE c.tenant_id = $1 AND c.environment_id = $2 AND c.ingest_source_id = $3 AND c.subject = k.subject' +
      " AND c.outcome = 'PROCESSED' AND r.command_type = 'reservation.create'" +
      ' ORDER BY c.claimed_at DESC LIMIT 2) AS made',
    values: [...pairOf(scope), toUuid(ingestSourceId), subjects],
  };
}

function reservationsIn(rows: readonly Row[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of rows) {
    const subject = String(row['subject']);
    // The column is bytea: our own canonical JSON of what the command answered.
    const response = row['response'] as Uint8Array | null;
    const answer = JSON.parse(Buffer.from(response ?? []).toString('utf8') || '{}') as { reservationId?: string };
    if (answer.reservationId !== undefined && !found.has(subject)) found.set(subject, answer.reservationId);
  }
  return found;
}

function pairOf({ tenantId, environmentId }: Scope): [string, string] {
  return [toUuid(tenantId), toUuid(environmentId)];
}

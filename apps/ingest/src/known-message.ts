import type { ingest, StoredReceipt } from '@karmanflow/commands';
import { type Database, type Id, type Scope, toId, toUuid } from '@karmanflow/schema';
import type { IdentifiedMessage } from './identify-message.ts';

/** A claim that stands in the way of a message: it came before, or another with its id or its content did. */
export interface KnownMessage {
  readonly relation: 'same' | 'same_id_other_content' | 'same_content_other_id';
  readonly outcome: ingest.ClaimOutcome;
  /** Of the command that the claimed message became. */
  readonly receiptId: Id<'receipt'>;
  readonly contentKey: string;
}

/** What was claimed before of a message, by its id or by its content; null: nothing. */
export async function findKnownMessage(
  database: Database,
  scope: Scope,
  message: IdentifiedMessage,
): Promise<KnownMessage | null> {
  const { ingestSourceId, messageKey, contentKey, bodyKey } = message.claim;
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('ingest_claims')
      .select(['message_key', 'content_key', 'body_key', 'outcome', 'command_receipt_id', 'receipt_id'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('ingest_source_id', '=', toUuid(ingestSourceId))
      .where((either) => either.or([either('message_key', '=', messageKey), either('content_key', '=', contentKey)]))
      .limit(2)
      .execute(),
  );
  // Its own id first: content that came under another id as well changes nothing about that.
  const row = rows.find((one) => one.message_key === messageKey) ?? rows[0];
  if (!row) return null;
  const isSameId = row.message_key === messageKey;
  // A signed time differs on each delivery of one message, so there the body tells.
  const isSameContent = row.content_key === contentKey || (message.messageIdIsSigned && row.body_key === bodyKey);
  return {
    relation: !isSameId ? 'same_content_other_id' : isSameContent ? 'same' : 'same_id_other_content',
    // The column's CHECK keeps it to the values of its type.
    outcome: row.outcome as KnownMessage['outcome'],
    receiptId: toId('receipt', row.command_receipt_id ?? row.receipt_id),
    contentKey: row.content_key,
  };
}

/** A receipt as it is stored; null: it is not there. */
export async function readReceipt(
  database: Database,
  scope: Scope,
  receiptId: Id<'receipt'>,
): Promise<StoredReceipt | null> {
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('command_receipts')
      .select(['command_type', 'status', 'body', 'hash', 'signature', 'key_id', 'response'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('id', '=', toUuid(receiptId))
      .executeTakeFirst(),
  );
  if (!row) return null;
  return {
    id: receiptId,
    commandType: row.command_type,
    // The column's CHECK keeps it to the values of its type.
    status: row.status as StoredReceipt['status'],
    bytes: row.body,
    hash: row.hash,
    signature: row.signature,
    keyId: row.key_id,
    response: row.response,
  };
}

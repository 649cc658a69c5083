import { ingest, type StoredReceipt } from '@karmanflow/commands';
import { type Database, type Id, type Scope, toUuid } from '@karmanflow/schema';
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
  const { claim } = message;
  const source = { scope, ingestSourceId: claim.ingestSourceId };
  const [found] = await ingest.lookUpMessages(database, source, [{ claim, names: null }]);
  return knownBy(found?.standing ?? null, message);
}

/** What a standing claim means for a message that has its id or its content. */
export function knownBy(standing: ingest.StandingClaim | null, message: IdentifiedMessage): KnownMessage | null {
  if (standing === null) return null;
  const { messageKey, contentKey, bodyKey } = message.claim;
  const isSameId = standing.messageKey === messageKey;
  // A signed time differs on each delivery of one message, so there the body tells.
  const isSameContent =
    standing.contentKey === contentKey || (message.messageIdIsSigned && standing.bodyKey === bodyKey);
  return {
    relation: !isSameId ? 'same_content_other_id' : isSameContent ? 'same' : 'same_id_other_content',
    outcome: standing.outcome,
    receiptId: standing.receiptId,
    contentKey: standing.contentKey,
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
      // A range of one id has an order, so that the index of ids is taken also while there are no statistics.
      .where('id', '>=', toUuid(receiptId))
      .where('id', '<=', toUuid(receiptId))
      .orderBy('id')
      .limit(1)
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

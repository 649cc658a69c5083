import { type Database, type Id, schemaName, type Scope, toId, toUuid } from '@karmanflow/schema';
import { readAtOnce } from '../../executor/read-at-once.ts';

/**
 * The message that is, or was, in quarantine with this content; null: there is none. What only repeats another message is
 * another one than the message itself. Found by a range of one content, in its order, as `lookUpRows` finds rows: the same
 * index must be taken while there are no statistics.
 */
export async function findHeldMessage(
  database: Database,
  held: {
    readonly scope: Scope;
    readonly ingestSourceId: Id<'ingestSource'>;
    readonly contentKey: string;
    readonly isReplay: boolean;
  },
): Promise<Id<'quarantinedMessage'> | null> {
  const { scope, ingestSourceId, contentKey, isReplay } = held;
  const text =
    `SELECT id FROM ${schemaName}.quarantined_messages CROSS JOIN unnest((SELECT ARRAY[1])) AS one` +
    ' WHERE tenant_id = $1 AND environment_id = $2 AND ingest_source_id = $3 AND content_key >= $4 AND content_key <= $4' +
    " AND (reason = 'suspected_replay') = $5 ORDER BY content_key LIMIT 1";
  const pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  const values = [...pair, toUuid(ingestSourceId), contentKey, isReplay];
  const [rows] = await readAtOnce(database, scope, [{ name: 'find_held_message', text, values }]);
  const row = rows?.[0];
  return row ? toId('quarantinedMessage', String(row['id'])) : null;
}

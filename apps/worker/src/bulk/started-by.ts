import { reservation } from '@karmanflow/commands';
import { type Database, type Scope, toId, toUuid } from '@karmanflow/schema';

/**
 * The receipt of the command that started a mass cancellation: what its parts were caused by. Null when there is none,
 * which only a database that is not whole has.
 */
export async function readStartedBy(
  database: Database,
  scope: Scope,
  operation: Pick<reservation.RunningMassCancel, 'id' | 'startedAt'>,
): Promise<string | null> {
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('command_receipts')
      .select(['id', 'response'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('command_type', '=', reservation.massCancelReservations.type)
      .where('status', '=', 'SUCCEEDED')
      // The clock of its transaction, of which the operation's own time is a copy.
      .where('completed_at', '=', operation.startedAt)
      .execute(),
  );
  const started = rows.find(({ response }) => {
    if (response === null) return false;
    return JSON.parse(new TextDecoder().decode(response)).massCancelId === operation.id;
  });
  return started ? toId('receipt', started.id) : null;
}

import { type Database, type Id, type Scope, toUuid } from '@karmanflow/schema';
import { resolveCatalogue } from '../inventory/index.ts';
import type { MessageIds, MessageNames } from './mapping/message-reading.ts';

export interface MessageToResolve {
  readonly scope: Scope;
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly names: MessageNames;
}

/** The ids behind what a message refers to. What does not exist is absent from the answer. */
export async function resolveMessage(database: Database, message: MessageToResolve): Promise<MessageIds> {
  const [catalogue, reservations] = await Promise.all([
    resolveCatalogue(database, message.scope, message.names),
    message.names.subjects.length === 0 ? new Map<string, string>() : reservationsOf(database, message),
  ]);
  return { ...catalogue, reservations };
}

/** Reservations that earlier messages of the same source made: a source can name no other, whatever it says. */
async function reservationsOf(
  database: Database,
  { scope, ingestSourceId, names }: MessageToResolve,
): Promise<ReadonlyMap<string, string>> {
  const tenantId = toUuid(scope.tenantId);
  const environmentId = toUuid(scope.environmentId);
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('ingest_claims as c')
      .innerJoin('command_receipts as r', (join) =>
        join
          .onRef('r.tenant_id', '=', 'c.tenant_id')
          .onRef('r.environment_id', '=', 'c.environment_id')
          .onRef('r.id', '=', 'c.receipt_id'),
      )
      .select(['c.subject', 'r.response'])
      .where('c.tenant_id', '=', tenantId)
      .where('c.environment_id', '=', environmentId)
      .where('c.ingest_source_id', '=', toUuid(ingestSourceId))
      .where('c.subject', 'in', [...names.subjects])
      .where('c.outcome', '=', 'PROCESSED')
      .where('r.command_type', '=', 'reservation.create')
      .orderBy('c.claimed_at', 'desc')
      .limit(names.subjects.length * 2)
      .execute(),
  );
  const found = new Map<string, string>();
  for (const { subject, response } of rows) {
    // Our own canonical JSON of what the command answered.
    const answer = JSON.parse(Buffer.from(response ?? []).toString('utf8') || '{}') as { reservationId?: string };
    if (subject !== null && answer.reservationId !== undefined && !found.has(subject)) {
      found.set(subject, answer.reservationId);
    }
  }
  return found;
}

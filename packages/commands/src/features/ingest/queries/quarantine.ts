import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { quarantineReasons, quarantineStatuses } from '../events.ts';

const view = v.strictObject({
  quarantinedMessageId: idShape('quarantinedMessage'),
  ingestSourceId: idShape('ingestSource'),
  messageId: v.string(),
  reason: v.picklist(quarantineReasons),
  status: v.picklist(quarantineStatuses),
  storedBytes: v.number(),
  receivedAt: timestampShape,
  expiresAt: timestampShape,
  endedAt: v.nullable(timestampShape),
  /** What the last look at it with the secrets and the mapping of that time found. */
  checkedAt: v.nullable(timestampShape),
  checkResult: v.nullable(v.string()),
  /** What its command came to, when it was released. */
  outcome: v.nullable(v.string()),
  outcomeReceiptId: v.nullable(idShape('receipt')),
  version: v.number(),
});
type View = v.InferOutput<typeof view>;

const columns = [
  'id',
  'ingest_source_id',
  'message_id',
  'content_key',
  'reason',
  'status',
  'stored_bytes',
  'received_at',
  'expires_at',
  'ended_at',
  'checked_at',
  'check_result',
  'outcome',
  'outcome_receipt_id',
  'outline_id',
  'version',
] as const;

type Database = QueryContext['database'];
type Reader = Parameters<Parameters<Database['read']>[1]>[0];

function heldRows(db: Reader, ctx: QueryContext) {
  return db
    .selectFrom('quarantined_messages')
    .select(columns)
    .where('tenant_id', '=', toUuid(ctx.tenantId))
    .where('environment_id', '=', toUuid(ctx.environmentId));
}

type HeldRow = Awaited<ReturnType<ReturnType<typeof heldRows>['execute']>>[number];

function viewOf(row: HeldRow): View {
  return {
    quarantinedMessageId: toId('quarantinedMessage', row.id),
    ingestSourceId: toId('ingestSource', row.ingest_source_id),
    messageId: row.message_id,
    // The columns' CHECKs keep these to the values of their types.
    reason: row.reason as View['reason'],
    status: row.status as View['status'],
    storedBytes: row.stored_bytes,
    receivedAt: row.received_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    checkedAt: row.checked_at,
    checkResult: row.check_result,
    outcome: row.outcome,
    outcomeReceiptId: row.outcome_receipt_id === null ? null : toId('receipt', row.outcome_receipt_id),
    version: row.version,
  };
}

export const listQuarantine = defineQuery({
  type: 'ingest.quarantine',
  summary: 'Messages in quarantine, and those that were, oldest first.',
  scope: 'ingest.message:read',
  input: v.strictObject({
    ingestSourceId: v.optional(idShape('ingestSource')),
    status: v.optional(v.picklist(quarantineStatuses)),
    after: v.optional(idShape('quarantinedMessage')),
    limit: pageLimit,
  }),
  output: v.strictObject({ messages: v.array(view), next: v.nullable(idShape('quarantinedMessage')) }),
  run: async ({ ingestSourceId, status, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = heldRows(db, ctx)
        .orderBy('id')
        .limit(limit + 1);
      if (ingestSourceId) query = query.where('ingest_source_id', '=', toUuid(ingestSourceId));
      if (status) query = query.where('status', '=', status);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const messages = rows.slice(0, limit).map(viewOf);
    return { messages, next: rows.length > limit ? (messages.at(-1)?.quarantinedMessageId ?? null) : null };
  },
});

export const inspectMessage = defineQuery({
  type: 'ingest.quarantined_message',
  summary: 'One message of the quarantine, redacted: where it has which kinds of values, and none of them.',
  scope: 'ingest.message:read',
  input: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage') }),
  output: v.strictObject({
    ...view.entries,
    contentSha256: v.string(),
    /** Header names, and the kinds of values by their place in the body; null when it is over. */
    outline: v.unknown(),
  }),
  run: async ({ quarantinedMessageId }, ctx) => {
    const found = await ctx.database.read(ctx.scope, async (db) => {
      const row = await heldRows(db, ctx).where('id', '=', toUuid(quarantinedMessageId)).executeTakeFirst();
      if (!row) return null;
      const outline =
        row.outline_id === null
          ? undefined
          : await db
              .selectFrom('personal_data')
              .select('value')
              .where('tenant_id', '=', toUuid(ctx.tenantId))
              .where('environment_id', '=', toUuid(ctx.environmentId))
              .where('id', '=', row.outline_id)
              .executeTakeFirst();
      return { row, outline: outline?.value ?? null };
    });
    if (!found) return null;
    return {
      ...viewOf(found.row),
      contentSha256: found.row.content_key,
      outline: found.outline === null ? null : (JSON.parse(found.outline) as unknown),
    };
  },
});

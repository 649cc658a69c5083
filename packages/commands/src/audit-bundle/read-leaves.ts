import { readReceiptEvents } from '@karmanflow/events';
import type { SignedReceipt } from '@karmanflow/receipts';
import { type Database, type Id, toUuid } from '@karmanflow/schema';

export interface LeafHash {
  readonly leafIndex: number;
  readonly environmentId: Id<'environment'>;
  readonly hash: Uint8Array;
}

/** A leaf with what stands behind it in the database, as far as it is still there. */
export interface WholeLeaf extends LeafHash {
  readonly receipt: SignedReceipt | null;
  /** Those that the receipt lists, in its order, then any other one that says it belongs to it. */
  readonly events: readonly { readonly seq: number | null; readonly bytes: Uint8Array }[];
}

interface LeafRange {
  readonly tenantId: Id<'tenant'>;
  readonly from: number;
  readonly to: number;
}

/** The leaf hashes of a range in their order, over all of these environments, each read in its own context. */
export async function readLeafHashes(
  database: Database,
  range: LeafRange & { readonly environmentIds: readonly Id<'environment'>[] },
): Promise<readonly LeafHash[]> {
  const { tenantId, from, to, environmentIds } = range;
  const leaves: LeafHash[] = [];
  for (const environmentId of environmentIds) {
    if (leaves.length >= to - from) break;
    const rows = await database.read({ tenantId, environmentId }, (db) =>
      db
        .selectFrom('log_leaves')
        .select(['leaf_index', 'leaf_hash'])
        .where('tenant_id', '=', toUuid(tenantId))
        .where('environment_id', '=', toUuid(environmentId))
        .where('leaf_index', '>=', from)
        .where('leaf_index', '<', to)
        .execute(),
    );
    leaves.push(...rows.map((row) => ({ leafIndex: row.leaf_index, environmentId, hash: row.leaf_hash })));
  }
  return leaves.toSorted((one, other) => one.leafIndex - other.leafIndex);
}

/** The leaves of one environment with their receipts, and with their events where those are wanted. */
export async function readWholeLeaves(
  database: Database,
  range: LeafRange & { readonly environmentId: Id<'environment'>; readonly hasEvents: boolean },
): Promise<readonly WholeLeaf[]> {
  const { tenantId, environmentId, from, to, hasEvents } = range;
  const [tenant, environment] = [toUuid(tenantId), toUuid(environmentId)];
  return database.read({ tenantId, environmentId }, async (db) => {
    const inRange = db
      .selectFrom('log_leaves as l')
      .where('l.tenant_id', '=', tenant)
      .where('l.environment_id', '=', environment)
      .where('l.leaf_index', '>=', from)
      .where('l.leaf_index', '<', to);
    const rows = await inRange
      .leftJoin('command_receipts as r', (join) =>
        join
          .onRef('r.tenant_id', '=', 'l.tenant_id')
          .onRef('r.environment_id', '=', 'l.environment_id')
          .onRef('r.id', '=', 'l.command_receipt_id'),
      )
      .select(['l.leaf_index', 'l.leaf_hash', 'l.command_receipt_id', 'r.body', 'r.hash', 'r.signature', 'r.key_id'])
      .orderBy('l.leaf_index')
      .execute();
    const found = !hasEvents
      ? []
      : await inRange
          .innerJoin('command_receipts as r', (join) =>
            join
              .onRef('r.tenant_id', '=', 'l.tenant_id')
              .onRef('r.environment_id', '=', 'l.environment_id')
              .onRef('r.id', '=', 'l.command_receipt_id'),
          )
          .innerJoin('domain_events as e', (join) =>
            join
              .onRef('e.tenant_id', '=', 'r.tenant_id')
              .onRef('e.environment_id', '=', 'r.environment_id')
              .onRef('e.written_in', '=', 'r.written_in')
              .onRef('e.receipt_id', '=', 'r.id'),
          )
          .leftJoin('stream_events as s', (join) =>
            join
              .onRef('s.tenant_id', '=', 'e.tenant_id')
              .onRef('s.environment_id', '=', 'e.environment_id')
              .onRef('s.event_id', '=', 'e.id'),
          )
          .select(['e.id', 'e.receipt_id', 'e.body', 's.seq'])
          .execute();
    const eventsOf = Map.groupBy(found, ({ receipt_id: receiptId }) => receiptId);
    return rows.map((row) => {
      const leaf = { leafIndex: row.leaf_index, environmentId, hash: row.leaf_hash };
      const { body, hash, signature, key_id: keyId } = row;
      if (body === null || hash === null || signature === null || keyId === null) {
        return { ...leaf, receipt: null, events: [] };
      }
      const listed = readReceiptEvents(body) ?? [];
      const order = (id: string): number => (listed.includes(id) ? listed.indexOf(id) : listed.length);
      const events = (eventsOf.get(row.command_receipt_id) ?? []).toSorted(
        (one, other) => order(one.id) - order(other.id),
      );
      return {
        ...leaf,
        receipt: { bytes: body, hash, signature, keyId },
        events: events.map((event) => ({ seq: event.seq, bytes: event.body })),
      };
    });
  });
}

import type { SignedReceipt } from '@karmanflow/receipts';
import { type Database, type Id, toUuid } from '@karmanflow/schema';

/** What the database has at a leaf. */
export interface StoredLeaf {
  /** UUID. */
  readonly receiptId: string;
  /** Null when the leaf names a receipt that is gone. */
  readonly receipt: SignedReceipt | null;
}

/** The leaves of a range with their receipts, by their index, each read in the context of its own environment. */
export async function readStoredLeaves(
  database: Database,
  range: {
    readonly tenantId: Id<'tenant'>;
    readonly environmentIds: readonly Id<'environment'>[];
    readonly from: number;
    readonly to: number;
  },
): Promise<ReadonlyMap<number, StoredLeaf>> {
  const { tenantId, environmentIds, from, to } = range;
  const leaves = new Map<number, StoredLeaf>();
  for (const environmentId of environmentIds) {
    if (leaves.size >= to - from) break;
    const rows = await database.read({ tenantId, environmentId }, (db) =>
      db
        .selectFrom('log_leaves as l')
        .leftJoin('command_receipts as r', (join) =>
          join
            .onRef('r.tenant_id', '=', 'l.tenant_id')
            .onRef('r.environment_id', '=', 'l.environment_id')
            .onRef('r.id', '=', 'l.command_receipt_id'),
        )
        .select(['l.leaf_index', 'l.command_receipt_id', 'r.body', 'r.hash', 'r.signature', 'r.key_id'])
        .where('l.tenant_id', '=', toUuid(tenantId))
        .where('l.environment_id', '=', toUuid(environmentId))
        .where('l.leaf_index', '>=', from)
        .where('l.leaf_index', '<', to)
        .execute(),
    );
    for (const row of rows) {
      const { body, hash, signature, key_id: keyId } = row;
      const isThere = body !== null && hash !== null && signature !== null && keyId !== null;
      const receipt = isThere ? { bytes: body, hash, signature, keyId } : null;
      leaves.set(row.leaf_index, { receiptId: row.command_receipt_id, receipt });
    }
  }
  return leaves;
}

/** Receipts of an environment without a leaf, as UUIDs: those on their way into the log are among them. */
export async function readUnloggedReceipts(
  database: Database,
  place: { readonly tenantId: Id<'tenant'>; readonly environmentId: Id<'environment'>; readonly limit: number },
): Promise<readonly string[]> {
  const { tenantId, environmentId, limit } = place;
  const rows = await database.read({ tenantId, environmentId }, (db) =>
    db
      .selectFrom('command_receipts as r')
      .leftJoin('log_leaves as l', (join) =>
        join
          .onRef('l.tenant_id', '=', 'r.tenant_id')
          .onRef('l.environment_id', '=', 'r.environment_id')
          .onRef('l.command_receipt_id', '=', 'r.id'),
      )
      .select('r.id')
      .where('r.tenant_id', '=', toUuid(tenantId))
      .where('r.environment_id', '=', toUuid(environmentId))
      .where('l.leaf_index', 'is', null)
      .limit(limit)
      .execute(),
  );
  return rows.map(({ id }) => id);
}

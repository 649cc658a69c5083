import { schemaName } from '@karmanflow/schema';
import { scopeName } from './assign-positions.ts';
import { type Connection, sendAll } from './connection.ts';
import { byScope, scopeOf } from './pending-work.ts';
import { enter } from './term.ts';

/**
 * The exact bytes of a tenant's receipts, by their leaves from `from` up to but without `to`, each read in the context of its
 * own environment. Throws when one is missing.
 */
export async function readEntries(
  connection: Connection,
  range: { readonly tenantId: string; readonly from: number; readonly to: number },
): Promise<readonly Uint8Array[]> {
  const { tenantId, from, to } = range;
  try {
    const [, leaves] = await sendAll(connection, [
      { text: 'BEGIN READ ONLY' },
      {
        text:
          `select environment_id, command_receipt_id, leaf_index from ${schemaName}.log_leaves` +
          ' where tenant_id = $1 and leaf_index >= $2 and leaf_index < $3',
        values: [tenantId, from, to],
      },
    ]);
    const rows = (leaves?.rows ?? []).map((row) => ({
      tenantId,
      environmentId: String(row['environment_id']),
      receiptId: String(row['command_receipt_id']),
      leafIndex: Number(row['leaf_index']),
    }));
    const bodies = await readBodies(connection, rows);
    const entries = Array.from({ length: to - from }, (_, at) => bodies.get(from + at));
    await connection.query('COMMIT');
    return entries.map((entry, at) => {
      if (!entry) throw new Error(`the log of ${tenantId} has no entry ${from + at}`);
      return entry;
    });
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

interface LeafRow {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly receiptId: string;
  readonly leafIndex: number;
}

/** The bodies by their leaf index. */
async function readBodies(connection: Connection, rows: readonly LeafRow[]): Promise<ReadonlyMap<number, Uint8Array>> {
  const scopes = byScope(rows);
  const answers = await sendAll(
    connection,
    scopes.flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [
            ...enter(scopeOf(first)),
            {
              text: `select id, body from ${schemaName}.command_receipts where tenant_id = $1 and environment_id = $2 and id = any($3::uuid[])`,
              values: [first.tenantId, first.environmentId, [first, ...others].map(({ receiptId }) => receiptId)],
            },
          ],
    ),
  );
  const indexOf = new Map(rows.map((row) => [`${scopeName(row)} ${row.receiptId}`, row.leafIndex]));
  const bodies = new Map<number, Uint8Array>();
  scopes.forEach(([first], at) => {
    for (const row of answers[at * 3 + 2]?.rows ?? []) {
      const leafIndex = first && indexOf.get(`${scopeName(first)} ${row['id']}`);
      if (leafIndex !== undefined) bodies.set(leafIndex, row['body'] as Uint8Array); // bytea, never null.
    }
  });
  return bodies;
}

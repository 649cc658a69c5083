import { schemaName } from '@karmanflow/schema';
import type { Connection } from './connection.ts';
import { fencedTransaction } from './fenced-transaction.ts';
import { logScopeOf } from './log-state.ts';
import { enter } from './term.ts';

/** A checkpoint that was signed, and archived with everything that it covers (UUID of the tenant). */
export interface SignedCheckpoint {
  readonly tenantId: string;
  readonly size: number;
  readonly note: string;
}

/** Records all checkpoints of one decision: from here on they are published. */
export async function recordCheckpoints(
  connection: Connection,
  options: { readonly epoch: number; readonly checkpoints: readonly SignedCheckpoint[] },
): Promise<void> {
  await fencedTransaction(connection, {
    epoch: options.epoch,
    async work(send) {
      await send(
        options.checkpoints.flatMap(({ tenantId, size, note }) => [
          ...enter(logScopeOf(tenantId)),
          {
            text: `INSERT INTO ${schemaName}.log_checkpoints (tenant_id, environment_id, tree_size, note, published_at) VALUES ($1, $1, $2, $3, now())`,
            values: [tenantId, size, note],
          },
        ]),
      );
    },
  });
}

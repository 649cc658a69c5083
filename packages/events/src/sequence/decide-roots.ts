import { schemaName } from '@karmanflow/schema';
import type { Connection, Statement } from './connection.ts';
import { type Send, fencedTransaction } from './fenced-transaction.ts';
import {
  type DecidedRoot,
  emptyTree,
  logScopeOf,
  type LogTree,
  type LogTrees,
  platformUuid,
  type RootDecision,
  selectRoots,
  treeOf,
} from './log-state.ts';
import { sequenceLimits } from './sequence-limits.ts';
import { enter } from './term.ts';

/**
 * Decides which roots are published next: of each of these tenants the root over the leaves that it has now, and over all of
 * these the root of the log of logs. Decided means committed: whatever happens later, these and no others are archived,
 * signed and recorded, so that a crash can make no second version of what was signed. Null when there is nothing new.
 *
 * The decision before must have been recorded. At most `tenantsPerDecision` tenants, each by `leavesPerRoot` leaves at most.
 */
export async function decideRoots(
  connection: Connection,
  options: { readonly epoch: number; readonly tenantIds: readonly string[]; readonly trees: LogTrees },
): Promise<RootDecision | null> {
  const { epoch, trees } = options;
  const tenantIds = options.tenantIds.slice(0, sequenceLimits.tenantsPerDecision);
  return fencedTransaction(connection, {
    epoch,
    first: [selectRoots(platformUuid, 1), ...tenantIds.map((tenantId) => selectRoots(tenantId, 1))],
    async work(send, [platformRoots, ...tenantRoots]) {
      const before = tenantIds.map((tenantId, at) => ({
        tenantId,
        tree: treeOf(tenantRoots[at]?.rows[0]) ?? emptyTree,
      }));
      const platformTree = treeOf(platformRoots?.rows[0]) ?? emptyTree;
      const tenants = await extendAll(before, { send, trees, superSize: platformTree.size });
      if (tenants.length === 0) return null;
      const superLeaves = tenants.map(({ tenantId, after }) => trees.superLeafHash({ tenantId, ...after }));
      const platform: DecidedRoot = {
        tenantId: platformUuid,
        before: platformTree,
        after: trees.extend(platformTree, superLeaves),
        superIndex: null,
      };
      await send([...tenants, platform].flatMap(insertRoot));
      return { tenants, platform };
    },
  });
}

async function extendAll(
  logs: readonly { readonly tenantId: string; readonly tree: Omit<LogTree, 'root'> }[],
  ports: { readonly send: Send; readonly trees: LogTrees; readonly superSize: number },
): Promise<DecidedRoot[]> {
  const answers = await ports.send(
    logs.map(({ tenantId, tree }) => ({
      text:
        `select leaf_index, leaf_hash from ${schemaName}.log_leaves where tenant_id = $1 and leaf_index >= $2` +
        ` order by leaf_index limit ${sequenceLimits.leavesPerRoot}`,
      values: [tenantId, tree.size],
    })),
  );
  const decided: DecidedRoot[] = [];
  logs.forEach(({ tenantId, tree }, at) => {
    const leaves = answers[at]?.rows ?? [];
    if (leaves.length === 0) return;
    const hashes = leaves.map((row, offset) => {
      if (Number(row['leaf_index']) !== tree.size + offset)
        throw new Error(`the log of ${tenantId} has a gap at ${tree.size + offset}`);
      return row['leaf_hash'] as Uint8Array; // bytea, never null.
    });
    const superIndex = ports.superSize + decided.length;
    decided.push({ tenantId, before: tree, after: ports.trees.extend(tree, hashes), superIndex });
  });
  return decided;
}

function insertRoot({ tenantId, after, superIndex }: DecidedRoot): Statement[] {
  return [
    ...enter(logScopeOf(tenantId)),
    {
      text: `INSERT INTO ${schemaName}.log_roots (tenant_id, environment_id, tree_size, root_hash, frontier, super_index, decided_at) VALUES ($1, $1, $2, $3, $4, $5, now())`,
      values: [tenantId, after.size, Buffer.from(after.root), Buffer.from(after.frontier), superIndex],
    },
  ];
}

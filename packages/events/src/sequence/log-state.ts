import { controlEnvironmentOf, schemaName, type Scope, toId } from '@karmanflow/schema';
import { type Answer, type Connection, sendAll, type Statement } from './connection.ts';
import { sequenceLimits } from './sequence-limits.ts';
import { platformTenantId } from './term.ts';

/** A Merkle tree as it is kept: all that is needed to extend it. What the bytes mean is the business of `LogTrees`. */
export interface LogTree {
  readonly size: number;
  /** The hashes of the complete subtrees, one after the other. */
  readonly frontier: Uint8Array;
  readonly root: Uint8Array;
}

/** The arithmetic of the logs, which comes from outside: this package knows rows, not hashes. */
export interface LogTrees {
  /** The tree after further leaves. */
  extend(tree: Omit<LogTree, 'root'>, leafHashes: readonly Uint8Array[]): LogTree;
  /** The hash of the leaf by which the log of logs commits to a tenant's root (UUID, size, root). */
  superLeafHash(root: { readonly tenantId: string; readonly size: number; readonly root: Uint8Array }): Uint8Array;
}

/** A root that was decided and is to be published, with the tree that was published before it. */
export interface DecidedRoot {
  /** UUID; the platform's for the log of logs. */
  readonly tenantId: string;
  readonly before: Omit<LogTree, 'root'>;
  readonly after: LogTree;
  /** The leaf of the log of logs that commits to it; null for the root of that log itself. */
  readonly superIndex: number | null;
}

/** What is published together. */
export interface RootDecision {
  /** In the order of their leaves in the log of logs. */
  readonly tenants: readonly DecidedRoot[];
  readonly platform: DecidedRoot;
}

/** How far the log of a tenant is (UUID). */
export interface LogExtent {
  readonly tenantId: string;
  readonly leaves: number;
  readonly decided: number;
  readonly published: number;
}

export const platformUuid = platformTenantId.slice(platformTenantId.indexOf('_') + 1);
export const emptyTree: Omit<LogTree, 'root'> = { size: 0, frontier: new Uint8Array(0) };

/** Where the rows of a tenant's log stand: in its control environment. */
export function logScopeOf(tenantUuid: string): Scope {
  const tenantId = toId('tenant', tenantUuid);
  return { tenantId, environmentId: controlEnvironmentOf(tenantId) };
}

/** The newest roots of a log, newest first. */
export function selectRoots(tenantUuid: string, count: 1 | 2): Statement {
  return {
    text:
      `select tree_size, root_hash, frontier, super_index from ${schemaName}.log_roots` +
      ` where tenant_id = $1 and environment_id = $1 order by tree_size desc limit ${count}`,
    values: [tenantUuid],
  };
}

export function treeOf(row: Record<string, unknown> | undefined): LogTree | null {
  if (!row) return null;
  return {
    size: Number(row['tree_size']),
    frontier: row['frontier'] as Uint8Array, // bytea, never null, as is the root.
    root: row['root_hash'] as Uint8Array,
  };
}

/**
 * The logs of a page of tenants, each by four looks into an index, whatever its size. Tenants come in the order of their ids,
 * behind `after`; null for the first page.
 */
export async function readExtents(
  connection: Connection,
  after: string | null,
): Promise<{ readonly extents: readonly LogExtent[]; readonly next: string | null }> {
  const { rows } = (await sendAll(connection, [extentsAfter(after ?? platformUuid)]))[0] ?? { rows: [] };
  const extents = rows.map((row) => ({
    tenantId: String(row['tenant_id']),
    leaves: Number(row['leaves']),
    decided: Number(row['decided']),
    published: Number(row['published']),
  }));
  const isFull = extents.length >= sequenceLimits.tenantsPerPage;
  return { extents, next: isFull ? (extents.at(-1)?.tenantId ?? null) : null };
}

/** Goes from tenant to tenant by the index, since counting or grouping would read every leaf. */
function extentsAfter(tenantUuid: string): Statement {
  const newest = (table: string, column: string): string =>
    `coalesce((select ${column} from ${schemaName}.${table} x where x.tenant_id = t.tenant_id` +
    `${table === 'log_leaves' ? '' : ' and x.environment_id = t.tenant_id'} order by ${column} desc limit 1)`;
  return {
    text: `with recursive tenants (tenant_id) as (
      (select tenant_id from ${schemaName}.log_leaves where tenant_id > $1 order by tenant_id limit 1)
      union all
      select (select l.tenant_id from ${schemaName}.log_leaves l where l.tenant_id > t.tenant_id order by l.tenant_id limit 1)
      from tenants t where t.tenant_id is not null
    )
    select t.tenant_id, ${newest('log_leaves', 'leaf_index')}, -1) + 1 as leaves,
      ${newest('log_roots', 'tree_size')}, 0) as decided, ${newest('log_checkpoints', 'tree_size')}, 0) as published
    from tenants t where t.tenant_id is not null limit ${sequenceLimits.tenantsPerPage}`,
    values: [tenantUuid],
  };
}

/** A decision that was committed and never recorded as published, or null. `tenantIds` are those with such a root. */
export async function readOpenDecision(
  connection: Connection,
  tenantIds: readonly string[],
): Promise<RootDecision | null> {
  const answers = await sendAll(connection, [
    selectRoots(platformUuid, 2),
    {
      text:
        `select tree_size from ${schemaName}.log_checkpoints where tenant_id = $1 and environment_id = $1` +
        ' order by tree_size desc limit 1',
      values: [platformUuid],
    },
    ...tenantIds.map((tenantId) => selectRoots(tenantId, 2)),
  ]);
  const platform = decidedRoot(platformUuid, answers[0]);
  const published = Number(answers[1]?.rows[0]?.['tree_size'] ?? 0);
  if (platform === null || platform.after.size === published) return null;
  const tenants = tenantIds.flatMap((tenantId, at) => decidedRoot(tenantId, answers[at + 2]) ?? []);
  return { platform, tenants: tenants.toSorted((one, other) => Number(one.superIndex) - Number(other.superIndex)) };
}

function decidedRoot(tenantId: string, answer: Answer | undefined): DecidedRoot | null {
  const [newest, previous] = answer?.rows ?? [];
  const after = treeOf(newest);
  if (after === null) return null;
  const superIndex = newest?.['super_index'] ?? null;
  return {
    tenantId,
    before: treeOf(previous) ?? emptyTree,
    after,
    superIndex: superIndex === null ? null : Number(superIndex),
  };
}

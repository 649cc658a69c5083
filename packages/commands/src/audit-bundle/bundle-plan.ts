import { appendLeafHashes, type CompactTree, emptyCompactTree, parseCheckpoint, parseNote } from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, type Id, type Scope, toUuid } from '@karmanflow/schema';
import type { DatabaseTables } from '@karmanflow/schema';
import type { Kysely } from 'kysely';
import { readLeafHashes } from './read-leaves.ts';

/** What is asked for. Leaves are counted from 0 in the log of the tenant. */
export interface BundleRequest {
  readonly tenantId: Id<'tenant'>;
  /** Whose receipts are given whole; of all other environments their leaf hashes. */
  readonly environmentIds: readonly Id<'environment'>[];
  readonly fromLeaf: number;
  /** Null: up to the newest checkpoint, which is also as far as any range reaches. */
  readonly toLeaf: number | null;
  /** Instead of leaves: publications from and before these instants (RFC 3339 UTC). */
  readonly publishedFrom?: string | null;
  readonly publishedBefore?: string | null;
  /** The size of a checkpoint that the reader remembers: the bundle shows how the log extends it. */
  readonly rememberedSize: number | null;
  /** Whether events stand behind their receipts. */
  readonly hasEvents: boolean;
}

/** The leaves that a bundle consists of, and the tree before the first one. */
export interface BundlePlan {
  readonly firstLeaf: number;
  readonly fromLeaf: number;
  readonly toLeaf: number;
  readonly treeSize: number;
  readonly tree: CompactTree;
  /** Shows that this log extends the remembered one, where that lies before the first leaf. */
  readonly consistency: {
    readonly size1: number;
    readonly size2: number;
    readonly proof: readonly Uint8Array[];
  } | null;
  /** The origin line of the log's checkpoints. */
  readonly origin: string;
  /** Every environment of the tenant, those of the request first. */
  readonly environmentIds: readonly Id<'environment'>[];
}

/**
 * nothing_published   the log of this tenant has no checkpoint yet
 * range_empty         the range begins behind its end, or behind the newest checkpoint
 * range_too_large     the bundle would have more than `auditBundleLimits.leavesMax` leaves
 */
export type BundleRefusal = 'nothing_published' | 'range_empty' | 'range_too_large';

export type PlannedBundle =
  | { readonly ok: true; readonly plan: BundlePlan }
  | { readonly ok: false; readonly code: BundleRefusal };

export const auditBundleLimits = {
  /** Leaves of one bundle. A larger log is exported in several, each from where the one before ended. */
  leavesMax: 2_000_000,
  /** Leaves that are read, and held, at the same time. */
  leavesPerPage: 256,
} as const;

const hashBytes = 32;

/** Two published trees of a tenant's log. */
export interface PublishedTrees {
  readonly tenantId: Id<'tenant'>;
  readonly origin: string;
  readonly size1: number;
  readonly root1: Uint8Array;
  readonly size2: number;
  readonly root2: Uint8Array;
}

/** The consistency proof between two published trees, or null where there is none to be had. */
export type ProveConsistency = (trees: PublishedTrees) => Promise<readonly Uint8Array[] | null>;

/**
 * Finds out what a bundle has to consist of. `database` is of the role kf_read. Without `prove` a bundle begins at the
 * remembered leaf, with the hashes of all leaves from there on, which show the same at greater length.
 */
export async function planBundle(
  database: Database,
  request: BundleRequest,
  prove: ProveConsistency | null = null,
): Promise<PlannedBundle> {
  const { tenantId, rememberedSize } = request;
  const control: Scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  const looked = await database.read(control, async (db) => {
    const newest = await newestCheckpoint(db, tenantId);
    if (newest === null) return null;
    const range = await rangeOf(db, request, newest.size);
    const reached = Math.max(range.toLeaf, Math.min(rememberedSize ?? 0, newest.size), 1);
    const treeSize = (await checkpointFrom(db, tenantId, reached)) ?? newest.size;
    const isBefore = rememberedSize !== null && rememberedSize > 0 && rememberedSize < range.fromLeaf;
    const roots = isBefore && prove !== null ? await rootsOf(db, tenantId, [rememberedSize, treeSize]) : null;
    const rows = await db.selectFrom('environments').select('id').where('tenant_id', '=', toUuid(tenantId)).execute();
    const environments = rows.map(({ id }) => `env_${id}` as const);
    return { ...range, origin: newest.origin, treeSize, roots, environments };
  });
  if (looked === null) return { ok: false, code: 'nothing_published' };
  const { fromLeaf, toLeaf, treeSize, origin, roots } = looked;
  if (fromLeaf > toLeaf || fromLeaf > treeSize) return { ok: false, code: 'range_empty' };
  const proof = roots && prove && (await prove({ tenantId, origin, ...roots }));
  const consistency = proof && roots && { size1: roots.size1, size2: roots.size2, proof };
  const firstLeaf = consistency ? fromLeaf : Math.min(fromLeaf, rememberedSize ?? fromLeaf);
  if (treeSize - firstLeaf > auditBundleLimits.leavesMax) return { ok: false, code: 'range_too_large' };
  const others = [control.environmentId, ...looked.environments].filter((id) => !request.environmentIds.includes(id));
  const environmentIds = [...new Set([...request.environmentIds, ...others])];
  const rooted = await database.read(control, (db) => rootUpTo(db, tenantId, firstLeaf));
  const tree = await treeAt(database, { tenantId, environmentIds, rooted, size: firstLeaf });
  return { ok: true, plan: { firstLeaf, fromLeaf, toLeaf, treeSize, tree, consistency, origin, environmentIds } };
}

type Db = Kysely<DatabaseTables>;

async function newestCheckpoint(
  db: Db,
  tenantId: Id<'tenant'>,
): Promise<{ readonly size: number; readonly origin: string } | null> {
  const row = await db
    .selectFrom('log_checkpoints')
    .select(['tree_size', 'note'])
    .where('tenant_id', '=', toUuid(tenantId))
    .orderBy('tree_size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) return null;
  return { size: row.tree_size, origin: parseCheckpoint(parseNote(row.note)?.text ?? '')?.origin ?? '' };
}

/** The smallest checkpoint that covers a size. */
async function checkpointFrom(db: Db, tenantId: Id<'tenant'>, size: number): Promise<number | null> {
  const row = await db
    .selectFrom('log_checkpoints')
    .select('tree_size')
    .where('tenant_id', '=', toUuid(tenantId))
    .where('tree_size', '>=', size)
    .orderBy('tree_size')
    .limit(1)
    .executeTakeFirst();
  return row?.tree_size ?? null;
}

/** By leaves, or by the publications that took place in a time: a receipt is published soon after it was completed. */
async function rangeOf(
  db: Db,
  request: BundleRequest,
  newest: number,
): Promise<{ readonly fromLeaf: number; readonly toLeaf: number }> {
  const { publishedFrom = null, publishedBefore = null, tenantId } = request;
  const sizeBefore = async (instant: string): Promise<number> => {
    const row = await db
      .selectFrom('log_checkpoints')
      .select('tree_size')
      .where('tenant_id', '=', toUuid(tenantId))
      .where('published_at', '<', instant)
      .orderBy('tree_size', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.tree_size ?? 0;
  };
  const fromLeaf = publishedFrom === null ? request.fromLeaf : await sizeBefore(publishedFrom);
  const toLeaf = publishedBefore === null ? (request.toLeaf ?? newest) : await sizeBefore(publishedBefore);
  return { fromLeaf, toLeaf: Math.min(toLeaf, newest) };
}

/** The roots of two sizes, where both were published. */
async function rootsOf(
  db: Db,
  tenantId: Id<'tenant'>,
  [size1, size2]: readonly [number, number],
): Promise<Omit<PublishedTrees, 'tenantId' | 'origin'> | null> {
  const rows = await db
    .selectFrom('log_roots')
    .select(['tree_size', 'root_hash'])
    .where('tenant_id', '=', toUuid(tenantId))
    .where('tree_size', 'in', [size1, size2])
    .execute();
  const rootOf = (size: number) => rows.find((row) => row.tree_size === size)?.root_hash;
  const [root1, root2] = [rootOf(size1), rootOf(size2)];
  return root1 && root2 ? { size1, root1: Uint8Array.from(root1), size2, root2: Uint8Array.from(root2) } : null;
}

/** The largest tree up to a size of which the database keeps all that is needed to extend it. */
async function rootUpTo(db: Db, tenantId: Id<'tenant'>, size: number): Promise<CompactTree> {
  const row = await db
    .selectFrom('log_roots')
    .select(['tree_size', 'frontier'])
    .where('tenant_id', '=', toUuid(tenantId))
    .where('tree_size', '<=', size)
    .orderBy('tree_size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) return emptyCompactTree;
  const { frontier, tree_size: treeSize } = row;
  const hashes = Array.from({ length: frontier.length / hashBytes }, (_, at) =>
    Uint8Array.from(frontier.subarray(at * hashBytes, (at + 1) * hashBytes)),
  );
  return { size: BigInt(treeSize), hashes };
}

/** The tree of a size, from the one that is kept and the few leaves between. */
async function treeAt(
  database: Database,
  wanted: {
    readonly tenantId: Id<'tenant'>;
    readonly environmentIds: readonly Id<'environment'>[];
    readonly rooted: CompactTree;
    readonly size: number;
  },
): Promise<CompactTree> {
  const { tenantId, environmentIds, size } = wanted;
  let tree = wanted.rooted;
  for (let from = Number(tree.size); from < size; from += auditBundleLimits.leavesPerPage) {
    const to = Math.min(size, from + auditBundleLimits.leavesPerPage);
    const leaves = await readLeafHashes(database, { tenantId, environmentIds, from, to });
    // Where a leaf is gone the tree is another one, and whoever verifies the bundle finds that it leads to no root.
    tree = appendLeafHashes(
      tree,
      leaves.map(({ hash }) => hash),
    );
  }
  return tree;
}

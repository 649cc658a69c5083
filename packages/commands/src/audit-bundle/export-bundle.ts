import { type BundleWriter, createBundleWriter, type KeySetDocument, type ReceiptSigner } from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, toUuid } from '@karmanflow/schema';
import { auditBundleLimits, type BundlePlan, type BundleRequest } from './bundle-plan.ts';
import { type LeafHash, readLeafHashes, readWholeLeaves, type WholeLeaf } from './read-leaves.ts';

export interface BundlePorts {
  /** Of the role kf_read. */
  readonly database: Database;
  readonly keySet: KeySetDocument;
  /** Signs the end, with a key of the key set. */
  readonly signer: Pick<ReceiptSigner, 'sign' | 'keyId'>;
  /** Keys of the log as verifier keys, for the reader's convenience. */
  readonly logKeys: readonly string[];
  /** RFC 3339 UTC with milliseconds. */
  readonly madeAt: string;
}

/**
 * The text of a bundle, page by page: a few hundred leaves are read when they are asked for, each page in short transactions
 * of its own. What is read never changes, so that pages fit together. What is damaged or gone in the database is
 * exported as it is: to find that out is what the bundle is for.
 */
export async function* exportBundle(
  ports: BundlePorts,
  { request, plan }: { readonly request: BundleRequest; readonly plan: BundlePlan },
): AsyncGenerator<string, void, undefined> {
  const { tenantId, environmentIds: environments, hasEvents } = request;
  const { firstLeaf, fromLeaf, toLeaf, treeSize, origin, tree, consistency } = plan;
  const { signer, logKeys, madeAt } = ports;
  const range = { firstLeaf, fromLeaf, toLeaf, treeSize };
  const writer = createBundleWriter({
    header: { tenantId, environments, origin, logKeys, ...range, hasEvents, madeAt },
    signer,
  });
  yield writer.begin({ keys: ports.keySet, tree, ...(consistency ? { consistency } : {}) });
  for (let from = firstLeaf; ;) {
    const to = Math.min(treeSize, from + auditBundleLimits.leavesPerPage);
    yield await page(ports, writer, { request, plan, from, to });
    if (to >= treeSize) break;
    from = to;
  }
  yield writer.end();
}

interface Page {
  readonly request: BundleRequest;
  readonly plan: BundlePlan;
  readonly from: number;
  readonly to: number;
}

async function page(ports: BundlePorts, writer: BundleWriter, wanted: Page): Promise<string> {
  const { request, plan, from } = wanted;
  const leaves = await leavesOf(ports.database, wanted);
  const notes = await notesOf(ports.database, wanted);
  let text = from === plan.firstLeaf ? checkpointAt(from) : '';
  for (const leaf of leaves) {
    text += 'receipt' in leaf ? whole(leaf) : writer.leaf(leaf);
    text += checkpointAt(leaf.leafIndex + 1);
  }
  return text;

  function checkpointAt(size: number): string {
    const note = notes.get(size);
    return note === undefined ? '' : writer.checkpoint(note);
  }

  function whole(leaf: WholeLeaf): string {
    const { leafIndex, hash: leafHash, environmentId, receipt: signed, events } = leaf;
    if (signed === null) return writer.leaf(leaf);
    const lines = [writer.receipt({ leafIndex, leafHash, environmentId, signed })];
    if (request.hasEvents) for (const event of events) lines.push(writer.event({ leafIndex, ...event }));
    return lines.join('');
  }
}

/** The leaves of a page in their order: whole where they are asked for, and their hashes elsewhere. */
async function leavesOf(database: Database, wanted: Page): Promise<readonly (LeafHash | WholeLeaf)[]> {
  const { request, plan, from, to } = wanted;
  const { tenantId, environmentIds, hasEvents } = request;
  const [start, end] = [Math.max(from, plan.fromLeaf), Math.min(to, plan.toLeaf)];
  const leaves = new Map<number, LeafHash | WholeLeaf>();
  for (const environmentId of start < end ? environmentIds : []) {
    const range = { tenantId, environmentId, from: start, to: end, hasEvents };
    for (const leaf of await readWholeLeaves(database, range)) leaves.set(leaf.leafIndex, leaf);
  }
  if (leaves.size < to - from) {
    const range = { tenantId, environmentIds: plan.environmentIds, from, to };
    for (const leaf of await readLeafHashes(database, range)) {
      if (!leaves.has(leaf.leafIndex)) leaves.set(leaf.leafIndex, leaf);
    }
  }
  return [...leaves.values()].toSorted((one, other) => one.leafIndex - other.leafIndex);
}

/** The checkpoints that stand in a page, by their size. */
async function notesOf(database: Database, { request, from, to }: Page): Promise<ReadonlyMap<number, string>> {
  const { tenantId } = request;
  const rows = await database.read({ tenantId, environmentId: controlEnvironmentOf(tenantId) }, (db) =>
    db
      .selectFrom('log_checkpoints')
      .select(['tree_size', 'note'])
      .where('tenant_id', '=', toUuid(tenantId))
      .where('tree_size', '>=', from)
      .where('tree_size', '<=', to)
      .orderBy('tree_size')
      .execute(),
  );
  return new Map(rows.map((row) => [row.tree_size, row.note]));
}

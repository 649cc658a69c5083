import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DecidedRoot,
  decideRoots,
  drainQueue,
  lead,
  type LogTrees,
  readEntries,
  readReceiptEvents,
  recordCheckpoints,
  type Term,
} from '@karmanflow/events';
import {
  appendLeafHashes,
  archiveGrowth,
  type CompactTree,
  compactTreeRoot,
  createNoteSigner,
  firstEntryOf,
  formatCheckpoint,
  leafHash,
  type LogPlace,
  type NoteKey,
  signNote,
  superLogPlace,
  tenantLogPlace,
} from '@karmanflow/receipts';
import { createFolderArchive, type LogArchive } from '@karmanflow/runtime';
import { type Database, toId } from '@karmanflow/schema';

/** What the worker does beside the API, when a test says so. */
export interface TestLog {
  readonly host: string;
  readonly archive: LogArchive;
  /** Gives everything that was committed its place in the stream and in the logs. */
  sequence(): Promise<void>;
  /** The same, and publishes a checkpoint of each log that has grown since. */
  publish(): Promise<void>;
  /** The key that verifies checkpoints of a log. */
  keyOf(place: LogPlace): NoteKey;
  close(): Promise<void>;
}

const host = 'log.example';
const seed = new Uint8Array(32).fill(9);
const takeoverDeadlineMilliseconds = 30_000;

const treeOf = (tree: { readonly size: number; readonly frontier: Uint8Array }): CompactTree => ({
  size: BigInt(tree.size),
  hashes: Array.from({ length: tree.frontier.length / 32 }, (_, at) => tree.frontier.slice(at * 32, (at + 1) * 32)),
});
const placeOf = (tenantId: string): LogPlace => tenantLogPlace({ host, tenantId: toId('tenant', tenantId) });
const superEntry = (root: {
  readonly tenantId: string;
  readonly size: number;
  readonly root: Uint8Array;
}): Uint8Array =>
  new TextEncoder().encode(
    formatCheckpoint({ origin: placeOf(root.tenantId).origin, size: BigInt(root.size), root: root.root }),
  );
const trees: LogTrees = {
  extend(tree, leafHashes) {
    const after = appendLeafHashes(treeOf(tree), leafHashes);
    return { size: Number(after.size), frontier: Buffer.concat(after.hashes), root: compactTreeRoot(after) };
  },
  superLeafHash: (root) => leafHash(superEntry(root)),
};

/** `database` is opened as kf_sequencer, and closed by who opened it. */
export async function createTestLog(database: Database): Promise<TestLog> {
  const directory = await mkdtemp(join(tmpdir(), 'kf-test-log-'));
  const archive = createFolderArchive({ directory });
  const superEntries: Uint8Array[] = [];
  const grown = new Set<string>();
  const signerOf = ({ origin }: LogPlace) => createNoteSigner({ name: origin, seed });

  async function asLeader(work: (term: Term) => Promise<void>): Promise<void> {
    const deadline = performance.now() + takeoverDeadlineMilliseconds;
    const patiently = async (term: Term): Promise<void> => {
      // A test machine may stand still for longer than a leader may be silent.
      await term.connection.query('SET idle_session_timeout = 0');
      await work(term);
    };
    while (!(await lead(database, { leaderId: Bun.randomUUIDv7(), work: patiently }))) {
      if (performance.now() > deadline) throw new Error('somebody else leads, and does not stop');
      await Bun.sleep(5);
    }
  }

  async function drain({ connection, epoch }: Term): Promise<void> {
    const readReceipt = (body: Uint8Array) => ({ leafHash: leafHash(body), eventIds: readReceiptEvents(body) ?? [] });
    for (;;) {
      const round = await drainQueue(connection, { epoch, readReceipt, distrust: false });
      for (const tenantId of round.tenantIds) grown.add(tenantId);
      if (round.transactions === 0) return;
    }
  }

  async function archived(root: DecidedRoot, place: LogPlace, entries: readonly Uint8Array[]) {
    const { before, after } = root;
    const size = BigInt(after.size);
    await archiveGrowth(archive, place, { before: treeOf(before), root: after.root, size, entries });
    const text = formatCheckpoint({ origin: place.origin, size, root: after.root });
    return { tenantId: root.tenantId, size: after.size, note: signNote({ text, signers: [signerOf(place)] }) };
  }

  async function publishNext({ connection, epoch }: Term): Promise<boolean> {
    const decision = await decideRoots(connection, { epoch, tenantIds: [...grown], trees });
    if (decision === null) return false;
    const { tenants, platform } = decision;
    const checkpoints = [];
    for (const root of tenants) {
      const from = Number(firstEntryOf(BigInt(root.before.size)));
      const entries = await readEntries(connection, { tenantId: root.tenantId, from, to: root.after.size });
      checkpoints.push(await archived(root, placeOf(root.tenantId), entries));
      superEntries.push(superEntry({ tenantId: root.tenantId, ...root.after }));
    }
    const first = Number(firstEntryOf(BigInt(platform.before.size)));
    checkpoints.push(await archived(platform, superLogPlace({ host }), superEntries.slice(first)));
    await recordCheckpoints(connection, { epoch, checkpoints });
    return true;
  }

  return {
    host,
    archive,
    sequence: () => asLeader(drain),
    publish: () =>
      asLeader(async (term) => {
        await drain(term);
        while (await publishNext(term));
        grown.clear();
      }),
    keyOf: (place) => signerOf(place).key,
    close: () => rm(directory, { recursive: true }),
  };
}

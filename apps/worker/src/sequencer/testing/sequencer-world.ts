import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drainQueue, lead, type Term } from '@karmanflow/events';
import {
  type Archive,
  type LogPlace,
  parseNote,
  proveFromArchive,
  superLogPlace,
  tenantLogPlace,
  verifyTlogProof,
  leafHash,
  parseVerifierKey,
  parseCheckpoint,
} from '@karmanflow/receipts';
import { createFolderArchive } from '@karmanflow/runtime';
import { createTestWorld, type TestTenant, type TestWorld } from '@karmanflow/commands/testing';
import { type Database, openDatabase, toUuid } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { type CheckpointSigner, openCheckpointSigner } from '../checkpoint-signer.ts';
import { createPublisher, type Publisher } from '../create-publisher.ts';
import { createLogTrees } from '../log-trees.ts';
import type { PublishOutcome, Witnessing } from '../publish-decision.ts';
import { readReceipt } from '../read-receipt.ts';

export const host = 'log.example';
export const logSeed = new Uint8Array(32).fill(3);

export interface LogParts {
  readonly archive: Archive;
  readonly signer: Pick<CheckpointSigner, 'remembered' | 'sign'>;
  readonly witnessing: Witnessing | null;
}

export interface SequencerWorld {
  readonly world: TestWorld;
  readonly admin: Awaited<ReturnType<TestDatabase['admin']>>;
  readonly database: Database;
  readonly archive: Archive;
  readonly signer: CheckpointSigner;
  /** The folders of the archive and of the signer. */
  readonly directories: { readonly archive: string; readonly signer: string };
  /** Commands of a tenant, each with a receipt, in both of its environments. */
  issue(tenant: TestTenant, count: number): Promise<void>;
  /** Leads for as long as `work` takes. */
  asLeader<T>(work: (term: Term) => Promise<T>): Promise<T>;
  /** Gives positions to everything that waits. */
  sequence(): Promise<void>;
  /** One publication of a leader that has just taken over, with other parts than the usual ones where given. */
  publish(parts?: Partial<LogParts>): Promise<PublishOutcome | null>;
  /** Checks from the archive alone that the newest checkpoint of a tenant proves each of its receipts. Gives their number. */
  proveAll(tenant: TestTenant): Promise<number>;
  close(): Promise<void>;
}

export async function createSequencerWorld(): Promise<SequencerWorld> {
  const world = await createTestWorld();
  const admin = await world.testDatabase.admin();
  const url = world.testDatabase.urlFor('kf_sequencer');
  const database = openDatabase({ url, applicationName: 'kf-test-sequencer', connectionsMax: 6 });
  const root = await mkdtemp(join(tmpdir(), 'kf-sequencer-'));
  const directories = { archive: join(root, 'archive'), signer: join(root, 'signer') };
  const archive = createFolderArchive({ directory: directories.archive });
  const signer = await openCheckpointSigner({ directory: directories.signer, seed: logSeed });

  async function asLeader<T>(work: (term: Term) => Promise<T>): Promise<T> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const results: T[] = [];
      const led = await lead(database, {
        leaderId: Bun.randomUUIDv7(),
        work: async (term) => void results.push(await work(term)),
      });
      if (led) return results[0] as T; // `work` has run, so that its result is there.
      if (performance.now() > deadline) throw new Error('somebody else leads, and does not stop');
      await Bun.sleep(5);
    }
  }

  const publisherOf = (epoch: number, parts: Partial<LogParts>): Publisher =>
    createPublisher({
      epoch,
      host,
      archive: parts.archive ?? archive,
      signer: async () => parts.signer ?? signer,
      trees: createLogTrees(host),
      witnessing: parts.witnessing ?? null,
    });

  return {
    world,
    admin,
    database,
    archive,
    signer,
    directories,
    async issue(tenant, count) {
      const { caller, environments } = tenant;
      const places = [
        caller,
        {
          ...caller,
          environmentId: environments.production,
          environment: { kind: 'PRODUCTION', status: 'ACTIVE' } as const,
        },
      ];
      const one = (at: number) => {
        const code = Bun.randomUUIDv7().slice(-12).toUpperCase();
        const input = { sku: `SKU-${code}`, name: 'Mug' };
        return tenant.run('inventory.register_variant', input, { caller: places[at % 2] ?? caller });
      };
      await Promise.all(Array.from({ length: count }, (_, at) => one(at)));
    },
    asLeader,
    sequence: () =>
      asLeader(async ({ connection, epoch }) => {
        for (;;) {
          const round = await drainQueue(connection, { epoch, readReceipt, distrust: false });
          if (round.transactions === 0) return;
        }
      }),
    publish: (parts = {}) =>
      asLeader(({ epoch }) => database.connection((connection) => publisherOf(epoch, parts).publish(connection))),
    proveAll: (tenant) => proveAll({ admin, archive, signer }, tenant),
    async close() {
      await signer.close();
      await database.close();
      await world.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function proveAll(
  from: Pick<SequencerWorld, 'admin' | 'archive'> & { readonly signer: CheckpointSigner },
  tenant: TestTenant,
): Promise<number> {
  const uuid = toUuid(tenant.tenantId);
  const place = tenantLogPlace({ host, tenantId: tenant.tenantId });
  const { rows } = await from.admin.query<{ note: string }>(
    'select note from kf.log_checkpoints where tenant_id = $1 order by tree_size desc limit 1',
    [uuid],
  );
  const note = rows[0]?.note ?? '';
  const receipts = await from.admin.query<{ body: Buffer; leaf: string }>(
    `select r.body, l.leaf_index as leaf from kf.command_receipts r join kf.log_leaves l
      on l.tenant_id = r.tenant_id and l.environment_id = r.environment_id and l.command_receipt_id = r.id
      where r.tenant_id = $1 order by l.leaf_index`,
    [uuid],
  );
  for (const { body, leaf } of receipts.rows) {
    await prove(from, { place, leafIndex: BigInt(leaf), note, entry: body });
  }
  await proveCheckpoint(from, note);
  return receipts.rows.length;
}

/** The leaf is in the tree that the checkpoint states, by files alone and under the public key of the log. */
async function prove(
  from: { readonly archive: Archive; readonly signer: CheckpointSigner },
  leaf: { readonly place: LogPlace; readonly leafIndex: bigint; readonly note: string; readonly entry: Uint8Array },
): Promise<void> {
  const { place, leafIndex, note, entry } = leaf;
  const key = parseVerifierKey(from.signer.verifierKey(place.origin));
  const proven = await proveFromArchive(from.archive, { place, leafIndex, note });
  if (!key || !proven.ok) throw new Error(`no proof of leaf ${leafIndex} of ${place.origin}`);
  const policy = { origin: place.origin, logKeys: [key], witnessKeys: [], witnessQuorum: 0 };
  const verified = verifyTlogProof({ proof: proven.proof, leafHash: leafHash(entry), policy });
  if (!verified.ok) throw new Error(`leaf ${leafIndex} of ${place.origin}: ${verified.detail}`);
}

/** The log of logs commits to this checkpoint of a tenant. */
async function proveCheckpoint(
  from: Pick<SequencerWorld, 'admin' | 'archive'> & { readonly signer: CheckpointSigner },
  note: string,
): Promise<void> {
  const text = parseNote(note)?.text ?? '';
  const checkpoint = parseCheckpoint(text);
  const roots = await from.admin.query<{ super: string }>(
    'select super_index as super from kf.log_roots where root_hash = $1 and super_index is not null',
    [Buffer.from(checkpoint?.root ?? [])],
  );
  const latest = await from.admin.query<{ note: string }>(
    "select note from kf.log_checkpoints where tenant_id = '00000000-0000-0000-0000-000000000000' order by tree_size desc limit 1",
  );
  await prove(from, {
    place: superLogPlace({ host }),
    leafIndex: BigInt(roots.rows[0]?.super ?? -1),
    note: latest.rows[0]?.note ?? '',
    entry: new TextEncoder().encode(text),
  });
}

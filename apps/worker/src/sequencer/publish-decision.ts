import {
  type Connection,
  type DecidedRoot,
  readEntries,
  recordCheckpoints,
  type RootDecision,
} from '@karmanflow/events';
import {
  type Archive,
  ArchiveConflict,
  archiveGrowth,
  checkpointPath,
  consistencyFromArchive,
  decodeEntryBundle,
  firstEntryOf,
  LogDamaged,
  type LogPlace,
  parseNote,
  type SigningRefusalCode,
  type SigningRequest,
  superLogPlace,
  tenantLogPlace,
  tilePath,
} from '@karmanflow/receipts';
import { toId } from '@karmanflow/schema';
import type { CheckpointSigner } from './checkpoint-signer.ts';
import { compactTreeOf, superEntry } from './log-trees.ts';
import { sequencerLimits } from './sequencer-limits.ts';
import type { QuorumMode } from './witness-settings.ts';
import type { Cosigning, Witnesses } from './witnesses.ts';

export interface PublishPorts {
  readonly connection: Connection;
  readonly epoch: number;
  readonly archive: Archive;
  readonly signer: Pick<CheckpointSigner, 'remembered' | 'sign'>;
  /** Origins begin with it. */
  readonly host: string;
  /** Null where nobody else is asked. */
  readonly witnessing: Witnessing | null;
}

/** Who cosigns the log of logs, and what happens when too few do. */
export interface Witnessing {
  readonly witnesses: Witnesses;
  readonly withoutQuorum: QuorumMode;
  /** Told what came of it each time. */
  readonly tell: (cosigning: Omit<Cosigning, 'note'>) => void;
}

export type PublishRefusalCode = SigningRefusalCode | 'witnesses_missing';

export type PublishOutcome =
  | { readonly ok: true; readonly checkpoints: number; readonly leaves: number }
  | { readonly ok: false; readonly code: PublishRefusalCode; readonly origin: string };

/**
 * Publishes what was decided: first everything that the checkpoints cover is put into the archive, then they are signed,
 * that of the log of logs is cosigned by witnesses, they are put into the archive, and then they are recorded. Each step
 * can be repeated, so whatever was cut off is done again from the beginning.
 * Throws `LogDamaged` and `ArchiveConflict` when database and archive contradict each other, and `TermEnded`.
 */
export async function publishDecision(decision: RootDecision, ports: PublishPorts): Promise<PublishOutcome> {
  const { host, archive } = ports;
  const placed = decision.tenants.map((root) => ({
    root,
    place: tenantLogPlace({ host, tenantId: toId('tenant', root.tenantId) }),
  }));
  const whole = { root: decision.platform, place: superLogPlace({ host }) };
  await archiveTenants(placed, ports);
  await archiveSuperLog(decision, whole.place, ports);
  const all = [...placed, whole];
  const requests: SigningRequest[] = [];
  for (const { root, place } of all) requests.push(await signingRequest(root, place, ports));
  const signed = await ports.signer.sign(requests);
  if (!signed.ok) return signed;
  const notes = signed.notes.slice(0, -1);
  const cosigned = await cosign({ ...whole, note: signed.notes.at(-1) ?? '' }, ports);
  if (cosigned === null) return { ok: false, code: 'witnesses_missing', origin: whole.place.origin };
  const checkpoints = await inGroups(
    all.map((one, at) => ({ ...one, note: notes[at] ?? cosigned })),
    async ({ root, place, note }) => ({
      tenantId: root.tenantId,
      size: root.after.size,
      note: await archiveCheckpoint(archive, checkpointPath(place, BigInt(root.after.size)), note),
    }),
  );
  await recordCheckpoints(ports.connection, { epoch: ports.epoch, checkpoints });
  const leaves = decision.tenants.reduce((sum, { before, after }) => sum + after.size - before.size, 0);
  return { ok: true, checkpoints: checkpoints.length, leaves };
}

interface PlacedRoot {
  readonly root: DecidedRoot;
  readonly place: LogPlace;
}

/** Reads the entries of a few logs, one after the other over the one connection, and writes their files side by side. */
async function archiveTenants(placed: readonly PlacedRoot[], ports: PublishPorts): Promise<void> {
  const { logsAtOnce } = sequencerLimits;
  for (let at = 0; at < placed.length; at += logsAtOnce) {
    const growths = [];
    for (const { root, place } of placed.slice(at, at + logsAtOnce)) {
      const from = Number(firstEntryOf(BigInt(root.before.size)));
      const range = { tenantId: root.tenantId, from, to: root.after.size };
      growths.push({ root, place, entries: await readEntries(ports.connection, range) });
    }
    await Promise.all(growths.map((growth) => archiveRoot(growth, ports.archive)));
  }
}

function archiveRoot({ root, place, entries }: PlacedRoot & { entries: readonly Uint8Array[] }, archive: Archive) {
  const { before, after } = root;
  return archiveGrowth(archive, place, {
    before: compactTreeOf(before),
    root: after.root,
    size: BigInt(after.size),
    entries,
  });
}

/** The entries of the log of logs follow from the decision; those that fill its last bundle so far are in the archive. */
async function archiveSuperLog(
  decision: RootDecision,
  place: LogPlace,
  { archive, host }: PublishPorts,
): Promise<void> {
  const { platform, tenants } = decision;
  const size = BigInt(platform.before.size);
  const width = Number(size - firstEntryOf(size));
  const kept: Uint8Array[] = [];
  if (width > 0) {
    const path = `${place.folder}/${tilePath({ level: 'entries', index: size / 256n, width })}`;
    const bytes = await archive.read(path);
    const entries = bytes && decodeEntryBundle({ bytes, width });
    if (entries === undefined) throw new LogDamaged(`${path} is missing or damaged`);
    kept.push(...entries);
  }
  const added = tenants.map(({ tenantId, after }) => superEntry({ tenantId, ...after }, host));
  await archiveRoot({ root: platform, place, entries: [...kept, ...added] }, archive);
}

async function signingRequest(root: DecidedRoot, place: LogPlace, ports: PublishPorts): Promise<SigningRequest> {
  const { before, after } = root;
  const request = { origin: place.origin, size: BigInt(after.size), root: after.root, hasPredecessor: before.size > 0 };
  const signed = ports.signer.remembered(place.origin);
  if (signed === undefined || signed.size >= request.size) return { ...request, consistency: [] };
  const trees = { place, size1: signed.size, root1: signed.root, size2: request.size, root2: request.root };
  const found = await consistencyFromArchive(ports.archive, trees);
  // Without a proof the signer refuses, and says which log it is.
  return { ...request, consistency: found.ok ? found.proof : [] };
}

/** The note of the log of logs with its cosignatures, or null when there are too few of them to publish it. */
async function cosign(
  { root, place, note }: PlacedRoot & { readonly note: string },
  { witnessing }: PublishPorts,
): Promise<string | null> {
  if (witnessing === null) return note;
  const { after } = root;
  const cosigning = await witnessing.witnesses.cosign({ place, note, size: BigInt(after.size), root: after.root });
  witnessing.tell(cosigning);
  return cosigning.hasQuorum || witnessing.withoutQuorum === 'publish' ? cosigning.note : null;
}

/** A checkpoint of this text that is there already was signed with a key of before, or cosigned at another time: it counts. */
async function archiveCheckpoint(archive: Archive, path: string, note: string): Promise<string> {
  try {
    await archive.write(path, new TextEncoder().encode(note));
    return note;
  } catch (error) {
    const bytes = error instanceof ArchiveConflict ? await archive.read(path) : undefined;
    const present = bytes && new TextDecoder().decode(bytes);
    if (present === undefined || parseNote(present)?.text !== parseNote(note)?.text) throw error;
    return present;
  }
}

async function inGroups<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += sequencerLimits.logsAtOnce) {
    results.push(...(await Promise.all(items.slice(at, at + sequencerLimits.logsAtOnce).map(work))));
  }
  return results;
}

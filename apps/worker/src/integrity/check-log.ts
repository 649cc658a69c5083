import {
  type Archive,
  type Checkpoint,
  checkpointPath,
  type KeySetDocument,
  leafHash,
  type LogPlace,
  parseVerifierKey,
  receiptDocument,
  type SignedTree,
  tenantLogPlace,
  verifyCheckpoint,
  verifyReceipt,
} from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, type Id, toId, toUuid } from '@karmanflow/schema';
import type { ReportDraft } from './integrity-finding.ts';
import { publishedLeaves, publishedReceiptId, TileMissing } from './published-leaves.ts';
import { type StoredLeaf, readStoredLeaves } from './stored-leaves.ts';

export interface LogCheckPorts {
  /** Of the role kf_read. */
  readonly database: Database;
  readonly archive: Archive;
  readonly host: string;
  readonly keySet: KeySetDocument;
  /** The verifier key of a log. */
  readonly logKeyOf: (origin: string) => string;
  /** What the signer of checkpoints remembers of a log, outside of the database; undefined where it is not at hand. */
  readonly remembered: (origin: string) => SignedTree | undefined;
  readonly draft: ReportDraft;
}

export interface CheckedTenant {
  readonly tenantId: Id<'tenant'>;
  readonly environmentIds: readonly Id<'environment'>[];
}

/**
 * Compares the log of a tenant as it was published with what the database has of it: the size that the signer remembers,
 * each leaf of the archive with the receipt that stands there, and each receipt's signature. Holds 256 leaves at a time.
 */
export async function checkTenantLog(ports: LogCheckPorts, tenant: CheckedTenant): Promise<void> {
  const place = tenantLogPlace({ host: ports.host, tenantId: tenant.tenantId });
  const recorded = await newestCheckpoint(ports, tenant.tenantId, place);
  const signed = ports.remembered(place.origin);
  const recordedSize = Number(recorded?.size ?? 0);
  if (signed !== undefined && Number(signed.size) > recordedSize) {
    const detail = `${signed.size} leaves were signed, and the database knows ${recordedSize}`;
    ports.draft.add({ kind: 'log', code: 'log_rolled_back', subject: place.origin, detail });
  }
  const size = Math.max(Number(signed?.size ?? 0), recordedSize);
  if (size === 0) return;
  const root =
    signed !== undefined && Number(signed.size) === size ? signed.root : await archivedRoot(ports, place, size);
  if (root === null) return;
  await compareLeaves(ports, { ...tenant, place, size, root });
}

/** The newest checkpoint that the database knows, if the log has signed it. */
async function newestCheckpoint(
  { database, draft, logKeyOf }: LogCheckPorts,
  tenantId: Id<'tenant'>,
  place: LogPlace,
): Promise<Checkpoint | null> {
  const row = await database.read({ tenantId, environmentId: controlEnvironmentOf(tenantId) }, (db) =>
    db
      .selectFrom('log_checkpoints')
      .select('note')
      .where('tenant_id', '=', toUuid(tenantId))
      .orderBy('tree_size', 'desc')
      .limit(1)
      .executeTakeFirst(),
  );
  if (!row) return null;
  const verified = verifyNoteOf(row.note, { place, logKeyOf });
  if (verified.ok) return verified.checkpoint;
  draft.add({ kind: 'log', code: 'checkpoint_forged', subject: place.origin, detail: verified.detail });
  return null;
}

/** The root of a size as the archive has it, under the log's own signature. */
async function archivedRoot(ports: LogCheckPorts, place: LogPlace, size: number): Promise<Uint8Array | null> {
  const { archive, draft } = ports;
  const path = checkpointPath(place, BigInt(size));
  const bytes = await archive.read(path);
  if (bytes === undefined) {
    draft.add({ kind: 'log', code: 'archive_missing', subject: place.origin, detail: `${path} is not there` });
    return null;
  }
  const verified = verifyNoteOf(new TextDecoder().decode(bytes), { place, logKeyOf: ports.logKeyOf });
  if (verified.ok) return verified.checkpoint.root;
  draft.add({ kind: 'log', code: 'archive_damaged', subject: place.origin, detail: `${path}: ${verified.detail}` });
  return null;
}

function verifyNoteOf(note: string, { place, logKeyOf }: { place: LogPlace; logKeyOf: (origin: string) => string }) {
  const { origin } = place;
  const key = parseVerifierKey(logKeyOf(origin));
  return verifyCheckpoint({ note, policy: { origin, logKeys: key ? [key] : [], witnessKeys: [], witnessQuorum: 0 } });
}

interface ComparedLog extends CheckedTenant {
  readonly place: LogPlace;
  readonly size: number;
  readonly root: Uint8Array;
}

async function compareLeaves(ports: LogCheckPorts, log: ComparedLog): Promise<void> {
  const { archive, database, draft } = ports;
  const { place, root } = log;
  const pages = publishedLeaves(archive, log);
  try {
    for (;;) {
      const { done, value } = await pages.next();
      if (done) {
        if (!Buffer.from(root).equals(value)) {
          const detail = `the tiles do not lead to the root of ${log.size} leaves`;
          draft.add({ kind: 'log', code: 'archive_damaged', subject: place.origin, detail });
        }
        return;
      }
      const range = { ...log, from: value.from, to: value.from + value.hashes.length };
      const stored = await readStoredLeaves(database, range);
      await comparePage(ports, { log, published: value.hashes, from: value.from, stored });
    }
  } catch (error) {
    if (!(error instanceof TileMissing)) throw error;
    draft.add({ kind: 'log', code: 'archive_missing', subject: place.origin, detail: error.message });
  }
}

interface ComparedPage {
  readonly log: ComparedLog;
  readonly from: number;
  readonly published: readonly Uint8Array[];
  readonly stored: ReadonlyMap<number, StoredLeaf>;
}

async function comparePage(ports: LogCheckPorts, { log, from, published, stored }: ComparedPage): Promise<void> {
  const { draft, archive, keySet } = ports;
  const leafOf = new Map(published.map((hash, at) => [Buffer.from(hash).toString('hex'), from + at]));
  for (const [at, hash] of published.entries()) {
    const leafIndex = from + at;
    const leaf = stored.get(leafIndex);
    if (leaf?.receipt === null || leaf === undefined) {
      const id = await publishedReceiptId(archive, { ...log, leafIndex });
      const subject = id ?? `leaf ${leafIndex} of ${log.place.origin}`;
      draft.add({ kind: 'receipt', code: 'receipt_missing', subject, detail: `it was published at leaf ${leafIndex}` });
      continue;
    }
    draft.saw({ receipts: 1 });
    const subject = toId('receipt', leaf.receiptId);
    const own = Buffer.from(leafHash(leaf.receipt.bytes));
    if (!own.equals(hash)) {
      const elsewhere = leafOf.get(own.toString('hex'));
      draft.add({
        kind: 'receipt',
        code: elsewhere === undefined ? 'receipt_changed' : 'receipt_moved',
        subject,
        detail:
          elsewhere === undefined
            ? `at leaf ${leafIndex}, ${(await publishedReceiptId(archive, { ...log, leafIndex })) ?? 'another one'} was published with other bytes`
            : `it stands at leaf ${leafIndex} and was published at leaf ${elsewhere}`,
      });
    }
    const fault = signatureFault(leaf.receipt, keySet);
    if (fault !== null) draft.add({ kind: 'receipt', code: 'receipt_unsigned', subject, detail: fault });
  }
}

function signatureFault(receipt: NonNullable<StoredLeaf['receipt']>, keys: KeySetDocument): string | null {
  try {
    const verified = verifyReceipt({ document: receiptDocument(receipt), keys });
    return verified.ok ? null : `${verified.code}: ${verified.detail}`;
  } catch {
    return 'its bytes are no JSON any more';
  }
}

import { platformTenantId } from '@karmanflow/events';
import { proveFromArchive, superLogFolder, tenantLogFolder } from '@karmanflow/receipts';
import { ArchiveUnavailable, type LogArchive } from '@karmanflow/runtime';
import { controlEnvironmentOf, type Database, type Id, isId, type Scope, toUuid } from '@karmanflow/schema';
import { TenantPlaces } from '../tenant-places.ts';
import type { PublishedLogLimits } from './published-log-limits.ts';

export interface PublishedLogParts {
  /** Of the role kf_read. */
  readonly database: Database;
  /** Null where this process knows of none. */
  readonly archive: LogArchive | null;
  readonly limits: PublishedLogLimits;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface WantedProof {
  readonly scope: Scope;
  readonly receiptId: Id<'receipt'>;
}

export type ProofAnswer =
  | { readonly ok: true; readonly proof: string }
  | { readonly ok: false; readonly code: 'not_found' | 'proof_pending' | 'log_unavailable' };

export type LogAnswer<Content> =
  | { readonly ok: true; readonly content: Content }
  | { readonly ok: false; readonly code: 'not_found' | 'log_unavailable' };

/** What anybody can be shown of the logs: it was signed and archived before it is read here. */
export interface PublishedLog {
  /** The proof file (C2SP tlog-proof) of a receipt, under the first checkpoint that covers it. */
  proofOf(wanted: WantedProof): Promise<ProofAnswer>;
  /** The same, as soon as there is one; null when there is none in time, whatever the reason. */
  waitForProof(wanted: WantedProof, signal: AbortSignal): Promise<string | null>;
  /** The newest checkpoint of the log of a tenant or, for `super`, of the log of logs: a signed note. */
  checkpointOf(log: Id<'tenant'> | 'super'): Promise<LogAnswer<string>>;
  /** The bytes of a tile or an entry bundle: `path` is one of C2SP tlog-tiles, `folder` one of `logFolderOf`. */
  tileOf(tile: { readonly folder: string; readonly path: string }): Promise<LogAnswer<Uint8Array>>;
  /** No command waits for its proof any longer. */
  close(): void;
}

/** The folder of a log by what stands in an address: `super`, the name in an origin, or the id of a tenant. */
export function logFolderOf(log: string): string | null {
  if (isId('tenant', log)) return tenantLogFolder(log);
  return log === superLogFolder || /^[0-9a-f]{32}$/.test(log) ? log : null;
}

const unavailable = { ok: false, code: 'log_unavailable' } as const;

export function createPublishedLog(parts: PublishedLogParts): PublishedLog {
  const { database, archive, limits, now, sleep } = parts;
  const places = new TenantPlaces({ all: limits.waits, perTenant: limits.waitsPerTenant });
  const checkpoints = new Map<string, { readonly readAt: number; readonly note: string | null }>();
  let isClosed = false;

  async function proofOf({ scope, receiptId }: WantedProof): Promise<ProofAnswer> {
    const leafIndex = await readLeafIndex(database, { scope, receiptId });
    if (leafIndex === 'not_found') return { ok: false, code: 'not_found' };
    if (archive === null) return unavailable;
    if (leafIndex === 'proof_pending') return { ok: false, code: 'proof_pending' };
    const note = await readCheckpoint(database, scope.tenantId, { covering: leafIndex });
    if (note === null) return { ok: false, code: 'proof_pending' };
    const place = { folder: tenantLogFolder(scope.tenantId) };
    const proven = await fromArchive(() => proveFromArchive(archive, { place, leafIndex: BigInt(leafIndex), note }));
    if (!proven.ok) return unavailable;
    if (proven.content.ok) return { ok: true, proof: proven.content.proof };
    throw new Error(`${receiptId} cannot be proven from ${archive.address}: ${proven.content.detail}`);
  }

  return {
    proofOf,
    async waitForProof(wanted, signal) {
      const leave = archive === null ? null : places.take(wanted.scope.tenantId);
      if (leave === null) return null;
      const endsAt = now() + limits.proofWaitMilliseconds;
      try {
        for (;;) {
          const answer = await proofOf(wanted);
          if (answer.ok) return answer.proof;
          const left = endsAt - now();
          if (answer.code !== 'proof_pending' || left <= 0 || isClosed || signal.aborted) return null;
          await sleep(Math.min(left, limits.proofPollMilliseconds));
        }
      } finally {
        leave();
      }
    },
    async checkpointOf(log) {
      if (archive === null) return unavailable;
      const known = checkpoints.get(log);
      if (known && now() - known.readAt < limits.checkpointMilliseconds) return found(known.note);
      const note = await readCheckpoint(database, log === superLogFolder ? platformTenantId : log, { covering: null });
      // The oldest goes first, so that nobody makes this process remember without an end.
      checkpoints.delete(log);
      checkpoints.set(log, { readAt: now(), note });
      for (const name of checkpoints.keys()) {
        if (checkpoints.size <= limits.checkpoints) break;
        checkpoints.delete(name);
      }
      return found(note);
    },
    async tileOf({ folder, path }) {
      if (archive === null) return unavailable;
      const read = await fromArchive(() => archive.read(`${folder}/${path}`));
      return read.ok ? found(read.content ?? null) : read;
    },
    close() {
      isClosed = true;
    },
  };
}

function found<Content>(content: Content | null): LogAnswer<Content> {
  return content === null ? { ok: false, code: 'not_found' } : { ok: true, content };
}

async function fromArchive<Content>(
  read: () => Promise<Content>,
): Promise<{ readonly ok: true; readonly content: Content } | typeof unavailable> {
  try {
    return { ok: true, content: await read() };
  } catch (error) {
    if (error instanceof ArchiveUnavailable) return unavailable;
    throw error;
  }
}

/** The leaf of a receipt; or why there is none. */
async function readLeafIndex(
  database: Database,
  { scope, receiptId }: WantedProof,
): Promise<number | 'not_found' | 'proof_pending'> {
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('command_receipts as r')
      .leftJoin('log_leaves as l', (join) =>
        join
          .onRef('l.tenant_id', '=', 'r.tenant_id')
          .onRef('l.environment_id', '=', 'r.environment_id')
          .onRef('l.command_receipt_id', '=', 'r.id'),
      )
      .select('l.leaf_index')
      .where('r.tenant_id', '=', toUuid(scope.tenantId))
      .where('r.environment_id', '=', toUuid(scope.environmentId))
      .where('r.id', '=', toUuid(receiptId))
      .executeTakeFirst(),
  );
  return row === undefined ? 'not_found' : (row.leaf_index ?? 'proof_pending');
}

/** The first checkpoint that covers a leaf, or the newest one: of a tenant's log, which stands in its control environment. */
async function readCheckpoint(
  database: Database,
  tenantId: Id<'tenant'>,
  { covering }: { readonly covering: number | null },
): Promise<string | null> {
  const scope: Scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('log_checkpoints')
      .select('note')
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('tree_size', '>', covering ?? 0)
      .orderBy('tree_size', covering === null ? 'desc' : 'asc')
      .limit(1)
      .executeTakeFirst(),
  );
  return row?.note ?? null;
}

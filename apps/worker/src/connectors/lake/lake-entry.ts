import { createHash } from 'node:crypto';
import { type Scope, toUuid } from '@karmanflow/schema';

const format = 'karmanflow.lake/1';

/**
 * One entry of the manifest of a day, which is the chain of its entries 1, 2, 3 …: each names one file of events, and the hash of
 * the entry before it. What is not named by an entry does not count, such as what a crash left behind.
 */
export interface LakeEntry {
  readonly format: typeof format;
  readonly tenantId: string;
  readonly environmentId: string;
  /** UTC day on which the events were recorded, as 2026-03-01. */
  readonly day: string;
  readonly number: number;
  /** SHA-256 of the entry before it, in hex; null for the first. */
  readonly previous: string | null;
  readonly file: LakeFile;
  /** The highest position of the stream that the day has so far. */
  readonly throughSeq: number;
}

export interface LakeFile {
  readonly path: string;
  /** In hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly events: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A day of a stream. */
export interface LakeDay {
  readonly scope: Scope;
  readonly day: string;
}

export function folderOf({ scope, day }: LakeDay): string {
  return `events/${toUuid(scope.tenantId)}/${toUuid(scope.environmentId)}/${day}`;
}

export function entryPath(day: LakeDay, number: number): string {
  return `${folderOf(day)}/manifest/${String(number).padStart(8, '0')}.json`;
}

/** By its positions and its hash: another content has another name, and nothing is ever replaced. */
export function filePath(day: LakeDay, file: Pick<LakeFile, 'firstSeq' | 'lastSeq' | 'sha256'>): string {
  const [first, last] = [file.firstSeq, file.lastSeq].map((seq) => String(seq).padStart(12, '0'));
  return `${folderOf(day)}/${first}-${last}-${file.sha256.slice(0, 16)}.jsonl`;
}

export function encodeEntry(entry: Omit<LakeEntry, 'format'>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ format, ...entry })}\n`);
}

/** Throws when the bytes are not entry `number` of the day: nobody else writes there, so that is damage. */
export function decodeEntry(bytes: Uint8Array, place: { readonly day: LakeDay; readonly number: number }): LakeEntry {
  const { day, number } = place;
  // What this process writes, or an earlier version of it; what it stands for is checked right here.
  const entry = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as LakeEntry;
  const isHere =
    entry.format === format &&
    entry.tenantId === day.scope.tenantId &&
    entry.environmentId === day.scope.environmentId &&
    entry.day === day.day &&
    entry.number === number &&
    Number.isSafeInteger(entry.throughSeq) &&
    entry.file.path.startsWith(`${folderOf(day)}/`);
  if (!isHere) throw new Error(`${entryPath(day, number)} is not an entry of its manifest`);
  return entry;
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

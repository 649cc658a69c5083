import { type ConsumerDefinition, defineConsumer, type EffectCall, NotNow, type StreamEvent } from '@karmanflow/events';
import { type Archive, ArchiveConflict } from '@karmanflow/receipts';
import { ArchiveUnavailable } from '@karmanflow/runtime';
import { connectorLimits } from '../connector-limits.ts';
import {
  encodeEntry,
  entryPath,
  filePath,
  folderOf,
  hashOf,
  type LakeDay,
  type LakeEntry,
  type LakeFile,
} from './lake-entry.ts';
import { type ManifestHead, readManifestHead } from './lake-manifest.ts';

/**
 * Writes every event into files of JSON Lines, by tenant, environment and the UTC day on which it was recorded, whenever it comes:
 * one that is sequenced after midnight goes to the day before. A file is written first, then the entry of the manifest that
 * names it, then the checkpoint moves. Nothing is ever replaced, so that a process that was thought dead can spoil nothing.
 */
export function createLakeConsumer(archive: Archive): ConsumerDefinition {
  const heads = new Map<string, ManifestHead | null>();

  async function headOf(day: LakeDay): Promise<ManifestHead | null> {
    const known = heads.get(folderOf(day));
    return known === undefined ? readManifestHead(archive, day) : known;
  }

  function remember(day: LakeDay, head: ManifestHead | null): void {
    const name = folderOf(day);
    heads.delete(name);
    heads.set(name, head);
    const [oldest] = heads.keys();
    if (heads.size > connectorLimits.lakeDaysRemembered && oldest !== undefined) heads.delete(oldest);
  }

  async function append(day: LakeDay, events: readonly StreamEvent[]): Promise<void> {
    const head = await headOf(day);
    const file = fileOf(day, events);
    await archive.write(file.path, file.content);
    const entry: Omit<LakeEntry, 'format'> = {
      tenantId: day.scope.tenantId,
      environmentId: day.scope.environmentId,
      day: day.day,
      number: (head?.entry.number ?? 0) + 1,
      previous: head?.hash ?? null,
      file: file.described,
      throughSeq: Math.max(head?.entry.throughSeq ?? 0, file.described.lastSeq),
    };
    const bytes = encodeEntry(entry);
    await archive.write(entryPath(day, entry.number), bytes);
    remember(day, { entry, hash: hashOf(bytes) });
  }

  async function exportDay(
    day: LakeDay,
    events: readonly StreamEvent[],
    { isRetry, signal }: EffectCall,
  ): Promise<void> {
    const head = await headOf(day);
    remember(day, head);
    // What a call that died before its checkpoint has written already is a beginning of this one.
    const missing = isRetry ? events : events.filter(({ seq }) => seq > (head?.entry.throughSeq ?? 0));
    for (const part of partsOf(missing)) {
      if (signal.aborted) throw new NotNow('the process stops');
      await append(day, part);
    }
  }

  return defineConsumer({
    name: 'data_lake',
    onPoison: 'stop',
    batchEvents: 1_000,
    async sideEffect(call) {
      const { scope, events } = call;
      for (const [day, ofDay] of Map.groupBy(events, recordedOn)) {
        await exportDay({ scope, day }, ofDay, call).catch((error: unknown) => {
          // Whatever happened, what is there now says how to go on.
          heads.delete(folderOf({ scope, day }));
          throw failureOf(error);
        });
      }
    },
  });
}

function recordedOn({ event }: StreamEvent): string {
  return event.occurredAt.slice(0, '2026-01-01'.length);
}

function fileOf(
  day: LakeDay,
  events: readonly StreamEvent[],
): { readonly path: string; readonly content: Uint8Array; readonly described: LakeFile } {
  const content = new TextEncoder().encode(events.map(lineOf).join(''));
  const seqs = events.map(({ seq }) => seq);
  const place = { firstSeq: Math.min(...seqs), lastSeq: Math.max(...seqs), sha256: hashOf(content) };
  const path = filePath(day, place);
  return { path, content, described: { path, ...place, bytes: content.byteLength, events: events.length } };
}

function lineOf({ seq, event }: StreamEvent): string {
  return `${JSON.stringify({ seq, event })}\n`;
}

/** Events in files of a bounded size, in their order. */
function partsOf(events: readonly StreamEvent[]): StreamEvent[][] {
  const parts: StreamEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const size = Buffer.byteLength(lineOf(event));
    if (bytes + size > connectorLimits.lakeFileBytes) {
      parts.push([event]);
      bytes = size;
    } else {
      parts.at(-1)?.push(event);
      bytes += size;
    }
  }
  return parts;
}

/** Neither an archive that is away nor another process that was faster is the fault of an event. */
function failureOf(error: unknown): unknown {
  if (error instanceof ArchiveConflict) return new NotNow(`another process wrote ${error.path}`);
  return error instanceof ArchiveUnavailable ? new NotNow(error.message) : error;
}

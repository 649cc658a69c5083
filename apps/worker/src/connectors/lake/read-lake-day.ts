import type { EventEnvelope } from '@karmanflow/events';
import type { Archive } from '@karmanflow/receipts';
import { decodeEntry, entryPath, hashOf, type LakeDay } from './lake-entry.ts';

/** A line of the lake. */
export interface LakeLine {
  readonly seq: number;
  readonly event: EventEnvelope;
}

/**
 * Reads a day as whoever loads it should: entry by entry, each file against its hash. Throws at the first thing that is not as the
 * manifest says. A position may come twice where a crash fell between writing and remembering; the last one counts.
 */
export async function readLakeDay(archive: Archive, day: LakeDay): Promise<LakeLine[]> {
  const lines = new Map<number, LakeLine>();
  let previous: string | null = null;
  for (let number = 1; ; number += 1) {
    const bytes = await archive.read(entryPath(day, number));
    if (!bytes) return [...lines.values()].toSorted((one, other) => one.seq - other.seq);
    const entry = decodeEntry(bytes, { day, number });
    if (entry.previous !== previous) throw new Error(`entry ${number} does not follow the one before it`);
    previous = hashOf(bytes);
    const { path, sha256, events } = entry.file;
    const content = await archive.read(path);
    if (!content || hashOf(content) !== sha256) throw new Error(`${path} is not what entry ${number} says`);
    const found = linesOf(content);
    if (found.length !== events) throw new Error(`${path} has ${found.length} events, not ${events}`);
    for (const line of found) lines.set(line.seq, line);
  }
}

function linesOf(content: Uint8Array): LakeLine[] {
  const texts = new TextDecoder('utf-8', { fatal: true }).decode(content).split('\n');
  if (texts.pop() !== '') throw new Error('a file of the lake ends in the middle of a line');
  // Written by this process, and vouched for by the hash.
  return texts.map((text) => JSON.parse(text) as LakeLine);
}

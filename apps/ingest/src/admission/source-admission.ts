import { ingestLimits } from '../ingest-limits.ts';
import type { IngestSource } from '../sources.ts';
import { type Bucket, takeToken } from './token-bucket.ts';

export type Admitted =
  /** `leave` is called once, when the message has been answered. */
  { readonly ok: true; readonly leave: () => void } | { readonly ok: false; readonly waitSeconds: number };

export interface SourceAdmission {
  /**
   * Lets a verified message of a source in, or says when to come back. Asked only behind the signature: what others send to
   * an address takes nothing from its sender.
   */
  enter(source: Pick<IngestSource, 'ingestSourceId' | 'limits' | 'caller'>): Admitted;
  /** Lets a look-up through of an address at which nobody is known, or says when to come back. */
  lookUp(): Admitted;
}

interface Entry {
  bucket: Bucket | undefined;
  /** Messages under way. */
  inside: number;
}

/**
 * Bounds what each source may ask of this process: messages a second with a burst, and messages at a time, so that one that
 * floods, or whose rows are locked, leaves room for the others. In memory, and bounded: what is forgotten first is idle.
 */
export function createSourceAdmission({ monotonicNow }: { readonly monotonicNow: () => number }): SourceAdmission {
  const entries = new Map<string, Entry>();
  let strangers: Bucket | undefined;

  function entryOf(name: string): Entry {
    const entry = entries.get(name) ?? { bucket: undefined, inside: 0 };
    entries.delete(name);
    entries.set(name, entry);
    for (const [oldest, { inside }] of entries) {
      if (entries.size <= ingestLimits.admissionEntries) break;
      if (inside === 0) entries.delete(oldest);
    }
    return entry;
  }

  return {
    enter({ ingestSourceId, limits, caller }) {
      const entry = entryOf(`${caller.tenantId} ${ingestSourceId}`);
      if (entry.inside >= ingestLimits.messagesAtOncePerSource) {
        return { ok: false, waitSeconds: ingestLimits.crowdedRetryAfterSeconds };
      }
      const size = { tokensPerSecond: limits.messagesPerSecond, tokensMax: limits.burstMessages };
      const taken = takeToken(size, { bucket: entry.bucket, nowMilliseconds: monotonicNow() });
      entry.bucket = taken.bucket;
      if (!taken.ok) return { ok: false, waitSeconds: taken.waitSeconds };
      entry.inside += 1;
      return { ok: true, leave: () => void (entry.inside -= 1) };
    },
    lookUp() {
      const size = { tokensPerSecond: ingestLimits.strangersPerSecond, tokensMax: ingestLimits.strangersBurst };
      const taken = takeToken(size, { bucket: strangers, nowMilliseconds: monotonicNow() });
      strangers = taken.bucket;
      return taken.ok ? { ok: true, leave: () => undefined } : { ok: false, waitSeconds: taken.waitSeconds };
    },
  };
}

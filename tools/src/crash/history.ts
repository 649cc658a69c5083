import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { FaultKind } from './fault-schedule.ts';

/** What a client learnt from one request that carries a command. */
export type CommandOutcome =
  /** An end that a receipt attests. */
  | {
      readonly kind: 'receipt';
      readonly status: 'SUCCEEDED' | 'REFUSED' | 'DENIED' | 'PENDING_APPROVAL';
      readonly httpStatus: number;
      readonly replayed: boolean;
      readonly requestId: string | null;
      /** The canonical text of the receipt as it was acknowledged, with its hash and signature. */
      readonly receipt: string;
      readonly hash: string;
      readonly signature: { readonly algorithm: string; readonly keyId: string; readonly value: string };
      /** Whether that text stands in the answer byte for byte. */
      readonly isVerbatim: boolean;
      /** The canonical text of `data`, null for an answer without. */
      readonly data: string | null;
    }
  /** No receipt, and nothing was done: the request itself was wrong. */
  | { readonly kind: 'rejected'; readonly httpStatus: number; readonly code: string; readonly requestId: string | null }
  /** No receipt, and the answer says that this request did nothing: it may be sent again. */
  | {
      readonly kind: 'nothing_done';
      readonly httpStatus: number;
      readonly code: string;
      readonly requestId: string | null;
    }
  /** Whether it took effect cannot be told: no answer, or one that says so. */
  | { readonly kind: 'unknown'; readonly httpStatus: number | null; readonly reason: string };

/** What a client learnt from reading a reservation. `unknown`: no answer. */
export type ReadOutcome =
  | { readonly kind: 'found'; readonly version: number; readonly status: string; readonly reference: string | null }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown'; readonly reason: string };

export type HistoryEntry =
  | {
      readonly type: 'invoke';
      readonly request: number;
      /** One intended effect: each request of an intention has the same command, key and body. */
      readonly intention: string;
      readonly command: string;
      readonly key: string;
      /** Stands in what the command writes, and in that of no other; null for commands without such a field. */
      readonly reference: string | null;
      readonly body: string;
    }
  | { readonly type: 'complete'; readonly request: number; readonly outcome: CommandOutcome }
  /** A read of a reservation that was acknowledged with this version before. */
  | {
      readonly type: 'read';
      readonly request: number;
      readonly reservationId: string;
      readonly versionAcknowledged: number;
      readonly reference: string | null;
    }
  | { readonly type: 'read_complete'; readonly request: number; readonly outcome: ReadOutcome }
  /** Recorded when it is over, recovery included. */
  | {
      readonly type: 'fault';
      readonly kind: FaultKind;
      readonly fired: boolean;
      readonly hit: boolean;
      readonly detail: string;
      readonly tookMilliseconds: number;
    };

/**
 * An entry as it is recorded. `order` is the entry's position: one process records all of them, so it is the real-time
 * order, and never ties. `milliseconds` is the monotonic clock, for the eye.
 */
export type HistoryRecord = HistoryEntry & { readonly order: number; readonly milliseconds: number };

export interface HistoryLog {
  readonly path: string;
  /** Appends the entry and returns its position. An invocation is recorded before it is sent. */
  append(entry: HistoryEntry): number;
  close(): void;
}

/** Starts a new history file, one JSON record in a line. Throws when the file exists. */
export function openHistory(path: string): HistoryLog {
  const file = openSync(path, 'ax', 0o600);
  let order = 0;
  return {
    path,
    append(entry) {
      order += 1;
      const milliseconds = Math.round(performance.now() * 1000) / 1000;
      const record: HistoryRecord = { order, milliseconds, ...entry };
      writeSync(file, `${JSON.stringify(record)}\n`);
      return order;
    },
    close: () => closeSync(file),
  };
}

/** Reads a history back. Throws when a line is not whole or out of order: then nothing can be concluded from it. */
export function readHistory(path: string): HistoryRecord[] {
  const records = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    // Written by `append` above, in this build.
    .map((line) => JSON.parse(line) as HistoryRecord);
  for (const [position, { order }] of records.entries()) {
    if (order !== position + 1) throw new Error(`history ${path}: record ${position + 1} has the order ${order}`);
  }
  return records;
}

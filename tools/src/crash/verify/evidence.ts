import { decodeEvent, type EventEnvelope } from '@karmanflow/events';
import { type ReceiptBody, type ReceiptVerification, receiptDocument, verifyReceipt } from '@karmanflow/receipts';
import type { Row } from '@karmanflow/schema';
import type { HistoryRecord } from '../history.ts';
import type { DatabaseImage } from './database-image.ts';
import { type Pursuit, pursuitsOf } from './pursuit.ts';

export interface StoredReceiptRow {
  readonly row: Row<'command_receipts'>;
  /** null when the stored bytes are not JSON. */
  readonly body: ReceiptBody | null;
}

export interface StoredEventRow {
  readonly row: Row<'domain_events'>;
  /** null when the stored bytes are not an event envelope. */
  readonly envelope: EventEnvelope | null;
}

/** What the checks look at: what the clients saw, what the database holds, and the keys that were published. */
export interface Evidence {
  readonly history: readonly HistoryRecord[];
  readonly pursuits: readonly Pursuit[];
  readonly image: DatabaseImage;
  readonly receipts: readonly StoredReceiptRow[];
  readonly events: readonly StoredEventRow[];
  readonly verify: (document: unknown) => ReceiptVerification;
}

/** Prepares the evidence. Signatures are checked once for each document, however many checks ask. */
export function gatherEvidence(sources: {
  readonly history: readonly HistoryRecord[];
  readonly image: DatabaseImage;
  readonly keySet: unknown;
}): Evidence {
  const { history, image, keySet } = sources;
  const verified = new Map<string, ReceiptVerification>();
  return {
    history,
    pursuits: pursuitsOf(history),
    image,
    receipts: readReceipts(image),
    events: readEvents(image),
    verify(document) {
      const name = JSON.stringify(document);
      const known = verified.get(name) ?? verifyReceipt({ document, keys: keySet });
      verified.set(name, known);
      return known;
    },
  };
}

/** The same evidence with another history or other tables; what has not changed is not read again. */
export function alterEvidence(
  evidence: Evidence,
  change: { readonly history?: readonly HistoryRecord[]; readonly image?: DatabaseImage },
): Evidence {
  const { history = evidence.history, image = evidence.image } = change;
  const isKept = (table: keyof DatabaseImage): boolean => image[table] === evidence.image[table];
  return {
    ...evidence,
    history,
    image,
    pursuits: history === evidence.history ? evidence.pursuits : pursuitsOf(history),
    receipts: isKept('command_receipts') ? evidence.receipts : readReceipts(image),
    events: isKept('domain_events') ? evidence.events : readEvents(image),
  };
}

function readReceipts(image: DatabaseImage): StoredReceiptRow[] {
  return image.command_receipts.map((row) => ({ row, body: readReceipt(row) }));
}

function readEvents(image: DatabaseImage): StoredEventRow[] {
  return image.domain_events.map((row) => ({ row, envelope: readEvent(row) }));
}

function readReceipt(row: Row<'command_receipts'>): ReceiptBody | null {
  try {
    return receiptDocument({ bytes: row.body, hash: row.hash, signature: row.signature, keyId: row.key_id }).receipt;
  } catch {
    return null;
  }
}

function readEvent(row: Row<'domain_events'>): EventEnvelope | null {
  try {
    return decodeEvent(row.body);
  } catch {
    return null;
  }
}

/** One transaction of commands that waits for its positions, with its receipts in the order of decision. */
export interface PendingTransaction {
  readonly tenantId: string;
  readonly environmentId: string;
  /** Its place in the queue, which keeps causes before their effects. */
  readonly position: number;
  readonly receipts: readonly PendingReceipt[];
}

/** UUIDs as the database has them. */
export interface PendingReceipt {
  readonly id: string;
  readonly leafHash: Uint8Array;
  /** The transaction of the receipt and of its events. */
  readonly writtenIn: string;
  /** In the order in which they happened. */
  readonly eventIds: readonly string[];
}

export interface LeafPosition {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly receiptId: string;
  readonly leafIndex: number;
  readonly leafHash: Uint8Array;
}

export interface EventPosition {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly seq: number;
  readonly eventId: string;
  readonly writtenIn: string;
  readonly receiptId: string;
}

/** How far things are: leaves of each tenant, and the last `seq` of each environment, by the names that `scopeName` makes. */
export interface Heads {
  readonly leaves: ReadonlyMap<string, number>;
  readonly seqs: ReadonlyMap<string, number>;
}

export interface Positions {
  readonly leaves: readonly LeafPosition[];
  readonly events: readonly EventPosition[];
}

export function scopeName(scope: { readonly tenantId: string; readonly environmentId: string }): string {
  return `${scope.tenantId} ${scope.environmentId}`;
}

/**
 * Gives positions: to each receipt the next leaf of its tenant, counted from 0, and to each event the next `seq` of its
 * environment, counted from 1. Without gaps behind the heads, in the order of the queue, then of the receipts of a
 * transaction, then of the events of a receipt. Throws for a scope without heads: a bug in the caller.
 */
export function assignPositions(pending: readonly PendingTransaction[], heads: Heads): Positions {
  const nextLeaf = new Map(heads.leaves);
  const lastSeq = new Map(heads.seqs);
  const leaves: LeafPosition[] = [];
  const events: EventPosition[] = [];
  const inOrder = pending.toSorted((one, other) => one.position - other.position);
  for (const { tenantId, environmentId, receipts } of inOrder) {
    const scope = { tenantId, environmentId };
    for (const { id: receiptId, leafHash, writtenIn, eventIds } of receipts) {
      const leafIndex = take(nextLeaf, tenantId);
      leaves.push({ ...scope, receiptId, leafIndex, leafHash });
      for (const eventId of eventIds) {
        const seq = take(lastSeq, scopeName(scope)) + 1;
        events.push({ ...scope, seq, eventId, writtenIn, receiptId });
      }
    }
  }
  return { leaves, events };
}

function take(heads: Map<string, number>, name: string): number {
  const head = heads.get(name);
  if (head === undefined) throw new TypeError(`no head of ${name}`);
  heads.set(name, head + 1);
  return head;
}

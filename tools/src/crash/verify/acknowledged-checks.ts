import { eventHash, hashString, type ReceiptBody } from '@karmanflow/receipts';
import { toUuid } from '@karmanflow/schema';
import { type Check, findEach, hexOf } from './check.ts';
import type { Evidence, StoredEventRow } from './evidence.ts';
import type { Attested } from './pursuit.ts';

interface Acknowledgement {
  readonly intention: string;
  readonly outcome: Attested;
}

/** Every answer with a receipt, repeated ones too. */
function acknowledgements(evidence: Evidence): Acknowledgement[] {
  return evidence.pursuits.flatMap(({ intention, attempts }) =>
    attempts.flatMap(({ outcome }) => (outcome.kind === 'receipt' ? [{ intention, outcome }] : [])),
  );
}

function receiptOf(outcome: Attested): ReceiptBody {
  // The API client took this text from an answer with the shape of a receipt.
  return JSON.parse(outcome.receipt) as ReceiptBody;
}

/** A promise that was given is kept: the very bytes are there, and there once. */
export const acknowledgedIsStored: Check = {
  name: 'acknowledged receipts are stored, once, byte for byte',
  find(evidence) {
    const stored = new Map<string, string[]>();
    for (const { row } of evidence.receipts) {
      const text = Buffer.from(row.body).toString('utf8');
      stored.set(row.id, [...(stored.get(row.id) ?? []), `${text} ${hexOf(row.hash)}`]);
    }
    return findEach(acknowledgements(evidence), ({ intention, outcome }) => {
      const { receiptId } = receiptOf(outcome);
      const found = stored.get(toUuid(receiptId)) ?? [];
      if (found.length !== 1) return `${intention}: ${receiptId} was acknowledged and is there ${found.length} times`;
      const acknowledged = `${outcome.receipt} ${outcome.hash.slice('sha256:'.length)}`;
      if (found[0] !== acknowledged) return `${intention}: ${receiptId} is stored with other bytes`;
      return outcome.isVerbatim ? null : `${intention}: the answer did not carry the canonical bytes of ${receiptId}`;
    });
  },
};

/** What a client keeps proves itself, with the published keys alone, and so does the data that came with it. */
export const acknowledgedVerifies: Check = {
  name: 'acknowledged receipts verify with the published keys',
  find: (evidence) =>
    findEach(acknowledgements(evidence), ({ intention, outcome }) => {
      const { hash, signature, data } = outcome;
      const receipt = receiptOf(outcome);
      const verification = evidence.verify({ receipt, hash, signature });
      if (!verification.ok) return `${intention}: ${receipt.receiptId} does not verify: ${verification.code}`;
      if (data === null || receipt.responseHash === null) return null;
      const matches = hashString(Buffer.from(data, 'utf8')) === receipt.responseHash;
      return matches ? null : `${intention}: the data beside ${receipt.receiptId} is not what it attests`;
    }),
};

export const acknowledgedHasEvents: Check = {
  name: 'events of acknowledged receipts are stored with their hashes',
  find(evidence) {
    const events = new Map(evidence.events.map((event) => [event.row.id, event]));
    const listed = acknowledgements(evidence).flatMap(({ intention, outcome }) =>
      receiptOf(outcome).events.map((event) => ({ intention, event })),
    );
    return findEach(listed, ({ intention, event }) => {
      const problem = eventProblem(events.get(toUuid(event.id)), event.hash);
      return problem === null ? null : `${intention}: ${event.id} ${problem}`;
    });
  },
};

function eventProblem(event: StoredEventRow | undefined, hash: string): string | null {
  if (!event) return 'is on the receipt and not in the database';
  if (eventHash(event.row.body) !== hash) return 'has other bytes than the receipt says';
  return `sha256:${hexOf(event.row.hash)}` === hash ? null : 'has another hash beside it';
}

import { eventHash, receiptDocument } from '@karmanflow/receipts';
import { type Check, findEach, tally } from './check.ts';

/** Every receipt that there is, acknowledged or not, proves itself. */
export const everyReceiptVerifies: Check = {
  name: 'every receipt in the database verifies',
  find: (evidence) =>
    findEach(evidence.receipts, ({ row, body }) => {
      if (!body) return `receipt ${row.id} cannot be read`;
      const verification = evidence.verify(
        receiptDocument({ bytes: row.body, hash: row.hash, signature: row.signature, keyId: row.key_id }),
      );
      if (!verification.ok) return `receipt ${row.id} does not verify: ${verification.code}`;
      return verification.body.receiptId === `rcp_${row.id}`
        ? null
        : `receipt ${row.id} says ${verification.body.receiptId}`;
    }),
};

/** Receipts and events name each other: no event without its receipt, and no event that a receipt names is missing. */
export const everyEventIsAttested: Check = {
  name: 'events and receipts name each other',
  find({ events, receipts }) {
    const stored = new Map(events.map(({ row, envelope }) => [`evt_${row.id}`, { row, envelope }]));
    const attested = new Map(
      receipts.flatMap(({ row, body }) =>
        (body?.events ?? []).map(({ id, hash }) => [id, { hash, receiptId: row.id }]),
      ),
    );
    const finding = findEach(events, ({ row, envelope }) => {
      const receipt = attested.get(`evt_${row.id}`);
      if (!receipt) return `event ${row.id} is on no receipt`;
      if (receipt.hash !== eventHash(row.body)) return `event ${row.id} has other bytes than its receipt says`;
      const names = [row.receipt_id, envelope?.receiptId.slice('rcp_'.length)];
      return names.every((name) => name === receipt.receiptId) ? null : `event ${row.id} names another receipt`;
    });
    const missing = [...attested].filter(([id]) => !stored.has(id));
    return {
      looked: finding.looked,
      problems: [
        ...finding.problems,
        ...missing.map(([id, { receiptId }]) => `${id} of receipt ${receiptId} is missing`),
      ],
    };
  },
};

export const everyReceiptIsLogged: Check = {
  name: 'each receipt is in the log or waits for it, exactly once',
  find({ receipts, image }) {
    const logged = tally([
      ...image.log_pending.flatMap(({ receipt_ids: ids }) => ids),
      ...image.log_leaves.map(({ command_receipt_id: id }) => id),
    ]);
    const finding = findEach(receipts, ({ row }) => {
      const times = logged.get(row.id) ?? 0;
      logged.delete(row.id);
      return times === 1 ? null : `receipt ${row.id} stands ${times} times in the log`;
    });
    return {
      looked: finding.looked,
      problems: [...finding.problems, ...[...logged.keys()].map((id) => `the log names ${id}, which is no receipt`)],
    };
  },
};

import { hash } from 'node:crypto';
import { type Check, findEach, hexOf, tally } from './check.ts';
import type { Evidence } from './evidence.ts';
import type { Pursuit } from './pursuit.ts';

const keyHashOf = (key: string): string => hash('sha256', key);

/** A request without an answer is repeated until there is one, and all answers are the same. */
export const unknownIsResolved: Check = {
  name: 'what was unknown was learnt, and every answer is the same',
  find(evidence) {
    const repeated = evidence.pursuits.filter(({ attempts }) => attempts.length > 1);
    return findEach(repeated, ({ intention, attempts }) => {
      const ends = attempts.map(({ outcome }) => outcome);
      const receipts = new Set(ends.flatMap((end) => (end.kind === 'receipt' ? [end.receipt] : [])));
      const rejections = new Set(ends.flatMap((end) => (end.kind === 'rejected' ? [end.code] : [])));
      if (receipts.size + rejections.size === 0) return `${intention}: its end was never learnt`;
      if (receipts.size + rejections.size === 1) return null;
      return `${intention}: was answered with ${receipts.size} receipts and with [${[...rejections]}]`;
    });
  },
};

/** Counted where it would show: receipts by key, reservations, their events and movements by the intention's reference. */
export const keyTookEffectOnce: Check = {
  name: 'no idempotency key took effect twice',
  find(evidence) {
    const receiptsByKey = tally(
      evidence.receipts.flatMap(({ row }) =>
        row.idempotency_key_hash === null ? [] : [`${row.command_type} ${hexOf(row.idempotency_key_hash)}`],
      ),
    );
    const effects = effectsByReference(evidence);
    const keyed = evidence.pursuits.filter(({ acknowledged }) => acknowledged !== null);
    return findEach(keyed, (pursuit) => {
      const { intention, command, key, reference } = pursuit;
      const receipts = receiptsByKey.get(`${command} ${keyHashOf(key)}`) ?? 0;
      if (receipts !== 1) return `${intention}: its key has ${receipts} receipts`;
      if (reference === null) return null;
      const expected = pursuit.acknowledged?.outcome.status === 'SUCCEEDED' ? 1 : 0;
      for (const [what, counts] of effects) {
        if (!what.startsWith(command)) continue;
        const found = counts.get(reference) ?? 0;
        if (found !== expected) return `${intention}: ${found} effects instead of ${expected} in ${what}`;
      }
      return null;
    });
  },
};

/** How often each reference occurs, by command and place. */
function effectsByReference(evidence: Evidence): [string, Map<string, number>][] {
  const { image, events } = evidence;
  const inEvents = (type: string, field: 'reference' | 'reason'): Map<string, number> =>
    tally(
      events.flatMap(({ envelope }) => {
        if (envelope?.eventType !== type) return [];
        // Event data is an object by its schema.
        const value = (envelope.data as Readonly<Record<string, unknown>>)[field];
        return typeof value === 'string' ? [value] : [];
      }),
    );
  return [
    ['reservation.create: reservations', tally(image.reservations.flatMap(({ reference }) => reference ?? []))],
    ['reservation.create: events', inEvents('inventory.reservation.created', 'reference')],
    ['inventory.adjust: movements', tally(image.stock_movements.flatMap(({ reason }) => reason ?? []))],
    ['inventory.adjust: events', inEvents('inventory.level.adjusted', 'reason')],
  ];
}

/** A request that was wrong left nothing: no receipt under its key but that of another intention, no reference. */
export const rejectionLeftNothing: Check = {
  name: 'definite rejections left nothing',
  find(evidence) {
    const keys = tally(evidence.pursuits.map(({ command, key }) => `${command} ${key}`));
    const receipts = new Set(
      evidence.receipts.flatMap(({ row }) =>
        row.idempotency_key_hash === null ? [] : [`${row.command_type} ${hexOf(row.idempotency_key_hash)}`],
      ),
    );
    const requests = new Set(evidence.receipts.map(({ body }) => body?.requestId));
    const effects = effectsByReference(evidence);
    const rejected = evidence.pursuits.filter(
      ({ acknowledged, attempts }) =>
        acknowledged === null && attempts.some(({ outcome }) => outcome.kind === 'rejected'),
    );
    return findEach(rejected, ({ intention, command, key, reference, attempts }) => {
      const isAlone = keys.get(`${command} ${key}`) === 1;
      if (isAlone && receipts.has(`${command} ${keyHashOf(key)}`))
        return `${intention}: was rejected and has a receipt`;
      for (const { outcome } of attempts) {
        if (outcome.kind === 'rejected' && outcome.requestId !== null && requests.has(outcome.requestId)) {
          return `${intention}: request ${outcome.requestId} was rejected and has a receipt`;
        }
      }
      const left = effects.find(([, counts]) => reference !== null && counts.has(reference));
      return left ? `${intention}: was rejected and left something in ${left[0]}` : null;
    });
  },
};

/**
 * An answer that says «nothing was done» is a promise too. A receipt names the request that caused it, so no receipt may
 * name that request; that receipts do name their requests is looked at as well, or the check would be empty.
 */
export const nothingDoneDidNothing: Check = {
  name: 'requests answered with «nothing was done» did nothing',
  find(evidence) {
    const requests = new Set(evidence.receipts.map(({ body }) => body?.requestId));
    const attempts = evidence.pursuits.flatMap(({ intention, attempts: all }) =>
      all.map(({ outcome }) => ({ intention, outcome })),
    );
    const answered = attempts.filter(
      ({ outcome }) => outcome.kind === 'nothing_done' || (outcome.kind === 'receipt' && !outcome.replayed),
    );
    const { problems } = findEach(answered, ({ intention, outcome }) => {
      if (outcome.kind !== 'receipt' && outcome.kind !== 'nothing_done') return null;
      if (outcome.requestId === null) return `${intention}: an answer without a request id`;
      const hasReceipt = requests.has(outcome.requestId);
      if (outcome.kind === 'receipt') return hasReceipt ? null : `${intention}: no receipt names ${outcome.requestId}`;
      return hasReceipt
        ? `${intention}: ${outcome.requestId} was answered with ${outcome.code} and has a receipt`
        : null;
    });
    return { looked: answered.filter(({ outcome }) => outcome.kind === 'nothing_done').length, problems };
  },
};

/** A database that is killed is no bug of ours: what clients are told about it must not sound like one. */
export const faultsAreNotBugs: Check = {
  name: 'no request was answered with internal_error',
  find: ({ pursuits }) =>
    findEach(
      pursuits.flatMap(({ intention, attempts }) => attempts.map(({ outcome }) => ({ intention, outcome }))),
      ({ intention, outcome }) =>
        outcome.kind === 'unknown' && outcome.httpStatus === 500 ? `${intention}: ${outcome.reason}` : null,
    ),
};

/** Requests whose end was unknown, and how many of them had taken effect: both must occur for the test to mean much. */
export function countUnknown(pursuits: readonly Pursuit[]): { requests: number; landed: number } {
  let requests = 0;
  let landed = 0;
  for (const { attempts } of pursuits) {
    const unknown = attempts.filter(({ outcome }) => outcome.kind === 'unknown').length;
    requests += unknown;
    const receipts = attempts.flatMap(({ outcome }) => (outcome.kind === 'receipt' ? [outcome] : []));
    if (unknown > 0 && receipts.length > 0 && receipts.every(({ replayed }) => replayed)) landed += 1;
  }
  return { requests, landed };
}

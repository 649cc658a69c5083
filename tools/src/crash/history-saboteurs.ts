import type { HistoryRecord } from './history.ts';
import type { Damage, Saboteur } from './saboteur.ts';
import { acknowledgedVerifies } from './verify/acknowledged-checks.ts';
import type { Evidence } from './verify/evidence.ts';
import {
  faultsAreNotBugs,
  nothingDoneDidNothing,
  rejectionLeftNothing,
  unknownIsResolved,
} from './verify/exactly-once-checks.ts';
import { readsSeeOwnWrites, realTimeOrder } from './verify/order-checks.ts';
import type { Attested, Pursuit } from './verify/pursuit.ts';

/** The history with the records at these positions replaced. */
function changed(history: readonly HistoryRecord[], change: ReadonlyMap<number, HistoryRecord>): Damage {
  return { kind: 'history', history: history.map((record) => change.get(record.order) ?? record) };
}

/** Replaces the end of one request: the record at the position at which it was completed. */
function withOutcomes(
  evidence: Evidence,
  outcomes: ReadonlyMap<number, Extract<HistoryRecord, { type: 'complete' }>['outcome']>,
): Damage {
  const change = new Map<number, HistoryRecord>();
  for (const record of evidence.history) {
    const outcome = outcomes.get(record.order);
    if (outcome && record.type === 'complete') change.set(record.order, { ...record, outcome });
  }
  return changed(evidence.history, change);
}

/** A hold that was made at the first try. */
function plainHold({ pursuits }: Evidence): { at: number; outcome: Attested } | null {
  const found = pursuits.find(
    ({ command, attempts, acknowledged }) =>
      command === 'reservation.create' && attempts.length === 1 && acknowledged?.outcome.status === 'SUCCEEDED',
  );
  return found?.acknowledged ?? null;
}

/** Two changes of one entity, the second sent after the first was acknowledged. */
function consecutive({ pursuits }: Evidence): [Pursuit, Pursuit] | null {
  const before = new Map<string, Pursuit>();
  for (const pursuit of pursuits) {
    const { command, attempts, acknowledged, invokedAt } = pursuit;
    if (command !== 'inventory.adjust' || attempts.length !== 1 || acknowledged?.outcome.status !== 'SUCCEEDED')
      continue;
    // The API client took this text from an answer with the shape of a receipt.
    const { entities } = JSON.parse(acknowledged.outcome.receipt) as { entities: { id: string }[] };
    const id = entities[0]?.id ?? '';
    const earlier = before.get(id);
    if (earlier?.acknowledged && earlier.acknowledged.at < invokedAt) return [earlier, pursuit];
    before.set(id, pursuit);
  }
  return null;
}

/** What a faulty system would have let clients see. */
export const historySaboteurs: readonly Saboteur[] = [
  {
    name: 'an acknowledged receipt says something else than was signed',
    check: acknowledgedVerifies,
    damage(evidence) {
      const hold = plainHold(evidence);
      if (!hold) return null;
      const receipt = hold.outcome.receipt.replace('"risk":"R1"', '"risk":"R0"');
      return withOutcomes(evidence, new Map([[hold.at, { ...hold.outcome, receipt }]]));
    },
  },
  {
    name: 'a repeat is answered with another receipt',
    check: unknownIsResolved,
    damage(evidence) {
      const hold = plainHold(evidence);
      const repeated = evidence.pursuits.find(
        ({ attempts }) => attempts.filter(({ outcome }) => outcome.kind === 'receipt').length > 1,
      );
      if (!hold || !repeated?.acknowledged) return null;
      return withOutcomes(evidence, new Map([[repeated.acknowledged.at, hold.outcome]]));
    },
  },
  {
    name: 'a rejected request took effect',
    check: rejectionLeftNothing,
    damage(evidence) {
      const hold = plainHold(evidence);
      if (!hold) return null;
      const { requestId } = hold.outcome;
      const outcome = { kind: 'rejected', httpStatus: 400, code: 'input_invalid', requestId } as const;
      return withOutcomes(evidence, new Map([[hold.at, outcome]]));
    },
  },
  {
    name: 'a request took effect though «nothing was done»',
    check: nothingDoneDidNothing,
    damage(evidence) {
      const hold = plainHold(evidence);
      if (!hold) return null;
      const { requestId } = hold.outcome;
      const outcome = { kind: 'nothing_done', httpStatus: 503, code: 'deadline_exceeded', requestId } as const;
      return withOutcomes(evidence, new Map([[hold.at, outcome]]));
    },
  },
  {
    name: 'a fault is answered as a bug',
    check: faultsAreNotBugs,
    damage(evidence) {
      const hold = plainHold(evidence);
      if (!hold) return null;
      const outcome = { kind: 'unknown', httpStatus: 500, reason: 'internal_error' } as const;
      return withOutcomes(evidence, new Map([[hold.at, outcome]]));
    },
  },
  {
    name: 'two changes stand in the wrong order',
    check: realTimeOrder,
    damage(evidence) {
      const [first, second] = consecutive(evidence) ?? [];
      if (!first?.acknowledged || !second?.acknowledged) return null;
      return withOutcomes(
        evidence,
        new Map([
          [first.acknowledged.at, second.acknowledged.outcome],
          [second.acknowledged.at, first.acknowledged.outcome],
        ]),
      );
    },
  },
  {
    name: 'a read does not see what was acknowledged',
    check: readsSeeOwnWrites,
    damage(evidence) {
      const read = evidence.history.find(
        (record) => record.type === 'read_complete' && record.outcome.kind === 'found',
      );
      if (read?.type !== 'read_complete') return null;
      return changed(evidence.history, new Map([[read.order, { ...read, outcome: { kind: 'missing' } }]]));
    },
  },
];

import type { ReceiptBody } from '@karmanflow/receipts';
import type { Check, Finding } from './check.ts';
import type { Evidence } from './evidence.ts';

/** One command's change of one entity, with the interval in which it took effect. */
interface Change {
  readonly intention: string;
  readonly version: number;
  /** Positions in the history: before the first, it had not happened; from the second, it had. */
  readonly invokedAt: number;
  readonly acknowledgedAt: number;
}

/** Strict order: a change acknowledged before another of the same entity was sent has the lower version. */
export const realTimeOrder: Check = {
  name: 'versions follow real time',
  find(evidence) {
    const problems: string[] = [];
    let looked = 0;
    for (const [entity, changes] of changesByEntity(evidence)) {
      looked += changes.length;
      problems.push(...inversions(changes).map((problem) => `${entity}: ${problem}`));
    }
    return { looked, problems };
  },
};

/** Changes that stand in the wrong order, in time linear to their number. Exported for its test. */
export function inversions(changes: readonly Change[]): string[] {
  const problems: string[] = [];
  // From the highest version down: `earliest` is the first acknowledged of all that stand above.
  let earliest: Change | null = null;
  let above: Change | null = null;
  for (const change of changes.toSorted((one, other) => other.version - one.version)) {
    if (above?.version === change.version) {
      problems.push(`${above.intention} and ${change.intention} both made version ${change.version}`);
    } else if (earliest && earliest.acknowledgedAt < change.invokedAt) {
      problems.push(
        `${change.intention} made version ${change.version}, though ${earliest.intention}, which made version ` +
          `${earliest.version}, was acknowledged before it was sent`,
      );
    }
    above = change;
    if (!earliest || change.acknowledgedAt < earliest.acknowledgedAt) earliest = change;
  }
  return problems;
}

function changesByEntity(evidence: Evidence): Map<string, Change[]> {
  const byEntity = new Map<string, Change[]>();
  for (const { intention, invokedAt, acknowledged } of evidence.pursuits) {
    if (!acknowledged) continue;
    // The API client took this text from an answer with the shape of a receipt.
    const { entities } = JSON.parse(acknowledged.outcome.receipt) as ReceiptBody;
    for (const { type, id, version } of entities) {
      const changes = byEntity.get(`${type} ${id}`) ?? [];
      byEntity.set(`${type} ${id}`, changes);
      changes.push({ intention, version, invokedAt, acknowledgedAt: acknowledged.at });
    }
  }
  return byEntity;
}

/** A client that was told of its reservation finds it, at that version or a later one. */
export const readsSeeOwnWrites: Check = {
  name: 'reads see what was acknowledged before',
  find({ history }): Finding {
    const ends = new Map(
      history.flatMap((record) => (record.type === 'read_complete' ? [[record.request, record.outcome]] : [])),
    );
    const problems: string[] = [];
    let looked = 0;
    for (const record of history) {
      if (record.type !== 'read') continue;
      const outcome = ends.get(record.request);
      if (!outcome || outcome.kind === 'unknown') continue;
      looked += 1;
      const { reservationId, versionAcknowledged, reference } = record;
      if (outcome.kind === 'missing') problems.push(`${reservationId} was acknowledged and then not found`);
      else if (outcome.version < versionAcknowledged) {
        problems.push(
          `${reservationId} was acknowledged at version ${versionAcknowledged} and then read at ${outcome.version}`,
        );
      } else if (reference !== null && outcome.reference !== reference) {
        problems.push(`${reservationId} has the reference ${outcome.reference} instead of ${reference}`);
      }
    }
    return { looked, problems };
  },
};

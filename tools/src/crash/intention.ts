import { hash } from 'node:crypto';
import { type PlannedLine, type PlannedOperation } from './planned-operation.ts';

/** Where the load does its work: ids of the SKUs in the order of the plan, all at one location. */
export interface Catalogue {
  readonly variantIds: readonly string[];
  readonly locationId: string;
}

/** One intended effect as it is sent. Sent again it is the same to the last byte. */
export interface Intention {
  readonly name: string;
  readonly command: string;
  readonly key: string;
  readonly reference: string | null;
  readonly body: string;
  /** False when it is to be refused for its credential. */
  readonly isAuthentic: boolean;
}

interface IntentionContext {
  /** Unique in the run. */
  readonly name: string;
  readonly catalogue: Catalogue;
  /** The client's own reservations, oldest first. */
  readonly reservationIds: readonly string[];
}

/** What the operation asks for, with ids. `reuse_key` gives two intentions with one key, all others give one. */
export function intentionsOf(operation: PlannedOperation, context: IntentionContext): readonly Intention[] {
  const { name, catalogue } = context;
  const made = { name, key: name, reference: null, isAuthentic: true };
  const on = (back: number): { reservationId: string } => ({
    reservationId: context.reservationIds.at(-1 - back) ?? reservationOfNobody(name),
  });
  switch (operation.kind) {
    case 'reserve':
      return [reserve(made, { ...operation, catalogue })];
    case 'reuse_key':
      return [
        reserve(made, { ...operation, catalogue }),
        reserve({ ...made, name: `${name}-again` }, { ...operation, catalogue }),
      ];
    case 'commit':
      return [{ ...made, command: 'reservation.commit', body: JSON.stringify(on(operation.back)) }];
    case 'extend': {
      const body = JSON.stringify({ ...on(operation.back), holdSeconds: operation.holdSeconds });
      return [{ ...made, command: 'reservation.extend', body }];
    }
    case 'cancel':
      return [{ ...made, command: 'reservation.cancel', body: JSON.stringify(on(operation.back)) }];
    case 'adjust': {
      const level = { variantId: variantAt(catalogue, operation.sku), locationId: catalogue.locationId };
      const body = JSON.stringify({ ...level, delta: operation.delta, reason: name });
      return [{ ...made, command: 'inventory.adjust', reference: name, body }];
    }
    case 'malformed': {
      const line = { variantId: variantAt(catalogue, operation.sku), locationId: catalogue.locationId, quantity: 0.5 };
      const body = JSON.stringify({ reference: name, lines: [line] });
      return [{ ...made, command: 'reservation.create', reference: name, body }];
    }
    case 'unauthenticated':
      return [{ ...reserve(made, { ...operation, holdSeconds: 60, catalogue }), isAuthentic: false }];
  }
}

function reserve(
  made: Omit<Intention, 'command' | 'body'>,
  hold: { lines: readonly PlannedLine[]; holdSeconds: number; catalogue: Catalogue },
): Intention {
  const { catalogue, holdSeconds } = hold;
  const lines = hold.lines.map(({ sku, quantity }) => ({
    variantId: variantAt(catalogue, sku),
    locationId: catalogue.locationId,
    quantity,
  }));
  const body = JSON.stringify({ reference: made.name, holdSeconds, lines });
  return { ...made, command: 'reservation.create', reference: made.name, body };
}

function variantAt(catalogue: Catalogue, sku: number): string {
  const id = catalogue.variantIds[sku];
  if (id === undefined) throw new RangeError(`the catalogue has no SKU ${sku}`);
  return id;
}

/** An id of the right form that no reservation has, the same on each retry. */
function reservationOfNobody(name: string): string {
  const hex = hash('sha256', name);
  return `rsv_${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

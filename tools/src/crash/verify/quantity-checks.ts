import { inventory } from '@karmanflow/commands';
import type { Row } from '@karmanflow/schema';
import { type Check, findEach } from './check.ts';

type LevelKey = { variant_id: string; location_id: string; tenant_id: string; environment_id: string };

const nameOf = (key: LevelKey): string => `${key.tenant_id} ${key.environment_id} ${key.variant_id}:${key.location_id}`;

/** Stock that is held is held by someone: the sum of the lines of reservations that stand. */
export const reservedIsHeld: Check = {
  name: 'reserved equals the lines of reservations that stand',
  find({ image }) {
    // What is allocated is reserved no more, and a reservation is allocated as a whole.
    const allocated = new Set(image.allocations.map((row) => row.reservation_id));
    // The lines of a reservation are the movements of the event that created it.
    const standing = new Set(
      image.reservations
        .filter(({ status }) => status === 'ACTIVE' || status === 'COMMITTED')
        .filter(({ id }) => !allocated.has(id))
        .map((row) => `${row.tenant_id} ${row.environment_id} ${row.created_by_event}`),
    );
    const held = new Map<string, number>();
    for (const line of image.stock_movements) {
      if (!standing.has(`${line.tenant_id} ${line.environment_id} ${line.event_id}`)) continue;
      held.set(nameOf(line), (held.get(nameOf(line)) ?? 0) + line.quantity);
    }
    return findEach(image.inventory_levels, (level) => {
      const lines = held.get(nameOf(level)) ?? 0;
      return lines === level.reserved ? null : `${nameOf(level)}: reserved ${level.reserved}, lines ${lines}`;
    });
  },
};

/** Double entry: every quantity of a level is the balance of the movements into and out of that state. */
export const quantitiesAreMovements: Check = {
  name: 'quantities equal the sums of stock movements',
  find({ image }) {
    const balances = new Map<string, Map<string, number>>();
    for (const movement of image.stock_movements) {
      const states = balances.get(nameOf(movement)) ?? new Map<string, number>();
      balances.set(nameOf(movement), states);
      states.set(movement.from_state, (states.get(movement.from_state) ?? 0) - movement.quantity);
      states.set(movement.to_state, (states.get(movement.to_state) ?? 0) + movement.quantity);
    }
    return findEach(image.inventory_levels, (level) => {
      const of = (state: string): number => balances.get(nameOf(level))?.get(state) ?? 0;
      const pairs: [string, number, number][] = [
        ['on hand', level.on_hand, 0 - of('EXTERNAL') - of('INCOMING')],
        ['reserved', level.reserved, of('RESERVED')],
        ['allocated', level.allocated, of('ALLOCATED')],
        ['damaged', level.damaged, of('DAMAGED')],
        ['quality control', level.quality_control, of('QUALITY_CONTROL')],
        ['incoming', level.incoming, of('INCOMING')],
      ];
      const wrong = pairs.find(([, quantity, balance]) => quantity !== balance);
      return wrong ? `${nameOf(level)}: ${wrong[0]} is ${wrong[1]}, movements give ${wrong[2]}` : null;
    });
  },
};

/** No reservation, at the moment when it was made, promised what was not there: each level is followed event by event. */
export const neverOversold: Check = {
  name: 'no reservation ever promised more than there was',
  find(evidence) {
    const steps = new Map<
      string,
      { version: number; envelope: NonNullable<(typeof evidence.events)[number]['envelope']> }[]
    >();
    for (const { envelope } of evidence.events) {
      for (const entity of envelope?.entities ?? []) {
        if (entity.type !== 'inventory_level' || !envelope) continue;
        const name = `${envelope.tenantId} ${envelope.environmentId} ${entity.id}`;
        const list = steps.get(name) ?? [];
        steps.set(name, list);
        list.push({ version: entity.version, envelope });
      }
    }
    const followed = [...steps].flatMap(([name, list]) => {
      let level: inventory.InventoryLevel | undefined;
      const [variantId = '', locationId = ''] = (name.split(' ')[2] ?? '').split(':');
      return list
        .toSorted((one, other) => one.version - other.version)
        .map(({ envelope, version }) => {
          const evolve = inventory.inventoryLevel.evolve[envelope.eventType];
          if (!evolve) throw new Error(`a level does not know ${envelope.eventType}`);
          const { eventType: type, data, eventId, occurredAt } = envelope;
          const past = { type, data, eventId, occurredAt };
          // The definition and the event name each other, so the data has the shape that it takes.
          level = evolve(level, past as never, { variantId, locationId });
          return { name, version, type, available: inventory.availableToPromise(level) };
        });
    });
    return findEach(
      followed.filter(({ type }) => type === 'inventory.reservation.created'),
      ({ name, version, available }) =>
        available >= 0 ? null : `${name}: version ${version} promised ${-available} too many`,
    );
  },
};

/** Cancelling waits for a human, and there is none here: every request of it waits, and nothing is cancelled. */
export const cancelsOnlyPend: Check = {
  name: 'risky commands only wait',
  find({ image, pursuits }) {
    const cancelled = image.reservations.filter(({ status }) => status === 'CANCELLED');
    const approvals = new Map(image.approvals.map((row: Row<'approvals'>) => [`apr_${row.id}`, row]));
    const asked = pursuits.flatMap(({ intention, command, acknowledged }) =>
      command === 'reservation.cancel' && acknowledged ? [{ intention, outcome: acknowledged.outcome }] : [],
    );
    const waiting = findEach(asked, ({ intention, outcome }) => {
      if (outcome.status !== 'PENDING_APPROVAL') return `${intention}: ended with ${outcome.status}`;
      // Canonical JSON of an object, made by the API client.
      const { approvalId } = JSON.parse(outcome.data ?? '{}') as { approvalId?: string };
      const status = approvals.get(approvalId ?? '')?.status ?? 'not there';
      return status === 'REQUESTED' ? null : `${intention}: its approval is ${status}`;
    });
    return {
      looked: waiting.looked,
      problems: [...waiting.problems, ...cancelled.map(({ id }) => `reservation ${id} is cancelled`)],
    };
  },
};

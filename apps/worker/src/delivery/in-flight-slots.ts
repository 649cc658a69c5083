import { workerDeliveryLimits } from './worker-delivery-limits.ts';

/** For whom slots are taken. */
export interface SlotUser {
  readonly tenantId: string;
  /** Whether its endpoint is not healthy. */
  readonly isTroubled: boolean;
}

/** The requests that this process may have under way, shared out so that nobody's slow endpoints take all of them. */
export interface InFlightSlots {
  /** How many could be taken now. */
  room(user: SlotUser): number;
  take(user: SlotUser, count: number): void;
  giveBack(user: SlotUser, count: number): void;
  readonly taken: number;
}

export interface SlotBounds {
  readonly inFlightMax: number;
  readonly inFlightPerTenantMax: number;
  readonly inFlightTroubledMax: number;
}

export function createInFlightSlots(bounds: SlotBounds = workerDeliveryLimits): InFlightSlots {
  const byTenant = new Map<string, number>();
  let taken = 0;
  let troubled = 0;

  function change(user: SlotUser, count: number): void {
    const ofTenant = (byTenant.get(user.tenantId) ?? 0) + count;
    taken += count;
    if (user.isTroubled) troubled += count;
    if (ofTenant < 0 || taken < 0 || troubled < 0) throw new Error('more slots were given back than taken');
    if (ofTenant === 0) byTenant.delete(user.tenantId);
    else byTenant.set(user.tenantId, ofTenant);
  }

  return {
    room({ tenantId, isTroubled }) {
      const ofTenant = bounds.inFlightPerTenantMax - (byTenant.get(tenantId) ?? 0);
      const ofTroubled = isTroubled ? bounds.inFlightTroubledMax - troubled : ofTenant;
      return Math.max(0, Math.min(bounds.inFlightMax - taken, ofTenant, ofTroubled));
    },
    take: (user, count) => change(user, count),
    giveBack: (user, count) => change(user, -count),
    get taken() {
      return taken;
    },
  };
}

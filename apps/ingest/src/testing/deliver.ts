import type { TestDatabase } from '@karmanflow/schema/testing';
import { delivery, type DeliveryOptions, type RunningIngest, type Shop } from './ingest-world.ts';

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export type Deliver = (
  message: unknown,
  options?: DeliveryOptions & { readonly to?: RunningIngest; readonly path?: string },
) => Promise<Sent>;

/** Sends messages of a shop, to a process and path that each delivery may change. */
export function deliverTo(target: () => { readonly ingest: RunningIngest; readonly shop: Shop }): Deliver {
  return async (message, options = {}) => {
    const { ingest, shop } = target();
    const { to = ingest, path = shop.path, ...rest } = options;
    const response = await fetch(`${to.url}${path}`, delivery(shop, message, rest));
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
  };
}

export interface Effects {
  readonly reserved: number;
  readonly reservations: number;
  readonly receipts: number;
}

export const noEffects: Effects = { reserved: 0, reservations: 0, receipts: 0 };

/** What deliveries left in the database of a shop. */
export async function effectsOn(shop: Shop, admin: Awaited<ReturnType<TestDatabase['admin']>>): Promise<Effects> {
  const one = async (text: string): Promise<number> =>
    Number((await admin.query(text, [shop.tenantId.slice(4)])).rows[0].n);
  return {
    reserved: await one('select sum(reserved) as n from kf.inventory_levels where tenant_id = $1'),
    reservations: await one('select count(*) as n from kf.reservations where tenant_id = $1'),
    receipts: await one(
      "select count(*) as n from kf.command_receipts where tenant_id = $1 and command_type = 'reservation.create'",
    ),
  };
}

import { type Id, isId } from '@karmanflow/schema';

/** Unordered: any order, many at a time. By entity: in order wherever two events share an entity. Strict: one by one. */
export const deliveryOrderings = ['UNORDERED', 'BY_ENTITY', 'STRICT'] as const;
export type DeliveryOrdering = (typeof deliveryOrderings)[number];

/** The place of a delivery among those of its subscription. It stands in the signed body, so that it can be believed. */
export interface DeliverySequence {
  readonly subscriptionId: Id<'webhookSubscription'>;
  /** Counts the fresh starts of a subscription; ordinals begin again with each. */
  readonly generation: number;
  /** 1, 2, 3 … without a gap. Null for an event that is sent again and never had a place. */
  readonly ordinal: number | null;
  /**
   * The ordinal that the receiver must have had before this one: of the one just before (STRICT), or of the last one about
   * the same entity (BY_ENTITY). Null where there is none.
   */
  readonly previous: number | null;
}

/** `<generation>.<ordinal>`: the same for whoever routes by headers. Only the body is signed. */
export function sequenceHeader({ generation, ordinal }: DeliverySequence): string | undefined {
  return ordinal === null ? undefined : `${generation}.${ordinal}`;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1;

/** Reads the member `sequence` of a body. Undefined for anything that is not one. */
export function readSequence(value: unknown): DeliverySequence | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { subscriptionId, generation, ordinal, previous } = value as Readonly<Record<string, unknown>>;
  if (!isId('webhookSubscription', subscriptionId) || !isCount(generation)) return undefined;
  if (ordinal !== null && !isCount(ordinal)) return undefined;
  if (previous !== null && !isCount(previous)) return undefined;
  return { subscriptionId, generation, ordinal, previous };
}

import type { DeliveryOrdering } from './delivery-sequence.ts';

/** A delivery that has not ended, as far as order is concerned. */
export interface ChainLink {
  readonly id: string;
  /** What must not be overtaken: two deliveries that share a key are sent one after the other. */
  readonly orderKeys: readonly string[];
}

export interface ChainedLink extends ChainLink {
  /** The last one before it for each of its keys that has not ended. */
  readonly predecessors: readonly string[];
}

/** The keys under which an event is ordered. */
export function orderKeysOf(input: {
  readonly ordering: DeliveryOrdering;
  readonly entities: readonly { readonly type: string; readonly id: string }[];
}): readonly string[] {
  if (input.ordering === 'UNORDERED') return [];
  // One key for all: each waits for the one before it.
  if (input.ordering === 'STRICT') return ['*'];
  return [...new Set(input.entities.map(({ type, id }) => `${type}:${id}`))];
}

/**
 * Puts new deliveries behind the pending ones. A delivery waits for the last one before it that has a key in common, for each
 * key; since that one waited as well, the chain of each key is sent link by link.
 */
export function chainDeliveries(input: {
  /** What has not ended, in the order of admission. */
  readonly pending: readonly ChainLink[];
  readonly admitted: readonly ChainLink[];
}): readonly ChainedLink[] {
  const lastOf = new Map<string, string>();
  const note = (link: ChainLink): void => link.orderKeys.forEach((key) => void lastOf.set(key, link.id));
  input.pending.forEach(note);
  return input.admitted.map((link) => {
    const predecessors = new Set(link.orderKeys.flatMap((key) => lastOf.get(key) ?? []));
    note(link);
    return { ...link, predecessors: [...predecessors] };
  });
}

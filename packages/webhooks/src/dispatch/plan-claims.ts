import { dispatchLimits } from './dispatch-limits.ts';

/** Which queue a delivery stands in: its first attempts, its later ones, or what somebody asked to have again. */
export type DeliveryLane = 'FIRST' | 'RETRY' | 'REPLAY';

export interface ClaimCandidate {
  readonly id: string;
  readonly lane: DeliveryLane;
}

/**
 * Chooses what is sent now, each lane in its own order. First attempts go before the rest, but a lane that waits always gets
 * something where there is room for more than one: neither a heap of retries nor a replay keeps what happens now waiting,
 * nor the other way round. Pure.
 */
export function planClaims<Candidate extends ClaimCandidate>(input: {
  readonly candidates: readonly Candidate[];
  readonly capacity: number;
}): readonly Candidate[] {
  const { candidates, capacity } = input;
  // With room for one only, whoever is due takes turns by time: the order of the candidates.
  if (capacity <= 1) return candidates.slice(0, Math.max(0, capacity));
  const share = Math.ceil(capacity * dispatchLimits.laneShare);
  const laneOf = (lane: DeliveryLane): readonly Candidate[] => candidates.filter((one) => one.lane === lane);
  const later = [...laneOf('RETRY').slice(0, share), ...laneOf('REPLAY').slice(0, share)].slice(0, capacity - 1);
  const first = laneOf('FIRST').slice(0, capacity - later.length);
  const chosen = [...first, ...later];
  const taken = new Set(chosen.map(({ id }) => id));
  const others = candidates.filter(({ id }) => !taken.has(id));
  return [...chosen, ...others.slice(0, capacity - chosen.length)];
}

import { refuse, type Verdict } from '../../definition/command.ts';
import type { ReservationState } from './entities.ts';

/** A hold that was resolved, or whose time is over whether or not the sweeper has come by, cannot be used any more. */
export function whyNotActive(
  held: ReservationState,
  now: string,
): Verdict<never, 'reservation_not_active' | 'reservation_expired'> | null {
  if (held.status === 'EXPIRED') return refuse('reservation_expired', { expiresAt: held.expiresAt });
  if (held.status !== 'ACTIVE') return refuse('reservation_not_active', { status: held.status });
  if (now >= held.expiresAt) return refuse('reservation_expired', { expiresAt: held.expiresAt });
  return null;
}

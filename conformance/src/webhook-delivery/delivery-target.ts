import type { Governed } from '../governance/governed.ts';

/** A request as a receiver got it. */
export interface Arrived {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A running worker that delivers to receivers in this process, beside an API whose tenants and database belong to nobody. */
export interface DeliveryTarget {
  readonly governed: Governed;
  /** The address of a receiver, and what it answers first; everything after that with 200. */
  receiverAt(path: string, firstStatuses?: readonly number[]): string;
  /** What arrived there so far, in the order of arrival. */
  arrivedAt(path: string): readonly Arrived[];
  /** Waits until as many requests have arrived there. Throws when they do not. */
  waitForArrivals(path: string, count: number): Promise<void>;
  /** Waits until it is so. Throws when it does not come about. */
  waitUntil(what: string, condition: () => Promise<boolean>): Promise<void>;
  /** What stands between the worker and the receivers from now on; only a saboteur says so. Several: it arrives several times. */
  comeBetween(change: (request: Arrived) => readonly Arrived[]): void;
}

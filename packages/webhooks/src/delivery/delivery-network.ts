import type { Socket } from 'node:net';

/** Cancels a timer. Harmless when the timer has fired. */
export type CancelTimer = () => void;

/** What delivery needs of the world. An app passes the real ones, a test passes hostile ones. */
export interface DeliveryNetwork {
  /**
   * All A and AAAA addresses of a name, as text. Called once for each attempt. Rejects when the name does not resolve;
   * a `code` of the error is kept as evidence. The real one is `dns.promises.lookup` with `all`.
   */
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  /** Opens a plain TCP connection to an address, never to a name. The real one is `connect` of `node:net`. */
  readonly openSocket: (place: { readonly address: string; readonly port: number }) => Socket;
  /** A clock that never goes back, in milliseconds. The real one is `performance.now`. */
  readonly monotonicMilliseconds: () => number;
  /** Calls back once after so many milliseconds. The real one is `setTimeout`. */
  readonly startTimer: (milliseconds: number, callback: () => void) => CancelTimer;
}

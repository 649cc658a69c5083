import type { PeerIdentity } from './reservation-store.ts';
import type { RowSizes } from './rows-of-request.ts';

export type PeerStore = 'function' | 'kysely' | 'limit';

/** What a peer's process is told on its standard input: it holds a password, so neither argument nor environment. */
export interface PeerConfiguration {
  readonly store: PeerStore;
  readonly databaseUrl: string;
  /** A request names the pool that serves it, so that one process can be tried with several sizes. */
  readonly poolSizes: readonly number[];
  readonly identity: PeerIdentity;
  readonly sizes: RowSizes;
}

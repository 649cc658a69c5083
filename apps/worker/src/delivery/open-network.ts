import { promises as dns } from 'node:dns';
import { connect } from 'node:net';
import type { DeliveryNetwork } from '@karmanflow/webhooks';

/** The real network: names are resolved once for each attempt, and sockets are opened to addresses only. */
export function openNetwork(): DeliveryNetwork {
  return {
    resolve: async (hostname) => (await dns.lookup(hostname, { all: true })).map(({ address }) => address),
    openSocket: ({ address, port }) => connect({ host: address, port }),
    monotonicMilliseconds: () => performance.now(),
    startTimer(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}

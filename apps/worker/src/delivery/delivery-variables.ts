import { isIP } from 'node:net';
import { optional, readSecretReference, withDefault } from '@karmanflow/runtime';
import { limits } from '@karmanflow/schema';
import type { EgressProxy } from '@karmanflow/webhooks';

/** The variables of delivery. Without the first one this process delivers nothing, another one has to. */
export const deliveryVariables = {
  KF_DELIVERY_DATABASE_URL_REF: optional(
    {
      purpose:
        'Where the postgresql:// address of the role kf_delivery is kept; without it this process sends no webhooks.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  KF_WEBHOOK_MASTER_REF: withDefault(
    {
      purpose:
        'Where the master is kept from which the secret of every subscription follows: 32 random bytes in base64.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the master itself',
      default: 'secrets://webhook-master',
    },
    readSecretReference,
  ),
  KF_EGRESS_PROXY: optional(
    {
      purpose:
        'A proxy that opens tunnels by CONNECT, so that deliveries come from its address; without it they are direct.',
      expected: 'http://<address>:<port>, with an IP address and without user or password',
    },
    readProxy,
  ),
  KF_WEBHOOK_HISTORY_DAYS: withDefault(
    {
      purpose: 'How long a delivery and its attempts are kept after it has ended. What has not ended stays.',
      expected: `whole days from ${limits.deliveryHistoryMinDays} to ${limits.deliveryHistoryMaxDays}`,
      default: String(limits.deliveryHistoryDefaultDays),
    },
    readDays,
  ),
};

function readDays(text: string): number | undefined {
  const days = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return days >= limits.deliveryHistoryMinDays && days <= limits.deliveryHistoryMaxDays ? days : undefined;
}

/** An address and no name: what a name resolves to could change, and the proxy sees every delivery. */
function readProxy(text: string): EgressProxy | undefined {
  const parts = /^http:\/\/(?<host>\[[0-9a-f:]+\]|[0-9.]+):(?<port>\d{1,5})\/?$/.exec(text)?.groups;
  const address = (parts?.['host'] ?? '').replaceAll(/[[\]]/g, '');
  const port = Number(parts?.['port'] ?? 0);
  return isIP(address) !== 0 && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

import type { Socket } from 'node:net';
import type { DeliveryAttempt } from './delivery-attempt.ts';
import type { DeliveryNetwork } from './delivery-network.ts';
import { openConnection, type OpenedSocket, type SocketPlace } from './open-connection.ts';
import { readErrorCode } from './resolve-target.ts';
import { ResponseReader } from './response-reader.ts';

/** A proxy of the operator, for a fixed source address. It gets the checked address to connect to, never a name. */
export interface EgressProxy extends SocketPlace {
  /** The value of Proxy-Authorization, such as `Basic …`. */
  readonly authorization?: string;
}

/** What a proxy answers when it works and the target does not: that is charged to the target. */
const targetStatuses: ReadonlySet<number> = new Set([502, 504]);

/** Opens a tunnel to the place by CONNECT (RFC 9110 section 9.3.6). What goes wrong on our side says so. */
export async function openTunnel(input: {
  readonly attempt: DeliveryAttempt;
  readonly network: DeliveryNetwork;
  readonly proxy: EgressProxy;
  readonly place: SocketPlace;
}): Promise<OpenedSocket> {
  const { attempt, network, proxy, place } = input;
  // Not the whole proxy: its password is none of the network's business.
  const proxyPlace = { address: proxy.address, port: proxy.port };
  const opened = await openConnection({ attempt, network, place: proxyPlace });
  if (!opened.ok) return { ...opened, code: 'egress_proxy_failed' };

  const answer = await askForTunnel({ socket: opened.socket, proxy, place });
  const { phase } = attempt;
  if (answer.status === undefined) return { ok: false, code: 'egress_proxy_failed', phase, reason: answer.reason };
  if (answer.status < 300) return opened;
  const code = targetStatuses.has(answer.status) ? 'connect_failed' : 'egress_proxy_failed';
  return { ok: false, code, phase, reason: `egress_status_${answer.status}` };
}

type TunnelAnswer =
  | { readonly status: number; readonly reason?: never }
  | { readonly status?: never; readonly reason: string };

function askForTunnel(input: {
  readonly socket: Socket;
  readonly proxy: EgressProxy;
  readonly place: SocketPlace;
}): Promise<TunnelAnswer> {
  const { socket, proxy, place } = input;
  const reader = new ResponseReader({ keptBytes: 0 });
  return new Promise((resolve) => {
    const settle = (answer: TunnelAnswer): void => {
      socket.off('data', read);
      socket.pause();
      resolve(answer);
    };
    const read = (bytes: Uint8Array): void => {
      const progress = reader.push(bytes);
      // The target speaks after us, so bytes behind the proxy's headers are not the target's.
      if (reader.isTruncated) settle({ reason: 'early_bytes' });
      else if (reader.head !== undefined) settle({ status: reader.head.status });
      else if ('code' in progress) settle({ reason: progress.reason });
    };
    socket.on('data', read);
    socket.once('error', (error: unknown) => settle({ reason: readErrorCode(error) ?? 'error' }));
    socket.once('end', () => settle({ reason: 'closed' }));
    socket.once('close', () => settle({ reason: 'closed' }));
    socket.write(writeConnect({ proxy, place }));
  });
}

function writeConnect({ proxy, place }: { readonly proxy: EgressProxy; readonly place: SocketPlace }): string {
  const address = place.address.includes(':') ? `[${place.address}]` : place.address;
  const authority = `${address}:${place.port}`;
  const authorization = proxy.authorization === undefined ? [] : [`Proxy-Authorization: ${proxy.authorization}`];
  return [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...authorization, '\r\n'].join('\r\n');
}

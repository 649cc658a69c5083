import type { Socket } from 'node:net';
import { awaitSocket } from './await-socket.ts';
import { isSameAddress } from './classify-address.ts';
import type { DeliveryAttempt } from './delivery-attempt.ts';
import type { DeliveryNetwork } from './delivery-network.ts';
import type { DeliveryFailure } from './delivery-result.ts';
import { readErrorCode } from './resolve-target.ts';

/** Where a TCP connection goes: an address that has been checked, never a name. */
export interface SocketPlace {
  readonly address: string;
  readonly port: number;
}

export type OpenedSocket<Opened extends Socket = Socket> =
  | { readonly ok: true; readonly socket: Opened }
  | ({ readonly ok: false } & DeliveryFailure);

/** What the system says when the other side, or something on the way, ended a connection that stood. */
const resetCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

export function isReset(errorCode: string | undefined): boolean {
  return errorCode === undefined || resetCodes.has(errorCode);
}

/**
 * Connects to the place and then asks the socket whom it is connected to. The question is the last line of defence:
 * whatever the runtime or the network argument made of the address, nothing is sent to another one.
 */
export async function openConnection(input: {
  readonly attempt: DeliveryAttempt;
  readonly network: DeliveryNetwork;
  readonly place: SocketPlace;
}): Promise<OpenedSocket> {
  const { attempt, network, place } = input;
  const socket = attempt.hold(network.openSocket(place));
  const readiness = await awaitSocket(socket, 'connect');
  const { phase } = attempt;
  if (!readiness.ok) {
    const reason = readErrorCode(readiness.error) ?? 'closed';
    return { ok: false, code: reason === 'ECONNRESET' ? 'reset' : 'connect_failed', phase, reason };
  }
  const isPinned =
    socket.remotePort === place.port && isSameAddress({ expected: place.address, actual: socket.remoteAddress ?? '' });
  if (isPinned) return { ok: true, socket };
  // A peer that has gone already has no address any more; that is no sign of another one.
  if (socket.remoteAddress === undefined) return { ok: false, code: 'reset', phase, reason: 'closed' };
  return { ok: false, code: 'address_mismatch', phase, reason: 'connected_elsewhere' };
}

import type { Socket } from 'node:net';

/** `error` is absent when the other side closed without one. */
export type SocketReadiness = { readonly ok: true } | { readonly ok: false; readonly error: unknown };

/** Waits until the socket has connected, or has finished its TLS handshake, or is closed. Never rejects. */
export function awaitSocket(socket: Socket, event: 'connect' | 'secureConnect'): Promise<SocketReadiness> {
  return new Promise((resolve) => {
    let error: unknown;
    socket.once(event, () => resolve({ ok: true }));
    socket.once('error', (reason: unknown) => {
      error = reason;
      resolve({ ok: false, error: reason });
    });
    socket.once('close', () => resolve({ ok: false, error }));
  });
}

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { HostileBehaviour } from './hostile-behaviours.ts';
import type { TestCertificate } from './test-certificate.ts';

/** A receiver on a real loopback socket that misbehaves in one way. */
export interface HostileReceiver {
  readonly port: number;
  connections(): number;
  /** Everything that was received so far, as Latin-1. */
  received(): string;
  /** How many bytes the receiver has handed to its sockets. */
  bytesSent(): number;
  /** Resolves when every connection so far is closed. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a receiver. With a certificate it speaks TLS, and misbehaves inside it. */
export async function startHostileReceiver(input: {
  readonly behaviour: HostileBehaviour;
  readonly certificate?: TestCertificate;
}): Promise<HostileReceiver> {
  const { behaviour, certificate } = input;
  const sockets = new Set<Socket>();
  let connections = 0;
  let received = '';
  let bytesSentBefore = 0;
  let waiting: (() => void)[] = [];

  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
    });
    socket.once('close', () => {
      bytesSentBefore += socket.bytesWritten;
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const wake of waiting) wake();
      waiting = [];
    });
    behaviour(socket);
  };
  const server = certificate === undefined ? createServer(accept) : createTlsReceiver(certificate, accept);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  return {
    port: portOf(server),
    connections: () => connections,
    received: () => received,
    bytesSent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, bytesSentBefore),
    idle: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else waiting.push(resolve);
      }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function createTlsReceiver(certificate: TestCertificate, accept: (socket: Socket) => void): Server {
  const server = createTlsServer({ key: certificate.privateKey, cert: certificate.certificate }, accept);
  // A client that refuses the certificate ends the handshake: that is what the test wants.
  server.on('tlsClientError', () => undefined);
  return server;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The receiver has no port.');
  return address.port;
}

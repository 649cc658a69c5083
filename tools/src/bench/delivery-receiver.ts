import { createServer, type Socket } from 'node:net';

/** Where deliveries arrive in a bench: one server that takes everything, and one that takes the connection and says nothing. */
export interface DeliveryReceiver {
  readonly url: string;
  /** Accepts, and never answers. */
  readonly silentUrl: string;
  /** Hears of each delivery as it arrives, with its path. */
  onArrival: (path: string, eventId: string) => void;
  stop(): Promise<void>;
}

const eventIdPattern = /"eventId":"(evt_[0-9a-f-]{36})"/;

export async function startDeliveryReceiver(): Promise<DeliveryReceiver> {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    // Reads, so that the sender has sent all of it and waits.
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const address = silent.address();
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0;
  const receiver: DeliveryReceiver = {
    url: '',
    silentUrl: `http://127.0.0.1:${silentPort}`,
    onArrival: () => undefined,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await server.stop(true);
    },
  };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const eventId = eventIdPattern.exec(await request.text())?.[1] ?? '';
      receiver.onArrival(new URL(request.url).pathname, eventId);
      return new Response(null, { status: 204 });
    },
  });
  return Object.assign(receiver, { url: `http://127.0.0.1:${server.port}` });
}

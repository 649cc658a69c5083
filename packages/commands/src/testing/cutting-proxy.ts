import { createConnection, createServer, type Socket } from 'node:net';

/**
 * What happens to the next connection that sends COMMIT:
 * swallow  the server never gets it, and loses the connection as well
 * deliver  the server gets it, and the client is cut off in the same moment
 * unheard  the server gets it and answers; the answer is lost, and the connection with it
 */
export type Cut = 'swallow' | 'deliver' | 'unheard';

export interface CuttingProxy {
  /** The address of the database behind the proxy, for the same role. */
  urlFor(url: string): string;
  /** The next COMMIT on its way to the server is cut in this way; later ones pass. */
  cutNext(cut: Cut): void;
  /** How many connections were cut so far. */
  cuts(): number;
  stop(): Promise<void>;
}

// The simple protocol sends a text with a zero behind it.
const commit = Buffer.from('COMMIT\0');

/** A TCP proxy in front of Postgres that breaks connections at the moment that matters most. */
export async function createCuttingProxy(server: { url: string }): Promise<CuttingProxy> {
  const target = new URL(server.url);
  const sockets = new Set<Socket>();
  let armed: Cut | null = null;
  let cuts = 0;

  const listener = createServer((client) => {
    const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
    let tail = Buffer.alloc(0);
    let isUnheard = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => {
      if (cuts === 0) upstream.destroy();
      else upstream.resume();
    });
    upstream.on('close', () => client.destroy());
    upstream.on('data', (data) => {
      if (isUnheard) client.destroy();
      else if (!client.destroyed) client.write(data);
    });
    client.on('data', (data: Buffer) => {
      // A message may begin in one piece and end in the next.
      tail = Buffer.concat([tail.subarray(-commit.length), data]);
      const cut = tail.includes(commit) ? armed : null;
      if (cut === null) {
        upstream.write(data);
        return;
      }
      armed = null;
      cuts += 1;
      if (cut === 'swallow') upstream.destroy();
      else upstream.write(data);
      if (cut === 'unheard') isUnheard = true;
      else client.destroy();
    });
  });
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    urlFor: (url) => {
      const proxied = new URL(url);
      proxied.hostname = '127.0.0.1';
      proxied.port = String(address.port);
      return proxied.href;
    },
    cutNext: (cut) => {
      armed = cut;
    },
    cuts: () => cuts,
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        listener.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

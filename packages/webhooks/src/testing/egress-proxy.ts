import { connect, type Socket } from 'node:net';
import type { HostileBehaviour } from './hostile-behaviours.ts';

/** A proxy that answers CONNECT: with a tunnel to the port on loopback that was asked for, or with these bytes. */
export function tunnelOrAnswer(answer?: string): HostileBehaviour {
  return (client) => {
    client.once('data', (bytes: Buffer) => {
      if (answer !== undefined) {
        client.write(answer);
        return;
      }
      const port = /^CONNECT 127\.0\.0\.1:(\d+) HTTP\/1\.1\r\n/.exec(bytes.toString('latin1'))?.[1];
      if (port === undefined) client.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      else openTunnel(client, Number(port));
    });
  };
}

function openTunnel(client: Socket, port: number): void {
  const target = connect({ host: '127.0.0.1', port }, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(target);
    target.pipe(client);
  });
  target.on('error', () => client.destroy());
  client.on('close', () => target.destroy());
}

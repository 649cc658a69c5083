import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends a request byte for byte and reads its answer: what `fetch` would put in order stays as it is written, such as a
 * header that stands there twice. The answer ends with the connection.
 */
export function sendRaw(
  port: number,
  request: {
    readonly path: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: Uint8Array;
  },
): Promise<RawAnswer> {
  const lines = [
    `POST ${request.path} HTTP/1.1`,
    'Host: ingest',
    'Connection: close',
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...rest] = text.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') });
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(request.body);
  });
}

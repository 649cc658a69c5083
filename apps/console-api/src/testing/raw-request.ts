import { connect } from 'node:net';

/** Sends bytes as they are and answers what comes back until the connection ends: for what `fetch` would not send. */
export function rawRequest(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(received));
    socket.on('close', () => resolve(received));
  });
}

/** The text of a request of HTTP/1.1 that asks for its connection to be closed. */
export function rawText(request: { line: string; headers: readonly string[]; body?: string }): string {
  const { line, headers, body = '' } = request;
  return [line, 'Host: localhost', 'Connection: close', ...headers, '', body].join('\r\n');
}

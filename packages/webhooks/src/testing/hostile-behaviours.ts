import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What a receiver does with a connection that it has accepted. */
export type HostileBehaviour = (socket: Socket) => void;

const dripMilliseconds = 10;
const okHead = 'HTTP/1.1 200 OK\r\n';

/** Answers each request with these bytes and closes. */
export function answerWith(...parts: readonly (string | Uint8Array)[]): HostileBehaviour {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return (socket) => afterRequest(socket, () => socket.end(bytes));
}

/** A well-formed response with the length of its body. */
export function answerStatus(
  status: number,
  input: { readonly headers?: readonly string[]; readonly body?: string } = {},
) {
  const { headers = [], body = '' } = input;
  const lines = [`HTTP/1.1 ${status} Status`, ...headers, `Content-Length: ${body.length}`, '', body];
  return answerWith(lines.join('\r\n'));
}

/** Accepts and says nothing, ever. */
export const staySilent: HostileBehaviour = () => undefined;

/** One byte of a header at a time, without end. */
export const dripHeaders: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(`${okHead}X-Slow: `);
    drip(socket, 'a');
  });

/** One byte of a body at a time, without end. */
export const dripBody: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(`${okHead}Content-Length: 100000\r\n\r\n`);
    drip(socket, 'a');
  });

/** The same behind a redirect: whoever does not stop at the status waits for it. */
export const dripBodyOfRedirect: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100000\r\n\r\n');
    drip(socket, 'a');
  });

/** A body that lasts until the connection closes, which it never does. */
export const floodBody: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(`${okHead}\r\n`);
    flood(socket, Buffer.alloc(65_536, 'a'));
  });

/** A body in chunks of one byte with the longest extension, so that the framing outweighs it. */
export const floodChunkFraming: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(`${okHead}Transfer-Encoding: chunked\r\n\r\n`);
    flood(socket, Buffer.from(`1;${'x'.repeat(200)}\r\na\r\n`.repeat(300), 'latin1'));
  });

export const floodHeaders: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(okHead);
    flood(socket, Buffer.from('X-Header: value\r\n'.repeat(1000), 'latin1'));
  });

/** One header that never ends. */
export const floodHeaderLine: HostileBehaviour = (socket) =>
  afterRequest(socket, () => {
    socket.write(`${okHead}X-Header: `);
    flood(socket, Buffer.alloc(65_536, 'a'));
  });

export const floodInformational: HostileBehaviour = (socket) =>
  afterRequest(socket, () => flood(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100), 'latin1')));

/** A small body that inflates to 32 MiB. */
export function sendGzipBomb(): HostileBehaviour {
  const bomb = gzipSync(Buffer.alloc(33_554_432));
  return answerWith(`${okHead}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`, bomb);
}

export const resetAtOnce: HostileBehaviour = (socket) => reset(socket);

/** Resets at the first bytes: those of the request, or those of the TLS handshake. */
export const resetAtFirstBytes: HostileBehaviour = (socket) => {
  socket.once('data', () => reset(socket));
};

export const resetInHeaders: HostileBehaviour = (socket) =>
  afterRequest(socket, () => writeThenReset(socket, `${okHead}Content-Le`));

export const resetInBody: HostileBehaviour = (socket) =>
  afterRequest(socket, () => writeThenReset(socket, `${okHead}Content-Length: 100\r\n\r\nabc`));

/** Closes in an orderly way in the middle of the body. */
export const closeInBody: HostileBehaviour = answerWith(`${okHead}Content-Length: 100\r\n\r\nabc`);

export const closeWithoutAnswer: HostileBehaviour = answerWith('');

/** Answers before the request is there, as a server does that has seen enough. */
export const answerEarly: HostileBehaviour = (socket) => {
  socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
};

/** Calls back when the request is complete. Requests of the tests have a Content-Length. */
function afterRequest(socket: Socket, answer: () => void): void {
  let received = '';
  let isAnswered = false;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    const headEnd = received.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1] ?? 0);
    if (isAnswered || headEnd === -1 || received.length < headEnd + 4 + length) return;
    isAnswered = true;
    answer();
  });
}

function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), dripMilliseconds);
  socket.once('close', () => clearInterval(timer));
}

/** Writes as fast as the other side reads, and never more than the socket takes. */
function flood(socket: Socket, piece: Uint8Array): void {
  const pump = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', pump);
  pump();
}

/** A reset overtakes what is on its way, so it comes after the bytes have had time to arrive. */
function writeThenReset(socket: Socket, text: string): void {
  socket.write(text, 'latin1', () => setTimeout(() => reset(socket), dripMilliseconds));
}

function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

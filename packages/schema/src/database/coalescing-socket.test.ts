import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createServer, type Server, type Socket } from 'node:net';
import { createCoalescingSocket } from './coalescing-socket.ts';

let server: Server;
let port = 0;
/** What each connection sent, in the pieces in which it arrived, and whether it said goodbye. */
const received: { pieces: Buffer[]; ended: boolean }[] = [];

beforeAll(async () => {
  server = createServer((client) => {
    const one = { pieces: [] as Buffer[], ended: false };
    received.push(one);
    client.on('data', (piece: Buffer) => one.pieces.push(piece));
    client.on('end', () => {
      one.ended = true;
    });
    client.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});
afterAll(() => {
  server.close();
});

async function connected(): Promise<Socket> {
  const socket = createCoalescingSocket();
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.connect(port, '127.0.0.1');
  });
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('waited in vain');
    await Bun.sleep(2);
  }
}

const textOf = (index: number): string => Buffer.concat(received[index]?.pieces ?? []).toString('latin1');

test('what is written arrives whole and in order, whatever its kind and size, and the goodbye comes last', async () => {
  const index = received.length;
  const socket = await connected();
  const parts: string[] = [];
  for (let number = 0; number < 500; number += 1) {
    const part = String(number % 10).repeat(number % 97 === 0 ? 100_000 : 1 + (number % 13));
    parts.push(part);
    // Bytes wait for their neighbours; a text does not, and must not overtake them.
    if (number % 31 === 0) socket.write(part);
    else socket.write(Buffer.from(part));
    if (number % 53 === 0) await Promise.resolve();
    if (number % 101 === 0) await Bun.sleep(0);
  }
  socket.end(Buffer.from('goodbye'));
  await until(() => received[index]?.ended === true);
  const expected = `${parts.join('')}goodbye`;
  expect(textOf(index).length).toBe(expected.length);
  expect(textOf(index) === expected).toBe(true);
});

test('what one turn writes goes out as one packet', async () => {
  const index = received.length;
  const socket = await connected();
  for (let number = 0; number < 100; number += 1) socket.write(Buffer.from('x'));
  await until(() => textOf(index).length === 100);
  expect(received[index]?.pieces).toHaveLength(1);
  socket.destroy();
});

test('what waits when the socket is destroyed is dropped without an error', async () => {
  const socket = await connected();
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  socket.write(Buffer.from('x'));
  socket.destroy();
  await Bun.sleep(5);
  expect(errors).toEqual([]);
});

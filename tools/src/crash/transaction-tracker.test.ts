import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { TransactionTracker } from './transaction-tracker.ts';
import { FrameSplitter } from './wire-frames.ts';

const zero = Buffer.from([0]);

function message(type: string, ...fields: readonly string[]): Buffer {
  const body = Buffer.concat(fields.flatMap((field) => [Buffer.from(field, 'utf8'), zero]));
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function startup(): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32BE(9, 0);
  bytes.writeUInt32BE(3 << 16, 4);
  return bytes;
}

const insert = 'INSERT INTO kf.command_receipts (tenant_id) VALUES ($1)';
const conversation = [
  startup(),
  message('Q', 'BEGIN'),
  message('P', 'insert_command_receipts_1', insert),
  message('B', '', 'insert_command_receipts_1'),
  message('E', ''),
  message('S'),
  message('Q', 'COMMIT'),
];

/** The positions of messages at which a writing transaction asks to commit. */
function commits(tracker: TransactionTracker, stream: Buffer): number[] {
  return new FrameSplitter('client')
    .push(stream)
    .flatMap((frame, position) => (tracker.fromClient(frame) ? [position] : []));
}

test('messages come out whole, however the stream is cut', () => {
  const stream = Buffer.concat(conversation);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 20 }), (cuts) => {
      const splitter = new FrameSplitter('client');
      const edges = [0, ...cuts.toSorted((one, other) => one - other), stream.length];
      const frames = edges.slice(1).flatMap((edge, at) => splitter.push(stream.subarray(edges[at], edge)));
      expect(frames.map(({ bytes }) => bytes.toString('hex'))).toEqual(
        conversation.map((bytes) => bytes.toString('hex')),
      );
      expect(frames.map(({ type }) => type).join('')).toBe('QPBESQ');
    }),
  );
});

test('COMMIT of a transaction that wrote a receipt is seen, as a simple query', () => {
  const tracker = new TransactionTracker();
  expect(commits(tracker, Buffer.concat(conversation))).toEqual([6]);
  expect(tracker.phase).toBe('committing');
  const [answer] = new FrameSplitter('server').push(message('C', 'COMMIT'));
  expect(answer && tracker.fromServer(answer)).toBe(true);
  expect(tracker.phase).toBe('idle');
});

test('COMMIT as a named statement is seen as well, and a statement stays known when it is only bound again', () => {
  const tracker = new TransactionTracker();
  const again = Buffer.concat([
    message('Q', 'BEGIN'),
    message('B', '', 'insert_command_receipts_1'),
    message('E', ''),
    message('P', 'done', 'commit'),
    message('B', '', 'done'),
    message('E', ''),
  ]);
  expect(commits(tracker, Buffer.concat([...conversation, again]))).toEqual([6, 12]);
});

test('COMMIT of a read is none, and a transaction that was rolled back did not commit', () => {
  const reading = new TransactionTracker();
  expect(commits(reading, Buffer.concat([startup(), message('Q', 'BEGIN READ ONLY'), message('Q', 'COMMIT')]))).toEqual(
    [],
  );
  const writing = new TransactionTracker();
  expect(commits(writing, Buffer.concat(conversation))).toHaveLength(1);
  const [answer] = new FrameSplitter('server').push(message('C', 'ROLLBACK'));
  expect(answer && writing.fromServer(answer)).toBe(false);
  expect(writing.phase).toBe('idle');
});

test('what cannot be Postgres protocol is an error', () => {
  expect(() => new FrameSplitter('server').push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('not Postgres protocol');
});

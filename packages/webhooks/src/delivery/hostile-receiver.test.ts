import { describe, expect, test } from 'bun:test';
import { deliverToReceiver, summaryOf, timedOutIn } from '../testing/deliver-to-receiver.ts';
import * as hostile from '../testing/hostile-behaviours.ts';
import { deliveryLimits } from './delivery-limits.ts';
import { readRetryAfter } from './read-retry-after.ts';

const { answerStatus, answerWith } = hostile;
const ok = 'HTTP/1.1 200 OK\r\n';

/** What may lie in the buffers of both kernels and of the receiver when we hang up. */
const buffersMaxBytes = 16_777_216;

describe('a receiver that is slow', () => {
  for (const [label, behaviour, phase] of [
    ['and silent', hostile.staySilent, 'headers'],
    ['with its headers', hostile.dripHeaders, 'headers'],
    ['with its body', hostile.dripBody, 'body'],
  ] as const) {
    test(`${label} costs no more than the deadline`, async () => {
      const { result } = await timedOutIn({
        phase,
        deliverWithin: (deadlineMilliseconds) => deliverToReceiver({ behaviour, options: { deadlineMilliseconds } }),
      });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code: 'timed_out', phase, reason: phase });
      expect(result.totalMilliseconds).toBeGreaterThanOrEqual(290);
    });
  }
});

describe('a receiver that never ends', () => {
  for (const [label, behaviour, code, reason] of [
    ['a body', hostile.floodBody, 'response_too_large', 'body'],
    ['the framing of chunks', hostile.floodChunkFraming, 'response_too_large', 'wire'],
    ['headers', hostile.floodHeaders, 'response_too_large', 'headers'],
    ['one header', hostile.floodHeaderLine, 'response_too_large', 'headers'],
    ['early hints', hostile.floodInformational, 'response_malformed', 'informational_flood'],
  ] as const) {
    test(`${label} is cut off`, async () => {
      const { result, receiver } = await deliverToReceiver({ behaviour });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code, reason });
      expect(result.responseBytes.length).toBeLessThanOrEqual(deliveryLimits.responseKeptDefaultBytes);
      expect(receiver.bytesSent()).toBeLessThan(buffersMaxBytes);
    });
  }

  test('a hundred headers pass, one more does not', async () => {
    for (const [count, outcome] of [
      [deliveryLimits.responseHeadersMax - 1, { kind: 'delivered' }],
      [deliveryLimits.responseHeadersMax, { code: 'response_too_large', reason: 'headers' }],
    ] as const) {
      const headers = Array.from({ length: count }, () => 'A: b');
      const { result } = await deliverToReceiver({ behaviour: answerStatus(200, { headers }) });
      expect(summaryOf(result)).toMatchObject(outcome);
    }
  });

  test('a long announced body is not awaited', async () => {
    const { result } = await deliverToReceiver({ behaviour: answerWith(`${ok}Content-Length: 999999999\r\n\r\n`) });
    expect(summaryOf(result)).toMatchObject({ code: 'response_too_large', reason: 'body', status: 200 });
  });

  test('a huge announced chunk is not awaited', async () => {
    const behaviour = answerWith(`${ok}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n`);
    const { result } = await deliverToReceiver({ behaviour });
    expect(summaryOf(result)).toMatchObject({ code: 'response_too_large', reason: 'body', status: 200 });
  });
});

test('a gzip bomb stays packed', async () => {
  const behaviour = hostile.sendGzipBomb();
  const before = process.memoryUsage().rss;
  const { result } = await deliverToReceiver({ behaviour, options: { keptBytes: 16 } });
  expect(summaryOf(result)).toMatchObject({ kind: 'delivered', status: 200 });
  expect(result.responseHeaders).toEqual({ 'content-encoding': 'gzip' });
  expect([...result.responseBytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  expect(result.responseTruncated).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(25_165_824);
});

describe('a receiver that hangs up', () => {
  for (const [label, behaviour, phases] of [
    ['at once', hostile.resetAtOnce, ['connect', 'headers']],
    ['at the request', hostile.resetAtFirstBytes, ['headers']],
    ['in its headers', hostile.resetInHeaders, ['headers']],
    ['in its body', hostile.resetInBody, ['body']],
    ['in its body, politely', hostile.closeInBody, ['body']],
    ['without an answer', hostile.closeWithoutAnswer, ['headers']],
  ] as const) {
    test(`${label} is a reset in its phase`, async () => {
      const { result } = await deliverToReceiver({ behaviour });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code: 'reset' });
      expect<readonly string[]>(phases).toContain(result.kind === 'failed' ? result.phase : '');
    });
  }

  test('but had answered before the request was there is heard', async () => {
    const { result } = await deliverToReceiver({ behaviour: hostile.answerEarly });
    expect(summaryOf(result)).toMatchObject({ code: 'status_refused', reason: '413', status: 413 });
  });
});

describe('a receiver that redirects', () => {
  for (const status of [300, 301, 302, 303, 304, 307, 308]) {
    test(`with ${status} to the metadata address is not followed`, async () => {
      const headers = ['Location: http://169.254.169.254/latest/meta-data/'];
      const { result, network, receiver } = await deliverToReceiver({ behaviour: answerStatus(status, { headers }) });
      expect(summaryOf(result)).toMatchObject({ code: 'redirect_refused', reason: String(status), status });
      expect(network.opened).toHaveLength(1);
      expect(receiver.connections()).toBe(1);
    });
  }

  test('is not listened to any further', async () => {
    const { result } = await deliverToReceiver({ behaviour: hostile.dripBodyOfRedirect });
    expect(summaryOf(result)).toMatchObject({ code: 'redirect_refused', status: 302 });
  });
});

describe('a receiver with a mad Retry-After', () => {
  const values = [
    'inf',
    'NaN',
    '-1',
    '1e300',
    '1e309',
    '99999999',
    '9'.repeat(40),
    'Fri, 31 Dec 9999 23:59:59 GMT',
    ';',
  ];
  for (const value of [...values, 'Sun, 06 Nov 1994 08:49:37 GMT']) {
    test(`${value} puts us off by a day at most`, async () => {
      const behaviour = answerStatus(429, { headers: [`Retry-After: ${value}`] });
      const { result } = await deliverToReceiver({ behaviour });
      expect(result).toMatchObject({ kind: 'failed', code: 'status_refused', status: 429 });
      expect(result.responseHeaders['retry-after']).toBe(value);
      const delay = readRetryAfter(result.responseHeaders['retry-after'], { nowMilliseconds: Date.now() }) ?? 0;
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(deliveryLimits.retryAfterMaxMilliseconds);
    });
  }
});

describe('a status that refuses stands', () => {
  for (const [label, response, status] of [
    ['with a body that is cut off', 'HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\nabc', 410],
    ['with a body that is too large', 'HTTP/1.1 429 No\r\nContent-Length: 999999999\r\n\r\n', 429],
  ] as const) {
    test(label, async () => {
      const { result } = await deliverToReceiver({ behaviour: answerWith(response) });
      expect(summaryOf(result)).toMatchObject({ code: 'status_refused', reason: String(status), status });
    });
  }
});

describe('a receiver that speaks another protocol', () => {
  const cases: Readonly<Record<string, readonly [response: string, reason: string]>> = {
    'a banner': ['SSH-2.0-OpenSSH_9.6\r\n', 'status_line'],
    'HTTP/2': ['HTTP/2 200\r\n\r\n', 'status_line'],
    'HTTP/0.9': ['<html></html>\r\n', 'status_line'],
    'a status of two digits': ['HTTP/1.1 20 OK\r\n\r\n', 'status_line'],
    'a status of six hundred': ['HTTP/1.1 600 OK\r\n\r\n', 'status_line'],
    'line feeds alone': ['HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'line_end'],
    'a folded header': [`${ok}X-A: b\r\n c\r\n\r\n`, 'header_line'],
    'a blank before the colon': [`${ok}Content-Length : 0\r\n\r\n`, 'header_line'],
    'a header without a name': [`${ok}: b\r\n\r\n`, 'header_line'],
    'a zero byte in a header': [`${ok}X-A: \u0000\r\n\r\n`, 'header_line'],
    'a carriage return in a header': [`${ok}X-A: a\rb\r\n\r\n`, 'header_line'],
    'a length and chunks': [
      `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'length_and_chunks',
    ],
    'two lengths': [`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, 'content_length'],
    'a list of lengths': [`${ok}Content-Length: 5, 5\r\n\r\nhello`, 'content_length'],
    'a signed length': [`${ok}Content-Length: +5\r\n\r\nhello`, 'content_length'],
    'a length of many digits': [`${ok}Content-Length: 99999999999999999999\r\n\r\n`, 'content_length'],
    'another coding': [`${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 'transfer_encoding'],
    'chunks in HTTP/1.0': ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'transfer_encoding'],
    'a chunk without a size': [`${ok}Transfer-Encoding: chunked\r\n\r\n;\r\n`, 'chunk_size'],
    'a negative chunk': [`${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, 'chunk_size'],
    'a chunk size of nine digits': [`${ok}Transfer-Encoding: chunked\r\n\r\n000000001\r\na\r\n`, 'chunk_size'],
    'an endless chunk extension': [`${ok}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(300)}`, 'chunk_size'],
    'a chunk that is longer than its size': [
      `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
      'chunk_end',
    ],
    'an upgrade': ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'switching_protocols'],
  };
  for (const [label, [response, reason]] of Object.entries(cases)) {
    test(`${label} is malformed`, async () => {
      const { result } = await deliverToReceiver({ behaviour: answerWith(response) });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code: 'response_malformed', reason });
    });
  }
});

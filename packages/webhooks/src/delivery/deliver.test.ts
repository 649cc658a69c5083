import { describe, expect, test } from 'bun:test';
import { answerStatus, answerWith } from '../testing/hostile-behaviours.ts';
import { deliverToReceiver, loopbackPolicy, summaryOf, targetOf } from '../testing/deliver-to-receiver.ts';
import { openLoopbackNetwork } from '../testing/loopback-network.ts';
import { deliver, type DeliverInput } from './deliver.ts';
import { deliveryLimits } from './delivery-limits.ts';

const publicPolicy = { ports: 'standard', localTargets: false } as const;

function inputTo(target: string, rest: Pick<DeliverInput, 'network'> & Partial<DeliverInput>): DeliverInput {
  const policy = rest.policy ?? loopbackPolicy;
  return { target: targetOf(target, policy), policy, headers: {}, body: new Uint8Array(), attempt: 1, ...rest };
}

describe('a delivery', () => {
  test('sends one request, byte for byte', async () => {
    const { result, receiver } = await deliverToReceiver({
      behaviour: answerStatus(204),
      options: { headers: { 'Content-Type': 'application/json', 'webhook-id': 'msg_1' } },
    });
    expect(summaryOf(result)).toEqual({ kind: 'delivered', status: 204, address: '127.0.0.1' });
    const [head, body] = receiver.received().split('\r\n\r\n');
    expect(body).toBe('{"type":"stock.level.changed"}');
    expect(head?.replace(/:\d+$/m, ':0').split('\r\n')).toEqual([
      'POST /hook?tenant=1 HTTP/1.1',
      'Host: 127.0.0.1:0',
      'Content-Type: application/json',
      'webhook-id: msg_1',
      'Content-Length: 30',
      'Connection: close',
    ]);
    expect(receiver.connections()).toBe(1);
  });

  test('keeps the first bytes of the answer and the headers of interest, and times each phase', async () => {
    const headers = ['Retry-After: 7', 'Content-Type: text/plain', 'Set-Cookie: a=b'];
    const { result } = await deliverToReceiver({
      behaviour: answerStatus(503, { headers, body: 'a'.repeat(3000) }),
      options: { keptBytes: 100 },
    });
    expect(summaryOf(result)).toMatchObject({ code: 'status_refused', reason: '503', status: 503 });
    expect(Buffer.from(result.responseBytes).toString()).toBe('a'.repeat(100));
    expect(result.responseTruncated).toBe(true);
    expect(result.responseHeaders).toEqual({ 'retry-after': '7', 'content-type': 'text/plain' });
    expect(Object.keys(result.timings).toSorted()).toEqual(['body', 'connect', 'firstByte', 'resolve']);
    const sum = Object.values(result.timings).reduce((total, part) => total + part, 0);
    expect(Math.abs(sum - result.totalMilliseconds)).toBeLessThan(0.001);
  });

  for (const [label, response] of Object.entries({
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n',
    'until the end': 'HTTP/1.0 200 OK\r\n\r\nhello',
    'after early hints': 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello',
    'with more behind it': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 500 No\r\n\r\n',
  })) {
    test(`accepts an answer ${label}`, async () => {
      const { result } = await deliverToReceiver({ behaviour: answerWith(response) });
      expect(summaryOf(result)).toMatchObject({ kind: 'delivered', status: 200 });
      expect(Buffer.from(result.responseBytes).toString()).toBe('hello');
    });
  }

  test('refuses to send headers that are ours or that would break the framing', async () => {
    const network = openLoopbackNetwork({ answers: [['127.0.0.1']] });
    const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      header_reserved: { 'Transfer-Encoding': 'chunked' },
      header_malformed: { 'x-evil': 'a\r\nX-Other: b' },
      header_duplicate: { 'X-A': '1', 'x-a': '2' },
      headers_too_large: { 'x-a': 'a'.repeat(20_000) },
    };
    for (const [reason, headers] of Object.entries(cases)) {
      const result = await deliver(inputTo('http://127.0.0.1:8080/', { network, headers }));
      expect(summaryOf(result)).toEqual({ kind: 'failed', code: 'request_invalid', phase: 'resolve', reason });
    }
    const body = new Uint8Array(deliveryLimits.requestBodyMaxBytes + 1);
    const tooLarge = await deliver(inputTo('http://127.0.0.1:8080/', { network, body }));
    expect(summaryOf(tooLarge)).toMatchObject({ code: 'request_invalid', reason: 'body_too_large' });
    expect(network.opened).toEqual([]);
  });

  test('throws only for bounds of its own caller', () => {
    const network = openLoopbackNetwork({ answers: [] });
    for (const deadlineMilliseconds of [0, -1, 1.5, Number.NaN, Infinity, 60_001]) {
      expect(deliver(inputTo('http://127.0.0.1:8080/', { network, deadlineMilliseconds }))).rejects.toThrow(RangeError);
    }
    expect(deliver(inputTo('http://127.0.0.1:8080/', { network, keptBytes: 1e9 }))).rejects.toThrow(RangeError);
  });

  test('is cancelled by its signal, before it begins or under way', async () => {
    for (const cancel of [() => AbortSignal.abort(), () => AbortSignal.timeout(30)]) {
      const { result } = await deliverToReceiver({
        behaviour: () => undefined,
        options: { signal: cancel() },
      });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code: 'cancelled' });
    }
  });
});

describe('the address of a delivery', () => {
  const publicAddress = '93.184.216.34';

  for (const [label, answers, reason] of [
    ['a private answer', ['10.0.0.1'], 'private_use'],
    ['the metadata address', ['169.254.169.254'], 'link_local'],
    ['a public and a private answer', [publicAddress, '10.0.0.1'], 'private_use'],
    ['a public and a loopback answer of the other family', [publicAddress, '::1'], 'loopback'],
    ['a mapped answer', ['::ffff:7f00:1'], 'ipv4_mapped'],
    ['an answer with a zone', ['fe80::1%eth0'], 'malformed'],
    ['an answer that is a name', ['localhost'], 'malformed'],
  ] as const) {
    test(`is refused for ${label}, and nothing is opened`, async () => {
      const network = openLoopbackNetwork({ answers: [answers] });
      const result = await deliver(inputTo('https://hooks.example.com/', { network, policy: publicPolicy }));
      expect(summaryOf(result)).toEqual({ kind: 'failed', code: 'address_forbidden', phase: 'resolve', reason });
      expect(network.opened).toEqual([]);
    });
  }

  for (const [label, answers, reason] of [
    ['no answer', [], 'no_addresses'],
    ['too many', Array.from({ length: 33 }, () => publicAddress), 'too_many_addresses'],
  ] as const) {
    test(`is not found with ${label}`, async () => {
      const network = openLoopbackNetwork({ answers: [answers] });
      const result = await deliver(inputTo('https://hooks.example.com/', { network, policy: publicPolicy }));
      expect(summaryOf(result)).toEqual({ kind: 'failed', code: 'dns_failed', phase: 'resolve', reason });
    });
  }

  test('is not found when the lookup fails, and only the code of the error is kept', async () => {
    const network = {
      ...openLoopbackNetwork({ answers: [] }),
      resolve: () => Promise.reject(Object.assign(new Error('secret.internal'), { code: 'ENOTFOUND' })),
    };
    const result = await deliver(inputTo('https://hooks.example.com/', { network, policy: publicPolicy }));
    expect(summaryOf(result)).toEqual({ kind: 'failed', code: 'dns_failed', phase: 'resolve', reason: 'ENOTFOUND' });
  });

  test('is pinned: a name that changes its answer is asked once, and judged anew at the next attempt', async () => {
    // Nothing leaves this machine: the network sends every socket to a port where nobody listens.
    const divertTo = { address: '127.0.0.1', port: 1 };
    const network = openLoopbackNetwork({ answers: [[publicAddress], ['127.0.0.1']], divertTo });
    const input = inputTo('https://hooks.example.com/', { network, policy: publicPolicy });
    const first = await deliver(input);
    expect(first).toMatchObject({ code: 'connect_failed', reason: 'ECONNREFUSED', address: publicAddress });
    expect(network.resolved).toEqual(['hooks.example.com']);
    expect(network.opened).toEqual([{ address: publicAddress, port: 443 }]);

    const second = await deliver({ ...input, attempt: 2 });
    expect(summaryOf(second)).toMatchObject({ code: 'address_forbidden', reason: 'loopback' });
    expect(network.opened).toHaveLength(1);
  });

  test('is asked of the socket: a connection that leads elsewhere gets no byte', async () => {
    const { startHostileReceiver } = await import('../testing/hostile-receiver.ts');
    const receiver = await startHostileReceiver({ behaviour: answerStatus(200) });
    try {
      const divertTo = { address: '127.0.0.1', port: receiver.port };
      const network = openLoopbackNetwork({ answers: [[publicAddress]], divertTo });
      const result = await deliver(inputTo('https://hooks.example.com/', { network, policy: publicPolicy }));
      expect(result).toMatchObject({ code: 'address_mismatch', phase: 'connect', reason: 'connected_elsewhere' });
      await receiver.idle();
      expect(receiver.received()).toBe('');
    } finally {
      await receiver.stop();
    }
  });

  test('turns with the attempts, IPv4 first', async () => {
    const divertTo = { address: '127.0.0.1', port: 1 };
    const answers = [['2606:4700::1', '93.184.216.34', '93.184.216.35']];
    const network = openLoopbackNetwork({ answers, divertTo });
    for (const attempt of [1, 2, 3, 4]) {
      await deliver(inputTo('https://hooks.example.com/', { network, policy: publicPolicy, attempt }));
    }
    expect(network.opened.map(({ address }) => address)).toEqual([
      '93.184.216.34',
      '93.184.216.35',
      '2606:4700::1',
      '93.184.216.34',
    ]);
  });

  test('is not resolved when it is literal', async () => {
    const network = openLoopbackNetwork({ answers: [['10.0.0.1']] });
    await deliver(inputTo('http://127.0.0.1:8080/', { network }));
    expect(network.resolved).toEqual([]);
    expect(network.opened).toEqual([{ address: '127.0.0.1', port: 8080 }]);
  });

  test('is loopback for plain http, whatever a local name resolves to', async () => {
    const network = openLoopbackNetwork({ answers: [[publicAddress]] });
    const result = await deliver(inputTo('http://shop.localhost:8080/', { network }));
    expect(summaryOf(result)).toMatchObject({ code: 'address_forbidden', reason: 'plain_http' });
    expect(network.opened).toEqual([]);
  });

  test('is not opened when the answer comes after the deadline', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const network = { ...openLoopbackNetwork({ answers: [] }), resolve: () => promise };
    const result = await deliver(inputTo('https://hooks.example.com/', { network, deadlineMilliseconds: 20 }));
    expect(summaryOf(result)).toEqual({ kind: 'failed', code: 'timed_out', phase: 'resolve', reason: 'resolve' });
    resolve(['127.0.0.1']);
    await promise;
    await Promise.resolve();
    expect(network.opened).toEqual([]);
  });
});

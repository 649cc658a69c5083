import { afterEach, describe, expect, test } from 'bun:test';
import { createServer } from 'node:tls';
import * as hostile from '../testing/hostile-behaviours.ts';
import { deliverToReceiver, loopbackPolicy, summaryOf, targetOf, timedOutIn } from '../testing/deliver-to-receiver.ts';
import { tunnelOrAnswer } from '../testing/egress-proxy.ts';
import { startHostileReceiver } from '../testing/hostile-receiver.ts';
import { openLoopbackNetwork } from '../testing/loopback-network.ts';
import { makeTestCertificate, type TestCertificateInput } from '../testing/test-certificate.ts';
import { deliver, type DeliverInput } from './deliver.ts';

const dayMilliseconds = 86_400_000;
const fromNow = (days: number): Date => new Date(Date.now() + days * dayMilliseconds);
const authority = makeTestCertificate({
  name: 'an authority of a test',
  isAuthority: true,
  validFrom: fromNow(-10),
  validUntil: fromNow(10),
});
const certificateAuthorities = [authority.certificate];

function issue(input: Partial<TestCertificateInput> = {}) {
  const validity = { validFrom: fromNow(-1), validUntil: fromNow(1) };
  return makeTestCertificate({ name: 'a receiver', issuer: authority, ...validity, ...input });
}

const good = issue({ dnsNames: ['hooks.example.com'] });
const selfSigned = makeTestCertificate({
  name: 'hooks.example.com',
  dnsNames: ['hooks.example.com'],
  validFrom: fromNow(-1),
  validUntil: fromNow(1),
});

afterEach(() => {
  for (const name of ['NODE_TLS_REJECT_UNAUTHORIZED', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])
    delete process.env[name];
});

describe('a delivery over TLS', () => {
  test('sends the name, checks it and times the handshake', async () => {
    const { result } = await deliverToReceiver({
      behaviour: hostile.answerStatus(200, { body: 'thanks' }),
      certificate: good,
      options: { certificateAuthorities },
    });
    expect(summaryOf(result)).toEqual({ kind: 'delivered', status: 200, address: '127.0.0.1' });
    expect(Object.keys(result.timings).toSorted()).toEqual(['body', 'connect', 'firstByte', 'resolve', 'tls']);
    expect(Buffer.from(result.responseBytes).toString()).toBe('thanks');
  });

  for (const [label, certificate, reason] of [
    [
      'that has expired',
      issue({ dnsNames: ['hooks.example.com'], validFrom: fromNow(-2), validUntil: fromNow(-1) }),
      'certificate_expired',
    ],
    [
      'of the future',
      issue({ dnsNames: ['hooks.example.com'], validFrom: fromNow(1), validUntil: fromNow(2) }),
      'certificate_not_yet_valid',
    ],
    ['of another host', issue({ dnsNames: ['other.example.com'] }), 'certificate_name_mismatch'],
    ['of the parent', issue({ dnsNames: ['example.com'] }), 'certificate_name_mismatch'],
    ['of the address alone', issue({ ipv4Addresses: ['127.0.0.1'] }), 'certificate_name_mismatch'],
    ['with the name in the subject alone', issue({ name: 'hooks.example.com' }), 'certificate_name_mismatch'],
    ['that signs itself', selfSigned, 'certificate_untrusted'],
  ] as const) {
    test(`refuses a certificate ${label}, and sends nothing`, async () => {
      // What a careless deployment would have set; it must not matter.
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      const { result, receiver } = await deliverToReceiver({
        behaviour: hostile.answerStatus(200),
        certificate,
        options: { certificateAuthorities },
      });
      expect(summaryOf(result)).toMatchObject({ kind: 'failed', code: 'tls_failed', phase: 'tls', reason });
      expect(receiver.received()).toBe('');
    });
  }

  test('trusts the authorities of the runtime alone unless told otherwise', async () => {
    const { result } = await deliverToReceiver({ behaviour: hostile.answerStatus(200), certificate: good });
    expect(summaryOf(result)).toMatchObject({ code: 'tls_failed', reason: 'certificate_untrusted' });
  });

  test('checks a literal address against the addresses of the certificate', async () => {
    for (const [certificate, outcome] of [
      [issue({ ipv4Addresses: ['127.0.0.1'] }), { kind: 'delivered' }],
      [issue({ dnsNames: ['localhost', '127.0.0.1'] }), { code: 'tls_failed', reason: 'certificate_name_mismatch' }],
    ] as const) {
      const receiver = await startHostileReceiver({ behaviour: hostile.answerStatus(200), certificate });
      const target = targetOf(`https://127.0.0.1:${receiver.port}/`);
      const result = await deliverTo({ target, certificateAuthorities });
      expect(summaryOf(result)).toMatchObject(outcome);
      await receiver.stop();
    }
  });

  test('sends the name of the target as server name, and asks for HTTP/1.1', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { privateKey: key, certificate: cert } = good;
    const server = createServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      socket.on('error', () => undefined);
      resolve({ name: 'servername' in socket ? socket.servername : '', protocol: socket.alpnProtocol });
      hostile.answerStatus(200)(socket);
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const target = targetOf(`https://hooks.example.com:${port}/`);
    expect(summaryOf(await deliverTo({ target, certificateAuthorities }))).toMatchObject({ kind: 'delivered' });
    expect(await promise).toEqual({ name: 'hooks.example.com', protocol: 'http/1.1' });
    server.close();
  });

  for (const [label, behaviour, outcome] of [
    ['is silent', hostile.staySilent, { code: 'timed_out', phase: 'tls' }],
    ['resets', hostile.resetAtFirstBytes, { code: 'reset', phase: 'tls' }],
    ['hangs up', closeAtFirstBytes, { code: 'reset', phase: 'tls' }],
    ['speaks plain HTTP', plainAtFirstBytes, { code: 'tls_failed', phase: 'tls', reason: 'handshake_failed' }],
  ] as const) {
    test(`fails with a receiver that ${label} in the handshake`, async () => {
      const receiver = await startHostileReceiver({ behaviour });
      const target = targetOf(`https://hooks.example.com:${receiver.port}/`);
      const { result } = await timedOutIn({
        phase: 'tls',
        deliverWithin: async (milliseconds) => {
          const deadlineMilliseconds = outcome.code === 'timed_out' ? milliseconds : 30_000;
          return { result: await deliverTo({ target, deadlineMilliseconds }) };
        },
      });
      expect(summaryOf(result)).toMatchObject(outcome);
      await receiver.idle();
      await receiver.stop();
    });
  }

  for (const [label, behaviour, outcome] of [
    ['drips its body', hostile.dripBody, { code: 'timed_out', phase: 'body' }],
    ['drips its headers', hostile.dripHeaders, { code: 'timed_out', phase: 'headers' }],
    ['floods its body', hostile.floodBody, { code: 'response_too_large', reason: 'body' }],
    ['hangs up in its body', hostile.closeInBody, { code: 'reset', phase: 'body' }],
    ['hangs up', hostile.closeWithoutAnswer, { code: 'reset', phase: 'headers' }],
  ] as const) {
    test(`is as strict inside TLS with a receiver that ${label}`, async () => {
      const { result } = await timedOutIn({
        phase: 'phase' in outcome ? outcome.phase : 'body',
        deliverWithin: (milliseconds) => {
          const deadlineMilliseconds = outcome.code === 'timed_out' ? milliseconds : 30_000;
          const options = { certificateAuthorities, deadlineMilliseconds };
          return deliverToReceiver({ behaviour, certificate: good, options });
        },
      });
      expect(summaryOf(result)).toMatchObject(outcome);
    });
  }
});

describe('an egress proxy', () => {
  test('is not taken from the environment', async () => {
    const proxy = await startHostileReceiver({ behaviour: tunnelOrAnswer() });
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])
      process.env[name] = `http://127.0.0.1:${proxy.port}`;
    const { result } = await deliverToReceiver({
      behaviour: hostile.answerStatus(200),
      certificate: good,
      options: { certificateAuthorities },
    });
    expect(result.kind).toBe('delivered');
    expect(proxy.connections()).toBe(0);
    await proxy.stop();
  });

  test('gets the checked address, and the receiver gets TLS with its name', async () => {
    const proxy = await startHostileReceiver({ behaviour: tunnelOrAnswer() });
    const egressProxy = { address: '127.0.0.1', port: proxy.port, authorization: 'Basic a2Y6a2Y=' };
    const { result, network } = await deliverToReceiver({
      behaviour: hostile.answerStatus(200),
      certificate: good,
      options: { certificateAuthorities, egressProxy },
    });
    expect(summaryOf(result)).toEqual({ kind: 'delivered', status: 200, address: '127.0.0.1' });
    expect(network.opened).toEqual([{ address: '127.0.0.1', port: proxy.port }]);
    const [head] = proxy.received().split('\r\n\r\n');
    expect(head?.replaceAll(/:\d+/g, ':0').split('\r\n')).toEqual([
      'CONNECT 127.0.0.1:0 HTTP/1.1',
      'Host: 127.0.0.1:0',
      'Proxy-Authorization: Basic a2Y6a2Y=',
    ]);
    await proxy.stop();
  });

  test('is not asked for a forbidden address', async () => {
    const network = openLoopbackNetwork({ answers: [['10.0.0.1']] });
    const egressProxy = { address: '127.0.0.1', port: 1 };
    const result = await deliverTo({ target: targetOf('https://hooks.example.com/'), egressProxy, network });
    expect(summaryOf(result)).toMatchObject({ code: 'address_forbidden', reason: 'private_use' });
    expect(network.opened).toEqual([]);
  });

  for (const [label, answer, code, reason] of [
    [
      'wants another password',
      'HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n',
      'egress_proxy_failed',
      'egress_status_407',
    ],
    ['is overloaded', 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', 'egress_proxy_failed', 'egress_status_503'],
    ['cannot reach the target', 'HTTP/1.1 502 No\r\n\r\n', 'connect_failed', 'egress_status_502'],
    ['waits in vain for the target', 'HTTP/1.1 504 No\r\n\r\n', 'connect_failed', 'egress_status_504'],
    ['speaks for the target', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n', 'egress_proxy_failed', 'early_bytes'],
    ['is no proxy', 'SSH-2.0-x\r\n', 'egress_proxy_failed', 'status_line'],
    ['is silent', '', 'timed_out', 'connect'],
  ] as const) {
    test(`that ${label} is told apart from the receiver`, async () => {
      const proxy = await startHostileReceiver({ behaviour: tunnelOrAnswer(answer) });
      const egressProxy = { address: '127.0.0.1', port: proxy.port };
      const target = targetOf('https://hooks.example.com/');
      const deadlineMilliseconds = code === 'timed_out' ? 500 : 30_000;
      const result = await deliverTo({ target, egressProxy, deadlineMilliseconds });
      expect(summaryOf(result)).toMatchObject({ code, phase: 'connect', reason });
      await proxy.stop();
    });
  }

  test('that is down is no fault of the receiver', async () => {
    const egressProxy = { address: '127.0.0.1', port: 1 };
    const result = await deliverTo({ target: targetOf('https://hooks.example.com/'), egressProxy });
    expect(summaryOf(result)).toMatchObject({ code: 'egress_proxy_failed', reason: 'ECONNREFUSED' });
  });
});

function deliverTo(input: Pick<DeliverInput, 'target'> & Partial<DeliverInput>) {
  const network = openLoopbackNetwork({ answers: [['127.0.0.1']] });
  return deliver({ policy: loopbackPolicy, headers: {}, body: new Uint8Array(), attempt: 1, network, ...input });
}

function closeAtFirstBytes(socket: Parameters<hostile.HostileBehaviour>[0]): void {
  socket.once('data', () => socket.end());
}

function plainAtFirstBytes(socket: Parameters<hostile.HostileBehaviour>[0]): void {
  socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
}

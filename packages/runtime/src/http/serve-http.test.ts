import { afterEach, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { PortUnavailable } from './open-server.ts';
import { type HttpServer, type HttpServerOptions, serveHttp } from './serve-http.ts';

const capture = captureLog();
const logger = createLogger({ app: 'sample', level: 'info', destination: capture.destination });
const running: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function serve(options: Pick<HttpServerOptions, 'fetch'> & Partial<HttpServerOptions>) {
  const server = serveHttp({
    port: 0,
    hostname: '127.0.0.1',
    maxRequestBodyBytes: 1_000,
    idleTimeoutSeconds: 30,
    logger,
    ...options,
  });
  running.push(server);
  return { server, address: `http://127.0.0.1:${server.port}/` };
}

/** A handler that waits until it is told to answer. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { entered: 0 };
  return {
    state,
    open: resolve,
    async handle(): Promise<Response> {
      state.entered += 1;
      await promise;
      return new Response('finished');
    },
  };
}

function talk(port: number): { readonly socket: Socket; received(): string; closed(): boolean } {
  const state = { received: '', closed: false };
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (data) => {
    state.received += data.toString();
  });
  socket.on('close', () => {
    state.closed = true;
  });
  socket.on('error', () => undefined);
  return { socket, received: () => state.received, closed: () => state.closed };
}

describe('serveHttp', () => {
  test('answers, and a handler that throws is an internal_error without its reason', async () => {
    const { address } = serve({
      fetch: (request) => {
        if (request.url.endsWith('/broken?password=hunter2')) throw new Error('the reason');
        return new Response('fine');
      },
    });
    expect(await (await fetch(address)).text()).toBe('fine');
    const response = await fetch(`${address}broken?password=hunter2`);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'internal_error' });
    expect(text).not.toContain('the reason');
    expect(capture.text()).toContain('the reason');
    expect(capture.text()).toContain('"path":"/broken"');
    expect(capture.text()).not.toContain('hunter2');
  });

  test('a body beyond the bound is 413 before the handler is asked', async () => {
    const seen = { requests: 0 };
    const { address } = serve({
      fetch: () => {
        seen.requests += 1;
        return new Response('read');
      },
    });
    expect((await fetch(address, { method: 'POST', body: 'x'.repeat(1_001) })).status).toBe(413);
    expect(seen.requests).toBe(0);
  });

  test('a port that is taken is an error that names the variable to change', () => {
    const { server } = serve({ fetch: () => new Response() });
    const again = () => serve({ port: server.port, fetch: () => new Response() });
    expect(again).toThrow(PortUnavailable);
    expect(again).toThrow(`port ${server.port} is in use: stop what listens there, or set KF_PORT to another port`);
  });

  test('stopping refuses new connections, and lets requests and streams in flight finish', async () => {
    const { handle, open, state } = gate();
    const { address, server } = serve({
      fetch: async (request) => {
        if (!request.url.endsWith('/stream')) return handle();
        return new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(new TextEncoder().encode('begun, '));
              controller.enqueue(new Uint8Array(await (await handle()).arrayBuffer()));
              controller.close();
            },
          }),
        );
      },
    });
    const plain = fetch(address).then((response) => response.text());
    const streamed = fetch(`${address}stream`).then((response) => response.text());
    await waitUntil({ what: 'both requests are in flight', condition: () => state.entered === 2 });
    const outcome = { stopped: false };
    const stopping = (async () => {
      await server.stop();
      outcome.stopped = true;
    })();
    await waitUntil({
      what: 'new connections are refused',
      condition: () =>
        fetch(address).then(
          () => false,
          () => true,
        ),
    });
    expect(outcome.stopped).toBe(false);
    open();
    expect(await plain).toBe('finished');
    expect(await streamed).toBe('begun, finished');
    await stopping;
    expect(outcome.stopped).toBe(true);
  });

  test('an idle connection that is kept alive does not hold up the stop', async () => {
    const { server } = serve({ fetch: () => new Response('one') });
    const client = talk(server.port);
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await waitUntil({ what: 'the first answer', condition: () => client.received().includes('one') });
    await server.stop();
    await waitUntil({ what: 'the connection is closed', condition: () => client.closed() });
  });

  test('a request that arrives in full only after the stop is told that we are draining', async () => {
    const { handle, open, state } = gate();
    const { address, server } = serve({
      fetch: (request) => (request.url.endsWith('/quick') ? new Response('quick') : handle()),
    });
    const late = talk(server.port);
    const { promise: written, resolve } = Promise.withResolvers<void>();
    late.socket.write('GET /late HTTP/1.1\r\nHo', () => resolve());
    await written;
    // A whole request that is sent afterwards and answered: by now the server has read the half one.
    expect(await (await fetch(`${address}quick`)).text()).toBe('quick');
    const first = fetch(address).then((response) => response.text());
    await waitUntil({ what: 'the first request is in flight', condition: () => state.entered === 1 });
    const stopping = server.stop();
    late.socket.write('st: a\r\n\r\n');
    await waitUntil({ what: 'the late request is answered', condition: () => late.received().includes('draining') });
    expect(late.received()).toStartWith('HTTP/1.1 503 ');
    expect(late.received().toLowerCase()).toContain('\r\nretry-after: 1\r\n');
    open();
    expect(await first).toBe('finished');
    await stopping;
    expect(state.entered).toBe(1);
  });

  test('what is not finished at the deadline is cut off', async () => {
    const { handle, state } = gate();
    const { address, server } = serve({ fetch: handle, drainMilliseconds: 100 });
    const cut = fetch(address).then(
      () => 'answered',
      () => 'cut off',
    );
    await waitUntil({ what: 'the request is in flight', condition: () => state.entered === 1 });
    const started = performance.now();
    await server.stop();
    expect(performance.now() - started).toBeGreaterThanOrEqual(90);
    expect(await cut).toBe('cut off');
    expect(capture.text()).toContain('cutting off requests at the deadline');
  });

  test('stopping twice is stopping once', async () => {
    const { server } = serve({ fetch: () => new Response() });
    expect(server.stop()).toBe(server.stop());
    await server.stop();
  });

  test('a request that is silent for longer than the idle timeout is cut off, unless the handler asks for more', async () => {
    const { handle, open, state } = gate();
    const { address } = serve({
      idleTimeoutSeconds: 1,
      fetch: (request, server) => {
        if (request.url.endsWith('/patient')) server.timeout(request, 0);
        return handle();
      },
    });
    const patient = fetch(`${address}patient`).then((response) => response.text());
    const impatient = fetch(address).then(
      () => 'answered',
      () => 'cut off',
    );
    await waitUntil({ what: 'both requests are in flight', condition: () => state.entered === 2 });
    expect(await impatient).toBe('cut off');
    open();
    expect(await patient).toBe('finished');
  }, 90_000);
});

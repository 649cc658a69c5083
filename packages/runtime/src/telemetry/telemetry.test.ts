import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { trace } from '@opentelemetry/api';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../testing/otlp-receiver.ts';
import { createDiagnosticLogger } from './diagnostic-logger.ts';
import { startTelemetry, type Telemetry } from './start-telemetry.ts';
import { activeTraceparent, withSpan } from './with-span.ts';

const fromCaller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('with a collector', () => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  beforeEach(async () => {
    receiver = startOtlpReceiver();
    telemetry = await startTelemetry({ serviceName: 'sample', endpoint: receiver.endpoint });
  });
  afterEach(async () => {
    await telemetry.shutdown();
    await receiver.stop();
  });

  test('spans arrive with names, kinds, attributes and parents, also over awaits and timers', async () => {
    const { tracer } = telemetry;
    const answer = await withSpan(
      tracer,
      'POST /v1/reservations',
      {
        kind: 'server',
        parent: fromCaller,
        attributes: { 'http.response.status_code': 201, lanes: ['a', 'b'], replayed: false },
      },
      async () => {
        await Bun.sleep(1);
        await Promise.all([
          withSpan(tracer, 'load', {}, () => withSpan(tracer, 'load.query', {}, () => Bun.sleep(1))),
          withSpan(tracer, 'decide', {}, () => Bun.sleep(2)),
        ]);
        return 42;
      },
    );
    expect(answer).toBe(42);
    await telemetry.shutdown();
    expect(receiver.spans).toHaveLength(4);
    const request = receiver.span('POST /v1/reservations');
    expect(request).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      serviceName: 'sample',
      kind: 2,
      failed: false,
      attributes: { 'http.response.status_code': 201, lanes: ['a', 'b'], replayed: false },
    });
    expect(receiver.span('load').parentSpanId).toBe(request.spanId);
    expect(receiver.span('decide').parentSpanId).toBe(request.spanId);
    expect(receiver.span('load.query').parentSpanId).toBe(receiver.span('load').spanId);
    expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
    expect(new Set(receiver.paths)).toEqual(new Set(['/v1/traces']));
  });

  test('64 requests at once do not mix their traces', async () => {
    const { tracer } = telemetry;
    const numbers = Array.from({ length: 64 }, (_, index) => index);
    await Promise.all(
      numbers.map((number) =>
        withSpan(tracer, `outer ${number}`, {}, async () => {
          await Bun.sleep(number % 5);
          await withSpan(tracer, `inner ${number}`, {}, () => Bun.sleep(number % 3));
        }),
      ),
    );
    await telemetry.shutdown();
    for (const number of numbers) {
      const outer = receiver.span(`outer ${number}`);
      expect(receiver.span(`inner ${number}`)).toMatchObject({ parentSpanId: outer.spanId, traceId: outer.traceId });
      expect(outer.parentSpanId).toBe('');
    }
    expect(new Set(receiver.spans.map((span) => span.traceId)).size).toBe(64);
  });

  test('queued work links to the trace that queued it', async () => {
    await withSpan(telemetry.tracer, 'deliver', { kind: 'consumer', links: [fromCaller, 'nonsense'] }, () => undefined);
    await telemetry.shutdown();
    const deliver = receiver.span('deliver');
    expect(deliver.links).toMatchObject([{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }]);
    expect(deliver.traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
  });

  test('an error marks its span, without credentials, and is thrown on as it is', async () => {
    const error = new TypeError('cannot reach postgresql://kf:hunter2@db/kf');
    const work = withSpan(telemetry.tracer, 'failing', {}, () => {
      throw error;
    });
    expect(await work.catch((thrown: unknown) => thrown)).toBe(error);
    await telemetry.shutdown();
    expect(receiver.span('failing')).toMatchObject({ failed: true, attributes: { 'error.type': 'TypeError' } });
    expect(receiver.span('failing').failureMessage).toContain('postgresql://kf:[redacted]@db/kf');
    expect(JSON.stringify(receiver.spans)).not.toContain('hunter2');
  });

  test('a log line inside a span carries its ids, and so does the traceparent for the next hop', async () => {
    const capture = captureLog();
    const logger = createLogger({ app: 'sample', level: 'info', destination: capture.destination });
    const handedOn: (string | null)[] = [];
    await withSpan(telemetry.tracer, 'logging', { parent: fromCaller }, async () => {
      await Bun.sleep(1);
      logger.info({}, 'inside');
      handedOn.push(activeTraceparent());
    });
    await telemetry.shutdown();
    const { traceId, spanId } = receiver.span('logging');
    expect(capture.lines()[0]).toMatchObject({ trace_id: traceId, span_id: spanId });
    expect(handedOn).toEqual([`00-${traceId}-${spanId}-01`]);
    expect(activeTraceparent()).toBeNull();
  });

  test('a caller that does not sample is followed: its spans are not sent', async () => {
    await withSpan(telemetry.tracer, 'unsampled', { parent: fromCaller.replace(/01$/, '00') }, () => undefined);
    await withSpan(telemetry.tracer, 'sampled', { parent: fromCaller }, () => undefined);
    await telemetry.shutdown();
    expect(receiver.spans.map((span) => span.name)).toEqual(['sampled']);
  });

  test('a full queue is sent whole at the end', async () => {
    for (let index = 0; index < 2_048; index += 1) {
      await withSpan(telemetry.tracer, 'one of many', {}, () => undefined);
    }
    await telemetry.shutdown();
    expect(receiver.spans).toHaveLength(2_048);
  });

  test('the host, the user and the command line are not on the spans', async () => {
    await withSpan(telemetry.tracer, 'plain', {}, () => undefined);
    await telemetry.shutdown();
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.span('plain').attributes).toEqual({});
    expect(Object.keys(receiver.span('plain').resource).toSorted()).toEqual([
      'service.name',
      'telemetry.sdk.language',
      'telemetry.sdk.name',
      'telemetry.sdk.version',
    ]);
  });
});

describe('with the standard variables', () => {
  test('spans are sent regularly, not only at the end', async () => {
    const receiver = startOtlpReceiver();
    process.env['OTEL_BSP_SCHEDULE_DELAY'] = '10';
    const telemetry = await startTelemetry({ serviceName: 'sample', endpoint: receiver.endpoint });
    delete process.env['OTEL_BSP_SCHEDULE_DELAY'];
    await withSpan(telemetry.tracer, 'regular', {}, () => undefined);
    await receiver.waitForSpans(1);
    expect(receiver.span('regular').serviceName).toBe('sample');
    await telemetry.shutdown();
    await receiver.stop();
  });
});

describe('without a collector', () => {
  test('withSpan only runs the work', async () => {
    const telemetry = await startTelemetry({ serviceName: 'sample', endpoint: null });
    const result = await withSpan(telemetry.tracer, 'nothing', { parent: fromCaller }, (span) => {
      expect(span.isRecording()).toBe(false);
      return 'done';
    });
    expect(result).toBe('done');
    await telemetry.shutdown();
  });
});

describe('with a collector that is dead', () => {
  async function refusedEndpoint() {
    const receiver = startOtlpReceiver();
    await receiver.stop();
    return { endpoint: receiver.endpoint, stop: () => undefined };
  }
  function silentEndpoint() {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
    return { endpoint: `http://127.0.0.1:${listener.port}`, stop: () => listener.stop(true) };
  }

  test.each([
    ['refuses connections', refusedEndpoint],
    ['accepts and never answers', silentEndpoint],
  ] as const)(
    'one that %s neither fails the work nor holds up the end',
    async (_what, open) => {
      const { endpoint, stop } = await open();
      const capture = captureLog();
      const logger = createLogger({ app: 'sample', level: 'info', destination: capture.destination });
      const telemetry = await startTelemetry({ serviceName: 'sample', endpoint, logger });
      // More than the queue holds: the rest is dropped, not kept.
      for (let index = 0; index < 5_000; index += 1) {
        expect(await withSpan(telemetry.tracer, 'work', {}, () => index)).toBe(index);
      }
      await telemetry.shutdown();
      expect(trace.getActiveSpan()).toBeUndefined();
      stop();
    },
    90_000,
  );
});

describe('createDiagnosticLogger', () => {
  test('writes at most one line a minute and counts the rest', () => {
    const capture = captureLog();
    const clock = { now: 0 };
    const logger = createLogger({ app: 'sample', level: 'debug', destination: capture.destination });
    const diagnostics = createDiagnosticLogger({ logger, now: () => clock.now });
    for (let index = 0; index < 10; index += 1) diagnostics.error('x'.repeat(1_000));
    clock.now = 60_000;
    diagnostics.warn('again');
    diagnostics.info('not this');
    diagnostics.debug('nor this');
    diagnostics.verbose('nor this');
    expect(capture.lines()).toMatchObject([
      { level: 'warn', unreported: 0, reason: 'x'.repeat(200) },
      { level: 'warn', unreported: 9, reason: 'again' },
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { PortUnavailable } from '../http/open-server.ts';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { createMetrics, durationBucketsSeconds, type Metrics } from './create-metrics.ts';
import { type MetricsServer, serveMetrics } from './serve-metrics.ts';

const prometheusAccept =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('createMetrics', () => {
  const commands = {
    name: 'kf_commands_total',
    help: 'Commands by outcome.',
    labels: { command: ['reservation.create', 'reservation.cancel'], status: ['SUCCEEDED', 'REFUSED'] },
  } as const;

  test('counts by declared labels, from zero', async () => {
    const metrics = createMetrics({ app: 'sample' });
    const counter = metrics.counter(commands);
    counter.increment({ command: 'reservation.create', status: 'SUCCEEDED' });
    counter.increment({ command: 'reservation.create', status: 'SUCCEEDED' }, 2);
    const text = await metrics.registry.metrics();
    expect(text).toContain('kf_commands_total{command="reservation.create",status="SUCCEEDED",app="sample"} 3');
    expect(text).toContain('kf_commands_total{command="reservation.cancel",status="REFUSED",app="sample"} 0');
  });

  test('throws on a label that was not declared, and counts nothing', async () => {
    const metrics = createMetrics({ app: 'sample' });
    const counter = metrics.counter(commands);
    const wrong: Record<string, string>[] = [
      { command: 'tnt_1', status: 'SUCCEEDED' },
      { command: 'reservation.create' },
      { command: 'reservation.create', status: 'SUCCEEDED', tenant: 'tnt_1' },
      { command: 'reservation.create', state: 'SUCCEEDED' },
      {},
    ];
    // The types refuse these; at run time values come from elsewhere.
    for (const labels of wrong) expect(() => counter.increment(labels as never)).toThrow(RangeError);
    const histogram = metrics.histogram({ name: 'kf_wait_seconds', help: 'h', labels: { lane: ['0'] }, buckets: [1] });
    expect(() => histogram.observe({ lane: '1' as never }, 1)).toThrow(RangeError);
    const gauge = metrics.gauge({ name: 'kf_queue_entries', help: 'g', labels: { lane: ['0'] } });
    expect(() => gauge.set({ lane: '1' as never }, 1)).toThrow(RangeError);
    const text = await metrics.registry.metrics();
    expect(text).not.toContain('tnt_1');
    expect(text).not.toMatch(/kf_commands_total\{.*\} [1-9]/);
  });

  test('measures durations and current values', async () => {
    const metrics = createMetrics({ app: 'sample' });
    const histogram = metrics.histogram({
      name: 'kf_command_duration_seconds',
      help: 'How long commands take.',
      labels: {},
      buckets: durationBucketsSeconds,
    });
    histogram.observe({}, 0.004);
    histogram.observe({}, 20);
    metrics.gauge({ name: 'kf_leader_state', help: 'l', labels: {} }).set({}, 1);
    const load = { waiting: 7 };
    metrics.measured({ name: 'kf_pool_waiting', help: 'w', read: () => load.waiting });
    load.waiting = 8;
    const text = await metrics.registry.metrics();
    expect(text).toContain('kf_command_duration_seconds_bucket{le="0.005",app="sample"} 1');
    expect(text).toContain('kf_command_duration_seconds_bucket{le="10",app="sample"} 1');
    expect(text).toContain('kf_command_duration_seconds_count{app="sample"} 2');
    expect(text).toContain('kf_leader_state{app="sample"} 1');
    expect(text).toContain('kf_pool_waiting{app="sample"} 8');
  });

  test('refuses names and label lists that break the conventions', () => {
    const metrics = createMetrics({ app: 'sample' });
    const many = Array.from({ length: 80 }, (_, index) => `v${index}`);
    expect(() => metrics.counter({ name: 'kf_commands', help: 'x', labels: {} })).toThrow(TypeError);
    expect(() => metrics.counter({ name: 'commands_total', help: 'x', labels: {} })).toThrow(TypeError);
    expect(() => metrics.histogram({ name: 'kf_wait_ms', help: 'x', labels: {}, buckets: [1] })).toThrow(TypeError);
    expect(() => metrics.gauge({ name: 'kf_queue_total', help: 'x', labels: {} })).toThrow(TypeError);
    expect(() => metrics.counter({ name: 'kf_a_total', help: 'x', labels: { a: many, b: many } })).toThrow(
      '6400 series',
    );
    expect(() => metrics.counter({ name: 'kf_b_total', help: 'x', labels: { a: [] } })).toThrow(RangeError);
    metrics.counter(commands);
    expect(() => metrics.counter(commands)).toThrow('already been registered');
  });

  test('has a registry of its own, with process metrics and without those that are untrue on Bun', async () => {
    const text = await createMetrics({ app: 'sample' }).registry.metrics();
    expect(text).toContain('process_resident_memory_bytes{app="sample"}');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    for (const absent of ['nodejs_active_', 'nodejs_heap_space_', 'nodejs_version_info'])
      expect(text).not.toContain(absent);
    expect(await createMetrics({ app: 'other' }).registry.metrics()).not.toContain('app="sample"');
  });
});

describe('serveMetrics', () => {
  let metrics: Metrics;
  let server: MetricsServer;
  const capture = captureLog();
  const logger = createLogger({ app: 'sample', level: 'info', destination: capture.destination });
  const fetchMetrics = (init: RequestInit = {}, path = '/metrics') =>
    fetch(`http://127.0.0.1:${server.port}${path}`, init);
  beforeEach(() => {
    metrics = createMetrics({ app: 'sample' });
    metrics
      .counter({ name: 'kf_commands_total', help: 'Commands.', labels: { status: ['SUCCEEDED'] } })
      .increment({ status: 'SUCCEEDED' });
    metrics.histogram({ name: 'kf_wait_seconds', help: 'w', labels: {}, buckets: [1] }).observe({}, 0.5);
    server = serveMetrics({ port: 0, hostname: '127.0.0.1', metrics, logger });
  });
  afterEach(() => server.stop());

  test('answers GET /metrics in plain text', async () => {
    for (const accept of [undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0, text/plain']) {
      const response = await fetchMetrics(accept === undefined ? {} : { headers: { accept } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const text = await response.text();
      expect(text).toContain(
        '# TYPE kf_commands_total counter\nkf_commands_total{status="SUCCEEDED",app="sample"} 1\n',
      );
      expect(text).not.toContain('# EOF');
    }
  });

  test('answers in OpenMetrics when asked, and in plain text again afterwards', async () => {
    for (let round = 0; round < 2; round += 1) {
      const open = await fetchMetrics({ headers: { accept: prometheusAccept } });
      expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      const text = await open.text();
      expect(text).toEndWith('# EOF\n');
      expect(text).toContain('# TYPE kf_commands counter\nkf_commands_total{status="SUCCEEDED",app="sample"} 1\n');
      expect(text).toContain('kf_wait_seconds_bucket{le="1",app="sample"} 1\n');
      expect(text).not.toContain('_total_total');
      expect(text).not.toContain('\n\n');
      const plain = await (await fetchMetrics()).text();
      expect(plain).toContain(
        '# TYPE kf_commands_total counter\nkf_commands_total{status="SUCCEEDED",app="sample"} 1\n',
      );
    }
  });

  test('answers nothing else', async () => {
    for (const path of ['/', '/metrics/', '/healthz', '/metrics/x'])
      expect((await fetchMetrics({}, path)).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const response = await fetchMetrics({ method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
    }
  });

  test('a reading that fails is a 500 without a reason, and a log line with one', async () => {
    metrics.measured({
      name: 'kf_failing_value',
      help: 'f',
      read: () => {
        throw new Error('pool is gone');
      },
    });
    const response = await fetchMetrics();
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(capture.text()).toContain('pool is gone');
  });

  test('a port that is taken is an error that names the variable to change', () => {
    const { port } = server;
    expect(() => serveMetrics({ port, hostname: '127.0.0.1', metrics, logger })).toThrow(PortUnavailable);
    expect(() => serveMetrics({ port, hostname: '127.0.0.1', metrics, logger })).toThrow('KF_METRICS_PORT');
  });
});

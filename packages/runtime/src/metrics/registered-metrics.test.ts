import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { registerCounter } from './registered-counter.ts';
import { registerHistogram } from './registered-histogram.ts';
import { renderMetrics } from './render-metrics.ts';

const labels = { route: ['/a', '/b "c"\\'], status: ['2xx', '5xx'] } as const;
const labelValues = fc.record({
  route: fc.constantFrom(...labels.route),
  status: fc.constantFrom(...labels.status),
});
const registryOf = (): Registry => {
  const registry = new Registry();
  registry.setDefaultLabels({ app: 'sample' });
  return registry;
};
const openMetrics = 'application/openmetrics-text; version=1.0.0';

/** Both text forms, as a scrape would get them. */
async function textsOf(registry: Registry): Promise<string[]> {
  const source = { registry, defaultLabels: { app: 'sample' } };
  const texts = await Promise.all([null, openMetrics].map((accept) => renderMetrics(source, accept)));
  return texts.map(({ body }) => body);
}

test('a histogram says what one of prom-client says', async () => {
  const buckets = [0.5, 1, 10];
  const value = fc.oneof(fc.constantFrom(0.5, 1, 10, 0, -1), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const observations = fc.array(fc.tuple(labelValues, value), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(observations, async (observed) => {
      const definition = { name: 'kf_wait_seconds', help: 'How long.' };
      const [ours, theirs] = [registryOf(), registryOf()];
      const own = registerHistogram(ours, { ...definition, labels, buckets });
      const other = new Histogram({ ...definition, labelNames: Object.keys(labels), buckets, registers: [theirs] });
      for (const [values, amount] of observed) {
        own.observe(values, amount);
        other.observe(values, amount);
      }
      expect(await textsOf(ours)).toEqual(await textsOf(theirs));
    }),
  );
});

test('a counter says what one of prom-client says that was begun at zero', async () => {
  const increments = fc.array(fc.tuple(labelValues, fc.nat()), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(increments, async (counted) => {
      const definition = { name: 'kf_requests_total', help: 'How many.' };
      const [ours, theirs] = [registryOf(), registryOf()];
      const own = registerCounter(ours, { ...definition, labels });
      const other = new Counter({ ...definition, labelNames: Object.keys(labels), registers: [theirs] });
      for (const route of labels.route) for (const status of labels.status) other.inc({ route, status }, 0);
      for (const [values, amount] of counted) {
        own.increment(values, amount);
        other.inc(values, amount);
      }
      expect(await textsOf(ours)).toEqual(await textsOf(theirs));
    }),
  );
});

test('a metric without labels is there from the start', async () => {
  const [ours, theirs] = [registryOf(), registryOf()];
  const definition = { name: 'kf_wait_seconds', help: 'How long.', buckets: [1, 2] };
  registerHistogram(ours, { ...definition, labels: {} });
  expect(new Histogram({ ...definition, registers: [theirs] })).toBeDefined();
  const [plain] = await textsOf(ours);
  expect(plain).toContain('kf_wait_seconds_bucket{le="+Inf",app="sample"} 0\n');
  expect(await textsOf(ours)).toEqual(await textsOf(theirs));
});

test('what is no number is not counted', async () => {
  const registry = registryOf();
  const counter = registerCounter(registry, { name: 'kf_things_total', help: 'x', labels: {} });
  const histogram = registerHistogram(registry, { name: 'kf_wait_seconds', help: 'x', labels: {}, buckets: [1] });
  const before = await textsOf(registry);
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => counter.increment({}, wrong)).toThrow(TypeError);
    expect(() => histogram.observe({}, wrong)).toThrow(TypeError);
  }
  expect(() => counter.increment({}, -1)).toThrow(TypeError);
  expect(await textsOf(registry)).toEqual(before);
});

test('a label has a name that Prometheus takes, and not the one of the bounds', () => {
  for (const name of ['le', 'a-b', '1st', '']) {
    expect(() => registerCounter(registryOf(), { name: 'kf_a_total', help: 'x', labels: { [name]: ['v'] } })).toThrow(
      TypeError,
    );
  }
});

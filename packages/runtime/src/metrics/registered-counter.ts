import type { Registry } from 'prom-client';
import { indexSeries, type LabelLists, type LabelValues, type MetricDefinition } from './series-index.ts';

export interface CounterMetric<Labels extends LabelLists> {
  /** By one unless told otherwise. Throws on a label value outside of its list. */
  increment(labels: LabelValues<Labels>, by?: number): void;
}

/**
 * A counter of the registry whose numbers are kept here. prom-client's own makes a text of the labels with every count,
 * several times in each request. Each series begins at zero: one that begins at one does not show its first increment.
 */
export function registerCounter<Labels extends LabelLists>(
  registry: Registry,
  definition: MetricDefinition<Labels>,
): CounterMetric<Labels> {
  const { name, help } = definition;
  const type = 'counter';
  const series = indexSeries(definition);
  const totals = series.labels.map(() => 0);
  const read = () => series.labels.map((labels, number) => ({ labels, value: totals[number] ?? 0 }));
  // The registry asks nothing of a metric but these members; its declared type is the classes of prom-client.
  registry.registerMetric({ name, type, get: async () => ({ name, help, type, values: read() }) } as never);
  return {
    increment(labels, by = 1) {
      const number = series.numberOf(labels);
      if (!Number.isFinite(by) || by < 0) throw new TypeError(`${name} cannot grow by ${by}`);
      totals[number] = (totals[number] ?? 0) + by;
    },
  };
}

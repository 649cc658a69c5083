import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type CounterMetric, registerCounter } from './registered-counter.ts';
import { type HistogramDefinition, type HistogramMetric, registerHistogram } from './registered-histogram.ts';
import type { MetricSource } from './render-metrics.ts';
import { indexSeries, type LabelLists, type LabelValues, type MetricDefinition } from './series-index.ts';

export interface GaugeMetric<Labels extends LabelLists> {
  /** Throws on a label value outside of its list. */
  set(labels: LabelValues<Labels>, value: number): void;
}

export interface Metrics extends MetricSource {
  counter<const Labels extends LabelLists>(definition: MetricDefinition<Labels>): CounterMetric<Labels>;
  histogram<const Labels extends LabelLists>(definition: HistogramDefinition<Labels>): HistogramMetric<Labels>;
  gauge<const Labels extends LabelLists>(definition: MetricDefinition<Labels>): GaugeMetric<Labels>;
  /** A gauge that is read when it is scraped, such as the load of a pool. */
  measured(definition: { readonly name: string; readonly help: string; readonly read: () => number }): void;
}

/** From half a millisecond to ten seconds: for whatever somebody waits for. */
export const durationBucketsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 1, 2.5, 5, 10,
] as const;

/** Default metrics that are constant on Bun, or say something about Node that is not so. A wrong number is worse than none. */
const untrueOnBun = /^nodejs_(active_|heap_space_|gc_|version_info)/;
const namePattern = /^kf_[a-z][a-z0-9_]*_[a-z]+$/;

/**
 * The metrics of one process, in a registry of their own, with those of the process and the event loop. Labels have closed
 * lists of values, checked when used: a label that follows from input would make as many time series as there are inputs.
 */
export function createMetrics(options: { readonly app: string }): Metrics {
  const registry = new Registry();
  const defaultLabels = { app: options.app };
  registry.setDefaultLabels(defaultLabels);
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (untrueOnBun.test(name)) registry.removeSingleMetric(name);
  }
  const registers = [registry];

  return {
    registry,
    defaultLabels,
    counter(definition) {
      checkName(definition.name, /_total$/);
      return registerCounter(registry, definition);
    },
    histogram(definition) {
      checkName(definition.name, /_(seconds|bytes|units|ratio)$/);
      return registerHistogram(registry, definition);
    },
    gauge(definition) {
      const { name, help } = definition;
      checkName(name, /(?<!_total)$/);
      const series = indexSeries(definition);
      const gauge = new Gauge({ name, help, labelNames: Object.keys(definition.labels), registers });
      return { set: (labels, value) => gauge.set({ ...series.labels[series.numberOf(labels)] }, value) };
    },
    measured({ name, help, read }) {
      checkName(name, /(?<!_total)$/);
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
  };
}

function checkName(name: string, ending: RegExp): void {
  if (!namePattern.test(name) || !ending.test(name)) throw new TypeError(`a metric cannot be named ${name}`);
}

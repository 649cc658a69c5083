import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { runtimeLimits } from '../runtime-limits.ts';
import type { MetricSource } from './render-metrics.ts';

/** The labels of a metric: each name with the closed list of its values. */
export type LabelLists = Readonly<Record<string, readonly string[]>>;
export type LabelValues<Labels extends LabelLists> = { readonly [Name in keyof Labels]: Labels[Name][number] };

export interface MetricDefinition<Labels extends LabelLists> {
  /** `kf_<what>_<unit>`, and `_total` at the end of a counter. */
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
}

export interface CounterMetric<Labels extends LabelLists> {
  /** By one unless told otherwise. Throws on a label value outside of its list. */
  increment(labels: LabelValues<Labels>, by?: number): void;
}

export interface HistogramMetric<Labels extends LabelLists> {
  /** Throws on a label value outside of its list. */
  observe(labels: LabelValues<Labels>, value: number): void;
}

export interface GaugeMetric<Labels extends LabelLists> {
  /** Throws on a label value outside of its list. */
  set(labels: LabelValues<Labels>, value: number): void;
}

export interface Metrics extends MetricSource {
  counter<const Labels extends LabelLists>(definition: MetricDefinition<Labels>): CounterMetric<Labels>;
  histogram<const Labels extends LabelLists>(
    definition: MetricDefinition<Labels> & { readonly buckets: readonly number[] },
  ): HistogramMetric<Labels>;
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
      const counter = new Counter({ ...plain(definition), registers });
      // A series that begins at zero shows its first increment; one that begins at one does not.
      for (const values of combinationsOf(definition)) counter.inc(values, 0);
      return { increment: (labels, by = 1) => counter.inc(checked(definition, labels), by) };
    },
    histogram(definition) {
      checkName(definition.name, /_(seconds|bytes|units|ratio)$/);
      combinationsOf(definition);
      const histogram = new Histogram({ ...plain(definition), buckets: [...definition.buckets], registers });
      return { observe: (labels, value) => histogram.observe(checked(definition, labels), value) };
    },
    gauge(definition) {
      checkName(definition.name, /(?<!_total)$/);
      combinationsOf(definition);
      const gauge = new Gauge({ ...plain(definition), registers });
      return { set: (labels, value) => gauge.set(checked(definition, labels), value) };
    },
    measured({ name, help, read }) {
      checkName(name, /(?<!_total)$/);
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
    },
  };
}

function plain(definition: MetricDefinition<LabelLists>): { name: string; help: string; labelNames: string[] } {
  return { name: definition.name, help: definition.help, labelNames: Object.keys(definition.labels) };
}

function checkName(name: string, ending: RegExp): void {
  if (!namePattern.test(name) || !ending.test(name)) throw new TypeError(`a metric cannot be named ${name}`);
}

/** The labels as they were given, when each is known and none is missing. */
function checked(
  definition: MetricDefinition<LabelLists>,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = Object.keys(definition.labels);
  const given = Object.keys(labels);
  if (given.length !== names.length)
    throw new RangeError(`${definition.name} has the labels ${names.join(', ') || 'none'}`);
  for (const name of names) {
    if (!definition.labels[name]?.includes(labels[name] ?? '')) {
      throw new RangeError(`${definition.name}: not a declared value of the label ${name}`);
    }
  }
  return labels;
}

function combinationsOf(definition: MetricDefinition<LabelLists>): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(definition.labels)) {
    const count = combinations.length * values.length;
    if (count === 0 || count > runtimeLimits.seriesPerMetric) {
      throw new RangeError(
        `${definition.name} would have ${count} series, ${runtimeLimits.seriesPerMetric} are the most`,
      );
    }
    combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [name]: value })));
  }
  return combinations;
}

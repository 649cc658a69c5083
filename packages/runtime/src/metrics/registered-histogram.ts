import type { Registry } from 'prom-client';
import { indexSeries, type LabelLists, type LabelValues, type MetricDefinition } from './series-index.ts';

export interface HistogramDefinition<Labels extends LabelLists> extends MetricDefinition<Labels> {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

export interface HistogramMetric<Labels extends LabelLists> {
  /** Throws on a label value outside of its list. */
  observe(labels: LabelValues<Labels>, value: number): void;
}

/** What was observed of one series. */
interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** How many values each bucket took, those left out that an earlier one took; the last one has no bound. */
  readonly counts: number[];
  sum: number;
}

/** A histogram of the registry whose numbers are kept here, for the reason that `registerCounter` gives. */
export function registerHistogram<Labels extends LabelLists>(
  registry: Registry,
  definition: HistogramDefinition<Labels>,
): HistogramMetric<Labels> {
  const { name, help } = definition;
  const type = 'histogram';
  const bounds = [...definition.buckets, Number.POSITIVE_INFINITY];
  const series = indexSeries(definition);
  const begin = (number: number): Distribution => ({
    labels: series.labels[number] ?? {},
    counts: bounds.map(() => 0),
    sum: 0,
  });
  // Of many series most are never observed; one that is all of its metric is shown from the start.
  const distributions = new Map(Object.keys(definition.labels).length === 0 ? [[0, begin(0)]] : []);
  const read = () => [...distributions.values()].flatMap((one) => valuesOf(one, { name, bounds }));
  // The registry asks nothing of a metric but these members; its declared type is the classes of prom-client.
  registry.registerMetric({ name, type, get: async () => ({ name, help, type, values: read() }) } as never);
  return {
    observe(labels, value) {
      const number = series.numberOf(labels);
      if (!Number.isFinite(value)) throw new TypeError(`${name} cannot observe ${value}`);
      let distribution = distributions.get(number);
      if (distribution === undefined) {
        distribution = begin(number);
        distributions.set(number, distribution);
      }
      const bucket = bounds.findIndex((bound) => value <= bound);
      distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
      distribution.sum += value;
    },
  };
}

/** As Prometheus wants them: each bucket with what the smaller ones took, then the sum and the count. */
function valuesOf(
  { labels: sharedLabels, counts, sum }: Distribution,
  { name, bounds }: { readonly name: string; readonly bounds: readonly number[] },
) {
  let count = 0;
  const buckets = bounds.map((bound, bucket) => {
    count += counts[bucket] ?? 0;
    const le = Number.isFinite(bound) ? bound : '+Inf';
    return { labels: { le }, sharedLabels, metricName: `${name}_bucket`, value: count };
  });
  return [
    ...buckets,
    { labels: {}, sharedLabels, metricName: `${name}_sum`, value: sum },
    { labels: {}, sharedLabels, metricName: `${name}_count`, value: count },
  ];
}

import { runtimeLimits } from '../runtime-limits.ts';

/** The labels of a metric: each name with the closed list of its values. */
export type LabelLists = Readonly<Record<string, readonly string[]>>;
export type LabelValues<Labels extends LabelLists> = { readonly [Name in keyof Labels]: Labels[Name][number] };

export interface MetricDefinition<Labels extends LabelLists> {
  /** `kf_<what>_<unit>`, and `_total` at the end of a counter. */
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
}

const labelPattern = /^(?!le$)[a-z][a-z0-9_]*$/;

/** The series of a metric, numbered: counting is then an addition in an array. */
export interface SeriesIndex {
  /** The labels of each series, at its number. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** Throws RangeError for a label that is missing or not declared, and for a value outside of its list. */
  numberOf(labels: Readonly<Record<string, string>>): number;
}

/** Numbers every combination of label values. Throws RangeError when there is none, or more than `seriesPerMetric`. */
export function indexSeries(definition: MetricDefinition<LabelLists>): SeriesIndex {
  const dimensions = Object.entries(definition.labels).map(([name, values]) => ({
    name,
    values,
    positions: new Map(values.map((value, position) => [value, position])),
  }));
  const misnamed = dimensions.find(({ name }) => !labelPattern.test(name));
  if (misnamed) throw new TypeError(`${definition.name}: a label cannot be named ${misnamed.name}`);
  let all: Record<string, string>[] = [{}];
  for (const { name, values } of dimensions) {
    const count = all.length * values.length;
    if (count === 0 || count > runtimeLimits.seriesPerMetric) {
      throw new RangeError(
        `${definition.name} would have ${count} series, ${runtimeLimits.seriesPerMetric} are the most`,
      );
    }
    all = all.flatMap((labels) => values.map((value) => ({ ...labels, [name]: value })));
  }

  return {
    labels: all,
    numberOf(labels) {
      if (Object.keys(labels).length !== dimensions.length) {
        const names = dimensions.map(({ name }) => name).join(', ') || 'none';
        throw new RangeError(`${definition.name} has the labels ${names}`);
      }
      let number = 0;
      for (const { name, values, positions } of dimensions) {
        const position = positions.get(labels[name] ?? '');
        if (position === undefined) {
          throw new RangeError(`${definition.name}: not a declared value of the label ${name}`);
        }
        number = number * values.length + position;
      }
      return number;
    },
  };
}

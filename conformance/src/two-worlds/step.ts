import { type TableName, tableOf } from '@karmanflow/schema';
import * as fc from 'fast-check';

const kinds = [
  'read one',
  'read all',
  'read the stranger’s',
  'search',
  'count',
  'lock',
  'insert',
  'insert or skip',
  'upsert',
  'update one',
  'update all',
  'delete',
  'copy',
  'divide by zero',
] as const;

/** Whose row a statement names, or takes its key, its texts or its parents from. */
export type Source = 'own' | 'stranger' | 'nobody';

// Inserts that name the stranger are what a leaky key shows itself by: they come more often.
const kindsByWeight = [...kinds, 'insert', 'insert', 'insert or skip'] as const;
const sources: readonly Source[] = ['own', 'stranger', 'stranger', 'nobody'];

/** One statement of tenant A, in symbols: which ids stand behind them is decided for each run. */
export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly table: TableName;
  readonly key: Source;
  readonly text: Source;
  readonly parents: Source;
}

export interface Scenario {
  readonly steps: readonly Step[];
  /** How many steps A takes before the stranger arrives, in the run in which both are at work. */
  readonly before: number;
}

const stepsMax = 18;
const tablesPerScenario = 4;

/** Traces over a few tables at a time, so that statements meet each other's rows. */
export function scenarios(scope: 'every table' | 'environment', among: readonly TableName[]): fc.Arbitrary<Scenario> {
  const tables = among.filter((name) => scope === 'every table' || tableOf(name).scope === 'environment');
  return fc.subarray(tables, { minLength: 1, maxLength: Math.min(tablesPerScenario, tables.length) }).chain((focus) =>
    fc.record({
      steps: fc.array(
        fc.record({
          kind: fc.constantFrom(...kindsByWeight),
          table: fc.constantFrom(...focus),
          key: fc.constantFrom(...sources),
          text: fc.constantFrom(...sources),
          parents: fc.constantFrom(...sources),
        }),
        { minLength: 8, maxLength: stepsMax },
      ),
      before: fc.nat(8),
    }),
  );
}

export function describeStep({ kind, table, key, text, parents }: Step): string {
  const inserts = ['insert', 'insert or skip', 'upsert'].includes(kind);
  return `${kind} ${table} (key of ${key}${inserts ? `, text of ${text}, parents of ${parents}` : ''})`;
}

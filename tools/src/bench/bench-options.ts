import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

export interface BenchOptions {
  readonly json: boolean;
  readonly connections: number;
  readonly variants: number;
  /** Runs of each contender of the ratios, and of those that are only shown. */
  readonly repeats: number;
  readonly repeatsShown: number;
  readonly runMilliseconds: number;
  /** Before the first scenario: until the process's code is compiled, its caches and prepared statements are there. */
  readonly warmUpMilliseconds: number;
  /** Before each scenario. */
  readonly settleMilliseconds: number;
  /** How long each pool size of a peer is tried; 0: no trial. */
  readonly trialMilliseconds: number;
  /** Names of scenarios; all when empty. */
  readonly only: readonly string[];
  /** Another checkout whose console API is measured. */
  readonly root: string | null;
}

const usage = `bun run bench [--quick] [--json] [--seconds <n>] [--repeats <n>] [--connections <n>] [--only <scenario>]… [--root <checkout>]
  --quick        under two minutes instead of six: short runs, no search for the peers' best pool size
  --json         one line of JSON as the last line
  --seconds      length of one run
  --repeats      runs of each contender in each scenario
  --connections  keep-alive connections of the closed loop, default 64
  --only         a scenario by name; may be repeated
  --root         another checkout whose console API is measured with this one's peers`;

const thorough = {
  repeats: 4,
  repeatsShown: 2,
  runMilliseconds: 2500,
  // Ours is compiled for some 20 s under load; after 10 s that still takes a tenth of its processor time.
  warmUpMilliseconds: 20_000,
  settleMilliseconds: 500,
  trialMilliseconds: 600,
};
const quick = {
  repeats: 2,
  repeatsShown: 1,
  runMilliseconds: 1000,
  warmUpMilliseconds: 3000,
  settleMilliseconds: 200,
  trialMilliseconds: 0,
};
const variants = 10_000;

/** Reads the command line. Throws a UsageError that says how to call it. */
export function benchOptions(argv: readonly string[]): BenchOptions {
  const { values } = readArguments(argv);
  const seconds = numberOf(values.seconds, { min: 0.2, max: 60 });
  const repeats = numberOf(values.repeats, { min: 1, max: 50 });
  return {
    ...(values.quick ? quick : thorough),
    ...(seconds === null ? {} : { runMilliseconds: seconds * 1000 }),
    ...(repeats === null ? {} : { repeats }),
    json: values.json,
    connections: numberOf(values.connections, { min: 1, max: 1024 }) ?? 64,
    variants,
    only: values.only,
    root: values.root === undefined ? null : resolve(values.root),
  };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        repeats: { type: 'string' },
        connections: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        root: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`, { cause: error });
  }
}

function numberOf(text: string | undefined, range: { min: number; max: number }): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isFinite(value) && value >= range.min && value <= range.max) return value;
  throw new UsageError(`${text} is not a number from ${range.min} to ${range.max}\n${usage}`);
}

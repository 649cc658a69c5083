import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';

export interface StreamBenchOptions {
  readonly json: boolean;
  /** Events that each contender appends, reads and works off in one repetition. */
  readonly events: number;
  readonly repeats: number;
  /** Appends under way at the same time, and jobs worked on at the same time. */
  readonly atOnce: number;
  /** Entities (streams of the peer) that the events are spread over. */
  readonly entities: number;
}

const usage = `bun run bench -- stream [--json] [--events <n>] [--repeats <n>] [--at-once <n>] [--entities <n>]
  --events    events that each contender appends, reads and works off in one repetition, default 10000
  --repeats   repetitions, each contender in turn, default 3
  --at-once   appends under way at the same time, and jobs worked on at the same time, default 64
  --entities  entities that the events are spread over, default 200`;

/** Reads the command line behind the word "stream". Throws a UsageError that says how to call it. */
export function streamBenchOptions(argv: readonly string[]): StreamBenchOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        json: { type: 'boolean', default: false },
        events: { type: 'string', default: '10000' },
        repeats: { type: 'string', default: '3' },
        'at-once': { type: 'string', default: '64' },
        entities: { type: 'string', default: '200' },
      },
    });
    return {
      json: values.json,
      events: wholeNumber(values.events, 1_000_000),
      repeats: wholeNumber(values.repeats, 50),
      atOnce: wholeNumber(values['at-once'], 256),
      entities: wholeNumber(values.entities, 10_000),
    };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`, { cause: error });
  }
}

function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${text} is not a whole number from 1 to ${max}`);
}

import type { ChildResult } from './run-child.ts';

/** What a stage came to. `output` is shown when it failed. */
export interface StageOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
}

/** A program that a stage runs from the root of the checkout. */
export interface StageProgram {
  readonly command: readonly string[];
  /** Variables on top of the environment of the driver. */
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineSeconds: number;
}

export interface StageContext {
  /** Absolute path of the checkout. */
  readonly root: string;
  /** Parts of paths; empty means all test files. */
  readonly filters: readonly string[];
  /** Runs a child process that dies with this run. */
  readonly run: (program: StageProgram) => Promise<ChildResult>;
  /** The URL of the throw-away Postgres of a lane, which all stages of this run share; started by the first that asks. */
  readonly databaseUrl: (lane: number) => Promise<string>;
}

export interface Stage {
  readonly name: string;
  /** Returns undefined when the filters leave this stage nothing to do. */
  readonly run: (context: StageContext) => Promise<StageOutcome | undefined>;
}

/** The outcome of a stage that counts as one check. */
export function oneCheck(input: { readonly isPassed: boolean; readonly output: string }): StageOutcome {
  return { passed: input.isPassed ? 1 : 0, failed: input.isPassed ? 0 : 1, skipped: 0, output: input.output };
}

/** What the parts of one stage came to together, with the output of those that failed. */
export function sumOf(outcomes: readonly StageOutcome[]): StageOutcome {
  const total = (of: 'passed' | 'failed' | 'skipped'): number =>
    outcomes.reduce((sum, outcome) => sum + outcome[of], 0);
  return {
    passed: total('passed'),
    failed: total('failed'),
    skipped: total('skipped'),
    output: outcomes
      .filter(({ failed }) => failed > 0)
      .map(({ output }) => output)
      .join('\n'),
  };
}

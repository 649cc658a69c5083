import type { Stage, StageContext, StageOutcome } from './stage.ts';
import { oneCheck } from './stage.ts';

/** What a whole run came to. */
export interface RunTotals {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs stages one after the other and reports through `print`, a line or a block at a time. A failed stage does not stop the
 * next ones, except `install`, without which none can work. A run in which nothing ran has failed.
 */
export async function runStages(input: {
  readonly stages: readonly Stage[];
  readonly context: StageContext;
  readonly isStopped: () => boolean;
  readonly now: () => number;
  readonly print: (text: string) => void;
}): Promise<RunTotals> {
  let passed = 0;
  let failed = 0;
  for (const stage of input.stages) {
    if (input.isStopped()) break;
    input.print(`== ${stage.name}`);
    const startedAt = input.now();
    const outcome = await outcomeOf({ stage, context: input.context });
    const seconds = ((input.now() - startedAt) / 1_000).toFixed(1);
    if (outcome === undefined) {
      input.print('   nothing matches the filters');
      continue;
    }
    passed += outcome.passed;
    failed += outcome.failed;
    if (outcome.failed > 0) input.print(outcome.output.trimEnd());
    input.print(`   ${summary(outcome)} in ${seconds} s`);
    if (outcome.failed > 0 && stage.name === 'install') {
      input.print('   the other stages need what install brings, and were not run');
      break;
    }
  }
  if (passed + failed > 0) return { passed, failed };
  input.print('   nothing was run');
  return { passed: 0, failed: 1 };
}

function summary(outcome: StageOutcome): string {
  const skipped = outcome.skipped === 0 ? '' : `, ${outcome.skipped} skipped`;
  return `${outcome.failed === 0 ? 'ok' : 'FAILED'}: ${outcome.passed} passed, ${outcome.failed} failed${skipped}`;
}

async function outcomeOf(input: {
  readonly stage: Stage;
  readonly context: StageContext;
}): Promise<StageOutcome | undefined> {
  try {
    return await input.stage.run(input.context);
  } catch (error) {
    return oneCheck({
      isPassed: false,
      output: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

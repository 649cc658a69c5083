import type { LocalProblem } from './local-problem.ts';

/** A problem as a person reads it: what is the case, and below it what to do. */
export function problemText(problem: LocalProblem): string {
  return `✗ ${problem.message}\n  ${problem.whatToDo}`;
}

/** One thing that was checked, in words. */
export interface VerificationStep {
  readonly holds: boolean;
  readonly what: string;
  readonly says: string;
}

/** The steps as lines for a terminal. */
export function stepLines(steps: readonly VerificationStep[]): string[] {
  const width = Math.max(...steps.map(({ what }) => what.length)) + 2;
  return steps.map(({ holds, what, says }) => `  ${holds ? '✓' : '✗'} ${what.padEnd(width)}${says}`);
}

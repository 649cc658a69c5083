import { patternCheck } from '../pattern-check.ts';
import { isSourcePath } from '../workspaces.ts';

/** Every test runs: none is focused, skipped, or a placeholder. */
export const focusedTests = patternCheck({
  name: 'focused-tests',
  concerns: isSourcePath,
  patterns: [
    { pattern: /\.(?:only|skip|todo|todoIf)\(/g, message: 'a test that is focused, skipped or a placeholder' },
    { pattern: /\.(?:only|skip)\.each\(/g, message: 'a table of tests that is focused or skipped' },
    {
      pattern: /\b(?:test|it|describe)\.(?:if|failing)\(/g,
      message: 'a test that may not run, or is expected to fail',
    },
  ],
});

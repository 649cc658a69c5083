import { patternCheck } from '../pattern-check.ts';
import { isSourcePath, isTestCode } from '../workspaces.ts';

/**
 * Below the apps the time is an argument. The linter forbids the ambient functions by name; it has no rule for a
 * constructor without arguments, so that one is here. `runtime` is the edge, where the clock is read.
 */
export const clock = patternCheck({
  name: 'clock',
  concerns: (path) =>
    /^packages\/(?!runtime\/)/.test(path) && isSourcePath(path) && !isTestCode(path) && !path.endsWith('/example.ts'),
  patterns: [{ pattern: /\bnew\s+Date\(\s*\)|(?<![\w.])Date\(\)/g, message: 'reads the clock' }],
});

import { patternCheck } from '../pattern-check.ts';
import { isSourcePath } from '../workspaces.ts';

/** A tool is silenced for one line at a time, with the reason beside it; boundaries are never silenced. */
export const suppressions = patternCheck({
  name: 'suppressions',
  concerns: isSourcePath,
  patterns: [
    {
      pattern: /(?:\/\/|\/\*|^\s*\*)\s*(?:oxlint|eslint)-disable(?!-(?:next-)?line\b[^\n]*? -- \S)/gm,
      message: 'silences the linter for more than one line, or without « -- reason»',
    },
    { pattern: /@boundaries-(?:ignore)/g, message: 'hides an import from turbo boundaries' },
    { pattern: /@ts-(?:ignore|nocheck)\b/g, message: 'silences the compiler' },
    { pattern: /@ts-expect-error\s*(?:$|\*\/)/gm, message: 'expects a compiler error without saying why' },
  ],
});

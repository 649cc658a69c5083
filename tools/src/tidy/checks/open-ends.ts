import { patternCheck } from '../pattern-check.ts';

/** What is left to do stands in the backlog, not in the code. */
export const openEnds = patternCheck({
  name: 'open-ends',
  concerns: () => true,
  patterns: [{ pattern: /\b(?:TO(?:DO)|FIX(?:ME)|X(?:XX))\b/g, message: 'a note about unfinished work' }],
});

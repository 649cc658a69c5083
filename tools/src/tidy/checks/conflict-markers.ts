import { patternCheck } from '../pattern-check.ts';

/** No merge was left half done. */
export const conflictMarkers = patternCheck({
  name: 'conflict-markers',
  concerns: () => true,
  patterns: [{ pattern: /^(?:<{7} |>{7} |\|{7} |={7}$)/gm, message: 'merge conflict marker' }],
});

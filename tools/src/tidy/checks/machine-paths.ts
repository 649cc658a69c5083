import { patternCheck } from '../pattern-check.ts';

/** Nothing names a directory of the machine on which it was written. */
export const machinePaths = patternCheck({
  name: 'machine-paths',
  concerns: () => true,
  patterns: [
    {
      pattern: /(?<=^|[\s'"`(=:,[])\/(?:(?:work|root|home|Users)(?=\/|['"`\s),\]]|$)|(?:var\/)?tmp\/[\w.$-])/gm,
      message: 'names a path of one machine',
    },
  ],
});

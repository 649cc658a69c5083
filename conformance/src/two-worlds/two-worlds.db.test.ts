import { proveChecks } from '../testing/prove-checks.ts';
import { twoWorldsChecks } from './two-worlds.ts';

proveChecks(twoWorldsChecks({ seed: 20_261_122, runs: 60 }));

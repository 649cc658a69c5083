import { proveChecks } from '../testing/prove-checks.ts';
import { attackChecks } from './index.ts';

proveChecks(attackChecks);

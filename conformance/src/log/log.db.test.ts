import { proveChecks } from '../testing/prove-checks.ts';
import { logChecks } from './index.ts';

proveChecks(logChecks);

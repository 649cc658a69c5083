import { proveGoverned } from '../testing/prove-governed.ts';
import { personalDataChecks } from './index.ts';

proveGoverned(personalDataChecks);

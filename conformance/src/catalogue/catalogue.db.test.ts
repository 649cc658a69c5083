import { proveChecks } from '../testing/prove-checks.ts';
import { catalogueChecks } from './index.ts';

proveChecks(catalogueChecks);

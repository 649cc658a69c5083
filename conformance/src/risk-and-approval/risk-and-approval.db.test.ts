import { proveGoverned } from '../testing/prove-governed.ts';
import { riskAndApprovalChecks } from './index.ts';

proveGoverned(riskAndApprovalChecks);

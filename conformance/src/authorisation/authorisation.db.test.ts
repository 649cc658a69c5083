import { proveGoverned } from '../testing/prove-governed.ts';
import { authorisationChecks } from './index.ts';

proveGoverned(authorisationChecks);

import type { Governed } from '../governance/governed.ts';
import type { Check } from '../harness/check.ts';
import { foreignIds } from './foreign-ids.ts';
import { scopeFirst } from './scope-first.ts';

export const authorisationChecks: readonly Check<Governed>[] = [foreignIds, scopeFirst];

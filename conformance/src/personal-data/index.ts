import type { Governed } from '../governance/governed.ts';
import type { Check } from '../harness/check.ts';
import { canaries } from './canaries.ts';
import { type Declarations, declaredFields } from './declared-fields.ts';

export type { Declarations } from './declared-fields.ts';

export const personalDataChecks: readonly Check<Governed>[] = [canaries];
export const declarationChecks: readonly Check<Declarations>[] = [declaredFields];

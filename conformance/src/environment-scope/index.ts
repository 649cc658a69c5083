import type { Check } from '../harness/check.ts';
import { foreignKeyAttacks } from './foreign-keys.ts';
import { rowAttacks } from './rows.ts';

export const environmentScopeChecks: readonly Check[] = [foreignKeyAttacks, rowAttacks];

import type { Check } from '../harness/check.ts';
import { changeAttacks } from './unchangeable.ts';

export const appendOnlyChecks: readonly Check[] = [changeAttacks];

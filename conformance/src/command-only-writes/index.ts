import type { Check } from '../harness/check.ts';
import { receiptAttacks } from './receipts-required.ts';

export const commandOnlyWriteChecks: readonly Check[] = [receiptAttacks];

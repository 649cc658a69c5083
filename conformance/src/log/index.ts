import type { Check } from '../harness/check.ts';
import { appendOnlyLog } from './append-only-log.ts';
import { causality } from './causality.ts';
import { gapFree } from './gap-free.ts';
import { noFork } from './no-fork.ts';
import { proofs } from './proofs.ts';

export const logChecks: readonly Check[] = [gapFree, causality, noFork, proofs, appendOnlyLog];

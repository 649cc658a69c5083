import type { Check } from '../harness/check.ts';
import { noCredential } from './credential-check.ts';
import { nothingLeft } from './nothing-left.ts';
import { refusalChecks } from './refusal-checks.ts';
import type { Surface } from './surface.ts';

export const surfaceChecks: readonly Check<Surface>[] = [...refusalChecks, noCredential, nothingLeft];

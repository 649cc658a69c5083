import type { Check } from '../harness/check.ts';
import { importsDescend, peersApart } from './import-checks.ts';
import type { Repository } from './repository.ts';
import { writesInCommands } from './write-checks.ts';

export const tierBoundaryChecks: readonly Check<Repository>[] = [importsDescend, peersApart, writesInCommands];

import type { Check } from '../harness/check.ts';
import type { Governed } from '../governance/governed.ts';
import { everyCommand } from './every-command.ts';
import { executionIsBound } from './execution.ts';
import { votesAreGuarded } from './votes.ts';

export { votesInSchema } from './votes-in-schema.ts';

/** What is tried over HTTP, on an API that is thrown away. */
export const riskAndApprovalChecks: readonly Check<Governed>[] = [everyCommand, votesAreGuarded, executionIsBound];

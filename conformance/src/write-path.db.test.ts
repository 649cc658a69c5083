import { appendOnlyChecks } from './append-only/index.ts';
import { commandOnlyWriteChecks } from './command-only-writes/index.ts';
import { environmentScopeChecks } from './environment-scope/index.ts';
import { votesInSchema } from './risk-and-approval/index.ts';
import { proveChecks } from './testing/prove-checks.ts';

proveChecks([...environmentScopeChecks, ...commandOnlyWriteChecks, ...appendOnlyChecks, votesInSchema]);

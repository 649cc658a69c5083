import { appendOnlyChecks } from './append-only/index.ts';
import { attackChecks } from './attacks/index.ts';
import { catalogueChecks } from './catalogue/index.ts';
import { commandOnlyWriteChecks } from './command-only-writes/index.ts';
import { environmentScopeChecks } from './environment-scope/index.ts';
import type { AnyCheck, Check } from './harness/check.ts';
import { surfaceChecks } from './surface/index.ts';
import { tierBoundaryChecks } from './tier-boundaries/index.ts';
import { twoWorldsChecks } from './two-worlds/two-worlds.ts';

export interface ChecksOptions {
  /** Of the random traces: the same seed gives the same ones. */
  readonly seed: number;
  /** How many random traces the two-worlds checks run. */
  readonly runs: number;
}

/** Every check of the database. */
export function databaseChecks(options: ChecksOptions): readonly Check[] {
  return [
    ...catalogueChecks,
    ...attackChecks,
    ...environmentScopeChecks,
    ...commandOnlyWriteChecks,
    ...appendOnlyChecks,
    // Last: the strangers that arrive stay, and other checks count rows.
    ...twoWorldsChecks(options),
  ];
}

/** Every check there is: of the repository, of the API, of the database. */
export function allChecks(options: ChecksOptions): readonly AnyCheck[] {
  return [...tierBoundaryChecks, ...surfaceChecks, ...databaseChecks(options)];
}

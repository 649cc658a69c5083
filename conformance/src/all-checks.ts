import { appendOnlyChecks } from './append-only/index.ts';
import { attackChecks } from './attacks/index.ts';
import { authorisationChecks } from './authorisation/index.ts';
import { catalogueChecks } from './catalogue/index.ts';
import { commandOnlyWriteChecks } from './command-only-writes/index.ts';
import { environmentScopeChecks } from './environment-scope/index.ts';
import type { Governed } from './governance/governed.ts';
import type { AnyCheck, Check } from './harness/check.ts';
import { ingestChecks } from './ingest/index.ts';
import { logChecks } from './log/index.ts';
import { declarationChecks, personalDataChecks } from './personal-data/index.ts';
import { riskAndApprovalChecks, votesInSchema } from './risk-and-approval/index.ts';
import { surfaceChecks } from './surface/index.ts';
import { tierBoundaryChecks } from './tier-boundaries/index.ts';
import { twoWorldsChecks } from './two-worlds/two-worlds.ts';
import { webhookDeliveryChecks } from './webhook-delivery/index.ts';

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
    votesInSchema,
    ...logChecks,
    // Last: the strangers that arrive stay, and other checks count rows.
    ...twoWorldsChecks(options),
  ];
}

/** Every check that sends commands which may succeed, to an API that is thrown away afterwards. */
export const governedChecks: readonly Check<Governed>[] = [
  ...riskAndApprovalChecks,
  ...authorisationChecks,
  ...personalDataChecks,
];

/** Every check there is: of the repository, of what it declares, of the API, of ingest, of delivery, of the database. */
export function allChecks(options: ChecksOptions): readonly AnyCheck[] {
  return [
    ...tierBoundaryChecks,
    ...declarationChecks,
    ...surfaceChecks,
    ...governedChecks,
    ...ingestChecks,
    ...webhookDeliveryChecks,
    ...databaseChecks(options),
  ];
}

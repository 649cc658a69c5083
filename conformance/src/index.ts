export { allChecks, type ChecksOptions, databaseChecks, governedChecks } from './all-checks.ts';
export { audit, type AuditOptions, type RoleUrls } from './audit.ts';
export type { Governed } from './governance/governed.ts';
export {
  type AnyCheck,
  type Check,
  type CheckSubject,
  families,
  type Family,
  type Finding,
  notApplicable,
  type Saboteur,
  type Verdict,
} from './harness/check.ts';
export { type Evidence, gatherEvidence } from './harness/evidence.ts';
export { renderReport } from './harness/report.ts';
export { type CheckResult, isClean, runChecks, skipChecks } from './harness/run-checks.ts';
export { openTarget, type Target, type TargetOptions } from './harness/target.ts';
export type { Surface } from './surface/surface.ts';
export { type Repository, readRepository } from './tier-boundaries/repository.ts';

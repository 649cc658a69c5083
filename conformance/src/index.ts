export { allChecks, type ChecksOptions } from './all-checks.ts';
export { audit, type AuditOptions, type RoleUrls } from './audit.ts';
export {
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
export { type CheckResult, isClean, runChecks, type Targets } from './harness/run-checks.ts';
export { openTarget, type Target, type TargetOptions } from './harness/target.ts';

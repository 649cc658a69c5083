import type { Check, Finding } from './check.ts';
import type { Target } from './target.ts';

export interface CheckResult extends Omit<Finding, 'verdict'> {
  readonly id: string;
  readonly family: string;
  readonly claim: string;
  readonly mechanism: string;
  readonly subject: string;
  /** error: the check could neither confirm nor refute its claim. */
  readonly verdict: Finding['verdict'] | 'error';
}

/** Where checks of each subject look. */
export interface Targets {
  readonly catalogue: Target;
  readonly behaviour: Target;
}

/** Runs checks one after the other; one that throws does not keep the others from running. */
export async function runChecks(checks: readonly Check[], targets: Targets): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const { id, family, claim, mechanism, subject } = check;
    results.push({ id, family, claim, mechanism, subject, ...(await findingOf(check, targets[subject])) });
  }
  return results;
}

async function findingOf(
  check: Check,
  target: Target,
): Promise<Pick<CheckResult, 'verdict' | 'observed' | 'evidence'>> {
  try {
    const finding = await check.run(target);
    if (finding.verdict === 'holds' && finding.observed === 0) return { ...finding, verdict: 'violated' };
    return finding;
  } catch (error) {
    return { verdict: 'error', observed: 0, evidence: [error instanceof Error ? error.message : String(error)] };
  }
}

/** True when nothing is violated and nothing is left open by an error. */
export function isClean(results: readonly CheckResult[]): boolean {
  return results.length > 0 && results.every(({ verdict }) => verdict === 'holds' || verdict === 'not_applicable');
}

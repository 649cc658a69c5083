import { type AnyCheck, type Check, type CheckSubject, type Finding, notApplicable } from './check.ts';

export interface CheckResult extends Omit<Finding, 'verdict'> {
  readonly id: string;
  readonly family: string;
  readonly claim: string;
  readonly mechanism: string;
  readonly subject: string;
  /** error: the check could neither confirm nor refute its claim. */
  readonly verdict: Finding['verdict'] | 'error';
}

/**
 * Runs checks one after the other, each on what `targetOf` names for its subject; one that throws does not keep the others
 * from running.
 */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  targetOf: (subject: CheckSubject) => Subject,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    results.push({ ...describedBy(check), ...(await findingOf(check, targetOf(check.subject))) });
  }
  return results;
}

/** The results of checks that have nothing to look at, with the reason. */
export function skipChecks(checks: readonly AnyCheck[], reason: string): readonly CheckResult[] {
  return checks.map((check) => ({ ...describedBy(check), ...notApplicable(reason) }));
}

type Described = Pick<CheckResult, 'id' | 'family' | 'claim' | 'mechanism' | 'subject'>;

function describedBy({ id, family, claim, mechanism, subject }: AnyCheck): Described {
  return { id, family, claim, mechanism, subject };
}

async function findingOf<Subject>(
  check: Check<Subject>,
  target: Subject,
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

import type { Evidence } from './evidence.ts';
import type { Outcome, PlaceIds } from './session.ts';

/** What was tried: the case of the catalogue, and on whom or what. */
export interface Attempt {
  readonly caseName: string;
  readonly where: string;
}

/**
 * Verdict discipline: denied means the expected SQLSTATE and nothing else. A success where a refusal was due is a violation;
 * another error is a surprise, which makes the whole check fail rather than count as a denial.
 */
export interface Expectations {
  refused(attempt: Attempt, outcome: Outcome, sqlState: string): void;
  /** Refused by this very constraint, so that no other rule happened to be in the way first. */
  refusedBy(attempt: Attempt, outcome: Outcome, rule: { readonly sqlState: string; readonly constraint: string }): void;
  /** Succeeds and touches exactly this many rows. */
  rowCount(attempt: Attempt, outcome: Outcome, count: number): void;
  /** Succeeds, returns something, and each row is of this place. Rows carry tenant_id and environment_id. */
  onlyRowsOf(attempt: Attempt, outcome: Outcome, place: PlaceIds): void;
  /** The positive control: without it, a denial proves nothing. */
  allowed(attempt: Attempt, outcome: Outcome): void;
  /** Neither outcome tells more than the other. */
  indistinguishable(attempt: Attempt, outcomes: readonly [Outcome, Outcome]): void;
}

const text = ({ caseName, where }: Attempt): string => `${caseName}, ${where}`;
const described = (outcome: Outcome): string =>
  outcome.refused
    ? `${outcome.refused.sqlState} ${outcome.refused.message}${outcome.refused.detail ? ` (${outcome.refused.detail})` : ''}`
    : `${outcome.rowCount} rows`;

export function expectations(evidence: Evidence): Expectations {
  return {
    refused(attempt, outcome, sqlState) {
      evidence.see(attempt.caseName);
      if (!outcome.refused)
        evidence.violation(`${text(attempt)}: succeeded with ${described(outcome)}, ${sqlState} was due`);
      else if (outcome.refused.sqlState !== sqlState) {
        evidence.surprise(`${text(attempt)}: ${described(outcome)}, where ${sqlState} was due`);
      }
    },
    refusedBy(attempt, outcome, { sqlState, constraint }) {
      this.refused(attempt, outcome, sqlState);
      if (outcome.refused?.sqlState === sqlState && outcome.refused.constraint !== constraint) {
        evidence.surprise(`${text(attempt)}: refused by ${outcome.refused.constraint}, where ${constraint} was due`);
      }
    },
    rowCount(attempt, outcome, count) {
      evidence.see(attempt.caseName);
      if (outcome.refused) evidence.surprise(`${text(attempt)}: ${described(outcome)}, where ${count} rows were due`);
      else if (outcome.rowCount !== count) {
        evidence.violation(`${text(attempt)}: ${outcome.rowCount} rows, where ${count} were due`);
      }
    },
    onlyRowsOf(attempt, outcome, place) {
      evidence.see(attempt.caseName);
      if (outcome.refused) return evidence.surprise(`${text(attempt)}: ${described(outcome)}`);
      const foreign = outcome.rows.filter(
        (row) => row['tenant_id'] !== place.tenantId || row['environment_id'] !== place.environmentId,
      );
      if (foreign.length > 0) evidence.violation(`${text(attempt)}: ${foreign.length} rows of somebody else`);
      if (outcome.rows.length === 0) evidence.violation(`${text(attempt)}: control failed, its own rows are not there`);
    },
    allowed(attempt, outcome) {
      evidence.see(attempt.caseName);
      if (outcome.refused) evidence.violation(`${text(attempt)}: control failed with ${described(outcome)}`);
      else if (outcome.rowCount === 0) evidence.violation(`${text(attempt)}: control failed, it touched no row`);
    },
    indistinguishable(attempt, [one, other]) {
      evidence.see(attempt.caseName);
      if (described(one) === described(other)) return;
      evidence.violation(`${text(attempt)}: told apart by "${described(one)}" and "${described(other)}"`);
    },
  };
}

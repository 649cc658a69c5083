import type { Finding } from './check.ts';

const linesMax = 25;
const lineLength = 320;

/** What a check gathers while it looks. */
export interface Evidence {
  /** Counts things looked at, under the name of the case they belong to. */
  see(caseName: string, count?: number): void;
  violation(text: string): void;
  /** An outcome that no expectation names: it neither confirms nor refutes the claim. */
  surprise(text: string): void;
  /** Recorded, not defended: residual channels and the like. */
  note(text: string): void;
  /** The verdict. `cases` names those that must have seen something. Throws when there are surprises and no violation. */
  finding(cases?: readonly string[]): Finding;
}

export function gatherEvidence(): Evidence {
  const seen = new Map<string, number>();
  const violations: string[] = [];
  const surprises: string[] = [];
  const notes: string[] = [];
  const add = (lines: string[], text: string): void => {
    lines.push(text.length > lineLength ? `${text.slice(0, lineLength)} …` : text);
  };
  return {
    see: (caseName, count = 1) => void seen.set(caseName, (seen.get(caseName) ?? 0) + count),
    violation: (text) => add(violations, text),
    surprise: (text) => add(surprises, text),
    note: (text) => add(notes, text),
    finding(cases = []) {
      const observed = [...seen.values()].reduce((sum, count) => sum + count, 0);
      for (const name of cases) if (!seen.get(name)) violations.push(`${name}: looked at nothing`);
      if (observed === 0) violations.push('looked at nothing');
      if (violations.length === 0 && surprises.length > 0) {
        throw new Error(`neither confirmed nor refuted:\n${surprises.slice(0, linesMax).join('\n')}`);
      }
      const lines = [...violations, ...surprises.map((text) => `unexplained: ${text}`), ...notes];
      const evidence = lines.slice(0, linesMax);
      if (lines.length > linesMax) evidence.push(`and ${lines.length - linesMax} more`);
      return { verdict: violations.length > 0 ? 'violated' : 'holds', observed, evidence };
    },
  };
}

import type { Evidence } from './evidence.ts';

/** What a check found. It has looked at nothing when there was nothing that it is about: then it does not count as passed. */
export interface Finding {
  readonly looked: number;
  readonly problems: readonly string[];
}

export interface Check {
  readonly name: string;
  /** Reads the evidence and nothing else. */
  readonly find: (evidence: Evidence) => Finding;
}

export interface CheckResult extends Finding {
  readonly name: string;
  readonly isPassed: boolean;
}

/** Runs a check. An exception is a problem that it found: evidence too damaged to be read. */
export function runCheck(check: Check, evidence: Evidence): CheckResult {
  const { name } = check;
  try {
    const { looked, problems } = check.find(evidence);
    return { name, looked, problems, isPassed: looked > 0 && problems.length === 0 };
  } catch (error) {
    return { name, looked: 0, problems: [String(error)], isPassed: false };
  }
}

/** The items for which `problemOf` says something, as a finding over all of them. */
export function findEach<T>(items: Iterable<T>, problemOf: (item: T) => string | null): Finding {
  const problems: string[] = [];
  let looked = 0;
  for (const item of items) {
    looked += 1;
    const problem = problemOf(item);
    if (problem !== null) problems.push(problem);
  }
  return { looked, problems };
}

/** How often each name occurs. */
export function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

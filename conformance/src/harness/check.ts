import type { TableName } from '@karmanflow/schema';
import type { Target } from './target.ts';

export const families = [
  'tenancy',
  'environment-scope',
  'command-only-writes',
  'append-only',
  'log',
  'tier-boundaries',
  'namespace-contracts',
  'surface',
  'risk-and-approval',
  'authorisation',
  'personal-data',
  'ingest',
  'webhook-delivery',
  'surface-parity',
  'feature-modules',
  'signal-plane',
  'supply-chain',
] as const;
export type Family = (typeof families)[number];

export type Verdict = 'holds' | 'violated' | 'not_applicable';

export interface Finding {
  readonly verdict: Verdict;
  /** How many things were looked at. A scan that saw nothing is a violation, whatever it was going to say. */
  readonly observed: number;
  /** Bounded: the first violations, and what was recorded without being defended. */
  readonly evidence: readonly string[];
}

/** A change under which the check must go red. Only ever applied to throwaway databases, APIs and copies of files. */
export interface Saboteur<Subject = Target> {
  readonly name: string;
  /** Text that the evidence must contain: a check that goes red for another reason proves nothing about this change. */
  readonly mentions: string;
  /** The tables to look at when proving it, to save time; all of them unless given. */
  readonly tables?: readonly TableName[];
  apply(target: Subject): Promise<void>;
}

/**
 * catalogue: reads what is declared, on the audited database itself · behaviour: writes rows that can never be removed, so
 * it runs on a throwaway database that the same migrations made on the same server · surface: asks a running API over HTTP,
 * and only for what it must refuse · governed: sends a running API commands that may succeed, so it runs on one that is
 * thrown away · ingest: sends a running ingest messages, likewise · delivery: lets a running worker deliver, likewise · declarations: reads the registry of commands · repository: reads source files.
 */
export type CheckSubject =
  | 'catalogue'
  | 'behaviour'
  | 'surface'
  | 'governed'
  | 'ingest'
  | 'delivery'
  | 'declarations'
  | 'repository';

/** A check by what it says of itself, whatever it looks at. */
export type AnyCheck = Check<never>;

export interface Check<Subject = Target> {
  readonly id: `${Family}.${string}`;
  readonly family: Family;
  readonly claim: string;
  readonly mechanism: string;
  readonly subject: CheckSubject;
  /** Named cases inside the check; those that begin with numbers are of the attack catalogue. */
  readonly cases?: readonly string[];
  /** Throws when it could neither confirm nor refute, for example on an error that no expectation names. */
  run(target: Subject): Promise<Finding>;
  readonly saboteurs: readonly Saboteur<Subject>[];
}

export function notApplicable(reason: string): Finding {
  return { verdict: 'not_applicable', observed: 0, evidence: [reason] };
}

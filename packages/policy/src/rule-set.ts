import { createHash } from 'node:crypto';
import { commandRules, otherwise, raiseRule } from './command-rules.ts';
import type { Decision } from './model.ts';
import { roles } from './roles.ts';
import { otherwiseVote, voteRules } from './vote-rules.ts';

export interface DescribedRule {
  /** Whether it decides about a command or about a human's vote on one. Names are unique within each. */
  readonly concerns: 'command' | 'vote';
  readonly name: string;
  readonly says: string;
  readonly decision: Decision | 'raise_risk';
}

export const ruleSetVersion = '2';

/** What the rules say, in order. */
export const ruleSetDescription: readonly DescribedRule[] = [
  ...[raiseRule, ...commandRules, otherwise].map(({ name, says, decision }) => ({
    concerns: 'command' as const,
    name,
    says,
    decision,
  })),
  ...[...voteRules, otherwiseVote].map(({ name, says, decision }) => ({
    concerns: 'vote' as const,
    name,
    says,
    decision,
  })),
];

/**
 * SHA-256, in hex, of the JSON text `[version, [[role, [scope, …]], …], [[concerns, name, says, decision], …]]`. Roles are
 * part of it, since scopes follow from them.
 */
export const ruleSetHash: string = createHash('sha256')
  .update(
    JSON.stringify([
      ruleSetVersion,
      Object.entries(roles),
      ruleSetDescription.map(({ concerns, name, says, decision }) => [concerns, name, says, decision]),
    ]),
  )
  .digest('hex');

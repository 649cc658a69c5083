import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { evaluatePolicy, roles, ruleSetDescription, ruleSetHash, ruleSetVersion } from './index.ts';

type Description = typeof ruleSetDescription;

/** The hash as an auditor computes it from the published description and roles. */
function hashOf(parts: {
  version?: string;
  granted?: Record<string, readonly string[]>;
  description?: Description;
}): string {
  const { version = ruleSetVersion, granted = roles, description = ruleSetDescription } = parts;
  const rules = description.map((rule) => [rule.concerns, rule.name, rule.says, rule.decision]);
  return createHash('sha256')
    .update(JSON.stringify([version, Object.entries(granted), rules]))
    .digest('hex');
}

describe('the rule set', () => {
  test('has the hash of its published description and roles', () => {
    expect(ruleSetHash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf({})).toBe(ruleSetHash);
  });

  test('has another hash as soon as a word, a name, a decision, the order, a role or the version changes', () => {
    const changed: string[] = [hashOf({ version: `${ruleSetVersion}.1` })];
    for (const [index, rule] of ruleSetDescription.entries()) {
      const variants: Description[number][] = [
        { ...rule, says: `${rule.says}.` },
        { ...rule, name: `${rule.name}_too` },
        { ...rule, decision: rule.decision === 'deny' ? 'allow' : 'deny' },
        { ...rule, concerns: rule.concerns === 'vote' ? 'command' : 'vote' },
      ];
      for (const variant of variants) changed.push(hashOf({ description: ruleSetDescription.with(index, variant) }));
      changed.push(hashOf({ description: ruleSetDescription.toSpliced(index, 1) }));
    }
    changed.push(hashOf({ description: ruleSetDescription.toReversed() }));
    for (const [name, scopes] of Object.entries(roles)) {
      changed.push(hashOf({ granted: { ...roles, [name]: [...scopes, 'access.role:grant_more'] } }));
      changed.push(hashOf({ granted: { ...roles, [name]: scopes.slice(1) } }));
    }
    changed.push(hashOf({ granted: { ...roles, another: [] } }));
    expect(changed.length).toBe(ruleSetDescription.length * 5 + Object.keys(roles).length * 2 + 3);
    expect(new Set(changed).size).toBe(changed.length);
    expect(changed).not.toContain(ruleSetHash);
  });

  test('is the one that receipts so far name; who changes a rule changes this on purpose, and the version with it', () => {
    expect(ruleSetVersion).toBe('2');
    expect(ruleSetHash).toBe('088c21e3109e2cb0ab74f12090abba4137b4ab03095354068cbd882a49d94273');
    expect(ruleSetDescription.map(({ concerns, name, decision }) => `${concerns}: ${decision} ${name}`)).toEqual([
      'command: raise_risk risk_raised_by_amount',
      'command: deny risk_class_unknown',
      'command: deny environment_archived',
      'command: deny facts_malformed',
      'command: deny actor_type_not_accepted',
      'command: deny scope_missing',
      'command: deny risk_above_ceiling',
      'command: deny human_only',
      'command: deny login_not_fresh',
      'command: allow approved_by_quorum',
      'command: needs_approval second_human_approves',
      'command: needs_approval named_human_approves',
      'command: allow scope_granted',
      'command: deny deny_by_default',
      'vote: deny vote_malformed',
      'vote: deny environment_archived',
      'vote: deny voter_not_human',
      'vote: deny login_not_fresh',
      'vote: deny scope_missing',
      'vote: deny voter_is_requester',
      'vote: deny voter_is_behind_requester',
      'vote: deny voted_already',
      'vote: deny approver_role_missing',
      'vote: allow named_human_votes',
      'vote: deny deny_by_default',
    ]);
  });

  test('names every rule once for what it concerns, in snake case, and says what it means', () => {
    const names = ruleSetDescription.map((rule) => `${rule.concerns} ${rule.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, says } of ruleSetDescription) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(says.length).toBeGreaterThan(20);
    }
  });

  test('has no denial after the first rule that does not deny, but for the one that closes it', () => {
    for (const concerns of ['command', 'vote']) {
      const decisions = ruleSetDescription
        .filter((rule) => rule.concerns === concerns && rule.decision !== 'raise_risk')
        .map((rule) => rule.decision);
      const firstOther = decisions.findIndex((decision) => decision !== 'deny');
      expect(firstOther).toBeGreaterThan(3);
      expect(decisions.lastIndexOf('deny', decisions.length - 2)).toBe(firstOther - 1);
    }
  });

  test('stands on every decision', () => {
    const decision = evaluatePolicy({
      actor: { type: 'AGENT', scopes: new Set(), riskCeiling: 'R1' },
      command: { type: 'reservation.create', scope: 'inventory.reservation:create', risk: 'R1' },
      environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
    });
    expect(decision).toMatchObject({
      decision: 'deny',
      rule: 'scope_missing',
      ruleSetVersion,
      ruleSetHash,
      risk: 'R1',
    });
  });
});

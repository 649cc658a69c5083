import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { evaluatePolicy, ruleSetDescription, ruleSetHash, ruleSetVersion } from './index.ts';

type Description = typeof ruleSetDescription;

/** The hash as an auditor computes it from the published description. */
function hashOf(version: string, description: Description): string {
  const rules = description.map((rule) => [rule.name, rule.says, rule.decision]);
  return createHash('sha256')
    .update(JSON.stringify([version, ...rules]))
    .digest('hex');
}

describe('the rule set', () => {
  test('has the hash of its published description', () => {
    expect(ruleSetHash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(ruleSetVersion, ruleSetDescription)).toBe(ruleSetHash);
  });

  test('has another hash as soon as a word, a name, a decision, the order or the version changes', () => {
    const changed: string[] = [hashOf(`${ruleSetVersion}.1`, ruleSetDescription)];
    for (const [index, rule] of ruleSetDescription.entries()) {
      const variants: Description[number][] = [
        { ...rule, says: `${rule.says}.` },
        { ...rule, name: `${rule.name}_too` },
        { ...rule, decision: rule.decision === 'deny' ? 'allow' : 'deny' },
      ];
      for (const variant of variants) changed.push(hashOf(ruleSetVersion, ruleSetDescription.with(index, variant)));
      changed.push(hashOf(ruleSetVersion, ruleSetDescription.toSpliced(index, 1)));
    }
    changed.push(hashOf(ruleSetVersion, ruleSetDescription.toReversed()));
    expect(changed.length).toBe(ruleSetDescription.length * 4 + 2);
    expect(new Set(changed).size).toBe(changed.length);
    expect(changed).not.toContain(ruleSetHash);
  });

  test('is the one that receipts so far name; who changes a rule changes this on purpose, and the version with it', () => {
    expect(ruleSetVersion).toBe('1');
    expect(ruleSetHash).toBe('929f898f790851934a2b6f78eb80b81eda3f496c42383cdcec773150e6fbe40b');
    expect(ruleSetDescription.map(({ name, decision }) => `${decision} ${name}`)).toEqual([
      'deny risk_class_unknown',
      'deny environment_archived',
      'deny actor_type_not_accepted',
      'deny scope_missing',
      'deny risk_above_ceiling',
      'deny human_only',
      'needs_approval second_human_approves',
      'needs_approval named_human_approves',
      'allow scope_granted',
      'deny deny_by_default',
    ]);
  });

  test('names every rule once, in snake case, and says what it means', () => {
    const names = ruleSetDescription.map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, says } of ruleSetDescription) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(says.length).toBeGreaterThan(20);
    }
  });

  test('stands on every decision', () => {
    const decision = evaluatePolicy({
      actor: { type: 'AGENT', scopes: new Set(), riskCeiling: 'R1' },
      command: { type: 'reservation.create', scope: 'inventory.reservation:create', risk: 'R1' },
      environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
    });
    expect(decision).toEqual({ decision: 'deny', rule: 'scope_missing', ruleSetVersion, ruleSetHash });
  });
});

import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { agentRiskCeiling, agentScopes, type RiskClass, riskClasses, riskRank } from './index.ts';
import { anyScopes } from './testing/any-question.ts';

describe('the scopes of an agent', () => {
  test('are those that its owner has too', () => {
    const own = new Set(['inventory.level:read', 'inventory.level:adjust']);
    const owner = new Set(['inventory.level:adjust', 'access.role:grant']);
    expect(agentScopes({ own, owner })).toEqual(new Set(['inventory.level:adjust']));
    expect(agentScopes({ own, owner: new Set() }).size).toBe(0);
    expect(agentScopes({ own, owner: null }).size).toBe(0);
    expect(agentScopes({ own: new Set(), owner }).size).toBe(0);
  });

  test('are never more than its own, nor than its owner’s, and are lost with either', () => {
    fc.assert(
      fc.property(anyScopes, anyScopes, (own, owner) => {
        const scopes = agentScopes({ own, owner });
        for (const scope of [...own, ...owner]) expect(scopes.has(scope)).toBe(own.has(scope) && owner.has(scope));
        expect(scopes.isSubsetOf(own) && scopes.isSubsetOf(owner)).toBe(true);
      }),
    );
  });
});

describe('the ceiling of an agent', () => {
  test('is the lower of its own and its owner’s, and never above R2', () => {
    let seen = 0;
    for (const own of riskClasses) {
      for (const owner of riskClasses) {
        seen += 1;
        const ceiling = agentRiskCeiling({ own, owner });
        expect(riskRank(ceiling)).toBe(Math.min(riskRank(own), riskRank(owner), 2));
      }
    }
    expect(seen).toBe(16);
    expect(agentRiskCeiling({ own: 'R3', owner: 'R3' })).toBe('R2');
  });

  test('is R0 without an owner, and with a class that is none', () => {
    expect(agentRiskCeiling({ own: 'R3', owner: null })).toBe('R0');
    for (const wrong of ['R4', '', 'r2', '__proto__'] as string[] as RiskClass[]) {
      expect(agentRiskCeiling({ own: wrong, owner: 'R3' })).toBe('R0');
      expect(agentRiskCeiling({ own: 'R3', owner: wrong })).toBe('R0');
    }
  });
});

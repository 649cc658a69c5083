import { describe, expect, test } from 'bun:test';
import {
  type Decision,
  decideOnFacts,
  evaluatePolicy,
  factsOf,
  parseTenantPolicy,
  type PolicyFacts,
  type PolicyQuestion,
  ruleSetHash,
  ruleSetVersion,
  tenantPolicyHash,
} from './index.ts';

const scope = 'inventory.level:adjust';

describe('the facts', () => {
  test('are plain JSON with sorted keys, and hold what was asked', () => {
    const tenantPolicy = parseTenantPolicy({
      raiseAbove: { 'inventory.adjust': 500 },
      quorum: { 'inventory.adjust': 2 },
    })!;
    const asked: PolicyQuestion = {
      actor: {
        type: 'AGENT',
        scopes: new Set([scope]),
        riskCeiling: 'R2',
        roles: ['viewer', 'operator', 'viewer', 'nobody'],
        loginAgeSeconds: 10,
      },
      command: { type: 'inventory.adjust', scope, risk: 'R1', actorTypes: ['AGENT', 'USER'] },
      environment: { kind: 'SANDBOX', status: 'ACTIVE' },
      tenantPolicy,
      amount: 501,
      approval: { approvers: 2, quorum: 1 },
    };
    const answer = evaluatePolicy(asked);
    expect(answer).toEqual({
      decision: 'allow',
      rule: 'approved_by_quorum',
      ruleSetVersion,
      ruleSetHash,
      risk: 'R2',
      facts: {
        actorType: 'AGENT',
        amount: 501,
        amountLimit: 500,
        approvers: 2,
        commandAccepts: ['USER', 'AGENT'],
        environmentKind: 'SANDBOX',
        environmentStatus: 'ACTIVE',
        loginAgeSeconds: 10,
        loginMaxAgeSeconds: 900,
        quorum: 2,
        risk: 'R1',
        riskCeiling: 'R2',
        roles: ['operator', 'viewer'],
        scope,
        scopeGranted: true,
        tenantPolicyHash: tenantPolicyHash(tenantPolicy),
      },
    });
    expect(Object.keys(answer.facts)).toEqual(Object.keys(answer.facts).toSorted());
    expect(JSON.parse(JSON.stringify(answer.facts))).toEqual(answer.facts);
    expect(factsOf(asked)).toEqual(answer.facts);
    expect(decideOnFacts(answer.facts)).toEqual(answer);
  });

  test('that are none deny', () => {
    const proxy = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    for (const facts of [null, undefined, 0, '', [], {}, proxy] as unknown as PolicyFacts[]) {
      expect(decideOnFacts(facts).decision).toBe('deny' satisfies Decision);
    }
  });
});

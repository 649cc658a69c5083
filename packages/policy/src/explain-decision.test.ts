import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  evaluatePolicy,
  explainDecision,
  parseTenantPolicy,
  type PolicyFacts,
  type PolicyQuestion,
  ruleSetDescription,
} from './index.ts';
import { anyQuestion } from './testing/any-question.ts';

const scope = 'inventory.level:adjust';

function question(change: Partial<PolicyQuestion> & { risk?: 'R1' | 'R2' | 'R3' }): PolicyQuestion {
  const { risk = 'R1', ...rest } = change;
  return {
    actor: { type: 'USER', scopes: new Set([scope]), riskCeiling: 'R3', roles: ['operator'], loginAgeSeconds: 10 },
    command: { type: 'inventory.adjust', scope, risk },
    environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
    ...rest,
  };
}

const raised = question({ tenantPolicy: parseTenantPolicy({ raiseAbove: { 'inventory.adjust': 500 } })!, amount: 501 });

const cases: readonly [string, PolicyQuestion][] = [
  ['an ordinary write', question({})],
  ['a write above the limit of the tenant', raised],
  ['a proposal of R3', question({ risk: 'R3' })],
  ['an approved R2', question({ risk: 'R2', approval: { approvers: 2, quorum: 2 } })],
];

describe('a decision as it was recorded', () => {
  test.each(cases)('%s: the explanation agrees, without a doubt', (_name, asked) => {
    const answer = evaluatePolicy(asked);
    const explained = explainDecision(answer);
    expect(explained).toMatchObject({ agrees: true, decision: answer.decision, rule: answer.rule, doubts: [] });
    const said = ruleSetDescription.find((rule) => rule.concerns === 'command' && rule.name === answer.rule);
    expect(explained.says).toBe(said?.says ?? 'unpublished');
    expect(explained.steps.at(-1)).toEqual({ rule: answer.rule, says: explained.says, applied: true });
    const published = ruleSetDescription.filter((rule) => rule.concerns === 'command').map((rule) => rule.name);
    expect(explained.steps.map((step) => step.rule)).toEqual(published.slice(0, explained.steps.length));
    expect(explained.steps.filter((step) => step.applied)).toHaveLength(asked === raised ? 2 : 1);
  });

  test('is found also in the form of a receipt, with prefixed hashes and more beside it', () => {
    const { risk: _risk, ...answer } = evaluatePolicy(raised);
    const recorded = { ...answer, ruleSetHash: `sha256:${answer.ruleSetHash}`, more: [1] };
    expect(explainDecision(JSON.parse(JSON.stringify(recorded)))).toMatchObject({ agrees: true, doubts: [] });
  });
});

describe('a decision that was changed afterwards', () => {
  test('does not agree, or is doubted, whatever was changed', () => {
    const answer = evaluatePolicy(raised);
    for (const decision of ['allow', 'deny', 'maybe', undefined]) {
      expect(explainDecision({ ...answer, decision }).agrees).toBe(false);
    }
    for (const rule of ['scope_granted', 'second_human_approves', '', null]) {
      expect(explainDecision({ ...answer, rule }).agrees).toBe(false);
    }
    expect(explainDecision({ ...answer, ruleSetVersion: '1' }).doubts).toEqual([
      'the rule set has another version than this build',
    ]);
    expect(explainDecision({ ...answer, ruleSetHash: '0'.repeat(64) }).doubts).toEqual([
      'the rule set hash is unknown to this build, whose rules may say something else',
    ]);
    expect(explainDecision({ ...answer, risk: 'R1' }).doubts).toEqual([
      'the recorded risk class is not the one that counts',
    ]);
  });

  /** For each fact a question in which it matters, and values that would have led elsewhere. */
  const changes: { readonly [Fact in keyof PolicyFacts]: readonly [PolicyQuestion, ...unknown[]] } = {
    actorType: [question({ risk: 'R3' }), 'AGENT', 'SERVICE', 'UNKNOWN', null],
    amount: [raised, 500, 0, null, -1, 501.5, '501'],
    amountLimit: [raised, 501, null, -1],
    approvers: [question({ risk: 'R2', approval: { approvers: 2, quorum: 2 } }), 1, 0, null, -1],
    commandAccepts: [question({}), [], ['AGENT'], 'USER', ['USER', 'ROOT']],
    environmentKind: [question({}), 'UNKNOWN', '', null],
    environmentStatus: [question({}), 'ARCHIVED', 'UNKNOWN', null],
    loginAgeSeconds: [question({ risk: 'R3' }), 901, null, -1, '10'],
    loginMaxAgeSeconds: [question({ risk: 'R3' }), 9, -1, null],
    quorum: [question({ risk: 'R2', approval: { approvers: 2, quorum: 2 } }), 3, 0, -1, null],
    risk: [question({}), 'R2', 'R3', 'R4', null],
    riskCeiling: [question({}), 'R0', 'UNKNOWN', null],
    roles: [question({}), 'operator', null, [7], Array.from({ length: 17 }, () => 'operator')],
    scope: [question({}), '', 'adjust', null],
    scopeGranted: [question({}), false, 1, 'true', null],
    tenantPolicyHash: [question({}), '', null, 'f'.repeat(63)],
  };

  test.each(Object.entries(changes))('the fact %s is missed', (name, [asked, ...values]) => {
    const answer = evaluatePolicy(asked);
    expect(Object.keys(changes).toSorted()).toEqual(Object.keys(answer.facts));
    expect(explainDecision(answer).agrees).toBe(true);
    for (const value of values) {
      const changed = { ...answer, facts: { ...answer.facts, [name]: value } };
      expect(explainDecision(changed)).toMatchObject({ agrees: false });
    }
    const { [name]: _gone, ...fewer } = answer.facts as Record<string, unknown>;
    expect(explainDecision({ ...answer, facts: fewer })).toMatchObject({ agrees: false });
    expect(explainDecision({ ...answer, facts: fewer }).doubts).toContain('the facts are malformed');
  });

  test('a scope that none of the recorded roles has is doubted', () => {
    const answer = evaluatePolicy(question({}));
    const doubt = 'the scope was granted, but none of the recorded roles has it';
    for (const change of [{ roles: [] }, { roles: ['viewer', '__proto__'] }, { scope: 'access.api_key:issue' }]) {
      const explained = explainDecision({ ...answer, facts: { ...answer.facts, ...change } });
      expect(explained).toMatchObject({ agrees: true, doubts: [doubt] });
    }
  });

  test('a fact more than there are is doubted', () => {
    const answer = evaluatePolicy(question({}));
    const explained = explainDecision({ ...answer, facts: { ...answer.facts, more: true } });
    expect(explained).toMatchObject({ agrees: false, doubts: ['the facts are malformed'] });
  });
});

describe('whatever it is given', () => {
  test('it answers, and agrees with nothing that is not a decision', () => {
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('read');
        },
      },
    );
    for (const recorded of [throwing, { facts: throwing }, [], null, 'allow', { facts: [] }, { facts: 1 }]) {
      const explained = explainDecision(recorded);
      expect(explained).toMatchObject({ agrees: false, decision: 'deny' });
      expect(explained.doubts).toContain('the facts are malformed');
    }
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withSet: true }), (recorded) => {
        expect(explainDecision(recorded)).toMatchObject({ agrees: false, decision: 'deny' });
      }),
    );
  });

  test('with one fact replaced by anything it never agrees with an allow that the facts do not support', () => {
    fc.assert(
      fc.property(anyQuestion, fc.nat({ max: 15 }), fc.anything({ withBigInt: true }), (asked, index, value) => {
        const answer = evaluatePolicy(asked);
        const name = Object.keys(answer.facts)[index] ?? '';
        const { agrees, decision, rule } = explainDecision({ ...answer, facts: { ...answer.facts, [name]: value } });
        expect(agrees).toBe(decision === answer.decision && rule === answer.rule);
      }),
      { numRuns: 2000 },
    );
  });
});

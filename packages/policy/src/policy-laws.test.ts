import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  actorTypes,
  agentRiskCeiling,
  agentScopes,
  effectiveScopes,
  evaluatePolicy,
  explainDecision,
  type GrantedRole,
  liveRoles,
  type PolicyQuestion,
  riskClasses,
  riskRank,
  type RoleName,
  roles,
  ruleSetDescription,
} from './index.ts';
import { anyQuestion, anyRoles, anyScope, anyScopes, rankOf } from './testing/any-question.ts';

const runs = { numRuns: 1000 };

function withActor(asked: PolicyQuestion, actor: Partial<PolicyQuestion['actor']>): PolicyQuestion {
  return { ...asked, actor: { ...asked.actor, ...actor } };
}

function without<Key extends string>(value: { readonly [key in Key]?: unknown }, key: Key): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

describe('taking away never allows more', () => {
  test('a scope', () => {
    fc.assert(
      fc.property(anyQuestion, anyScope, (asked, taken) => {
        const scopes = new Set([...asked.actor.scopes].filter((one) => one !== taken));
        return rankOf(withActor(asked, { scopes })) <= rankOf(asked);
      }),
      runs,
    );
  });

  test('a role', () => {
    fc.assert(
      fc.property(anyQuestion, anyRoles, (asked, kept) => rankOf(withActor(asked, { roles: kept })) <= rankOf(asked)),
      runs,
    );
  });

  test('the login, or its freshness', () => {
    fc.assert(
      fc.property(anyQuestion, fc.nat({ max: 100_000 }), (asked, older) => {
        const age = asked.actor.loginAgeSeconds ?? null;
        const aged = withActor(asked, { loginAgeSeconds: age === null ? null : age + older });
        const none = { ...asked, actor: without(asked.actor, 'loginAgeSeconds') } as PolicyQuestion;
        expect(rankOf(aged)).toBeLessThanOrEqual(rankOf(asked));
        expect(rankOf(none)).toBeLessThanOrEqual(rankOf(aged));
      }),
      runs,
    );
  });

  test('an approval, or one of its votes', () => {
    fc.assert(
      fc.property(anyQuestion, fc.integer({ min: 1, max: 5 }), (asked, quorum) => {
        const fewer = { ...asked, approval: { approvers: 1, quorum } };
        const more = { ...asked, approval: { approvers: 2, quorum } };
        const none = { ...asked, approval: null };
        expect(rankOf(fewer)).toBeLessThanOrEqual(rankOf(more));
        expect(rankOf(none)).toBeLessThanOrEqual(rankOf(fewer));
        expect(rankOf(none)).toBeLessThanOrEqual(rankOf(asked));
        expect(rankOf(without(asked, 'approval') as PolicyQuestion)).toBe(rankOf(none));
      }),
      runs,
    );
  });

  test('the height of the ceiling', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...riskClasses), (asked, riskCeiling) => {
        fc.pre(riskRank(riskCeiling) < riskRank(asked.actor.riskCeiling));
        return rankOf(withActor(asked, { riskCeiling })) <= rankOf(asked);
      }),
      runs,
    );
  });

  test('the smallness of an amount, or of a risk class', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...riskClasses), fc.nat({ max: 1000 }), (asked, risk, more) => {
        const larger = { ...asked, amount: (asked.amount ?? 0) + more };
        expect(rankOf(larger)).toBeLessThanOrEqual(rankOf({ ...asked, amount: asked.amount ?? 0 }));
        fc.pre(riskRank(risk) > riskRank(evaluatePolicy(asked).risk));
        expect(rankOf({ ...asked, command: { ...asked.command, risk } })).toBeLessThanOrEqual(rankOf(asked));
      }),
      runs,
    );
  });
});

const here = '019b76da-a800-7000-8000-000000000002';
const control = '019b76da-a800-7000-8000-000000000001';
const now = '2026-03-01T12:00:00.000Z';

const anyGrants: fc.Arbitrary<GrantedRole[]> = fc.array(
  fc.record({
    role: fc.constantFrom(...(Object.keys(roles) as RoleName[]), 'no_such_role'),
    environmentId: fc.constantFrom(null, here, control),
    validFrom: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z'),
    validUntil: fc.constantFrom(null, '2026-02-01T00:00:00.000Z', '2026-05-01T00:00:00.000Z'),
    revokedAt: fc.constantFrom(null, '2026-02-01T00:00:00.000Z'),
  }),
  { maxLength: 6 },
);
const everyScope: readonly string[] = [...new Set<string>(Object.values(roles).flat())];
const anyCarried = fc.oneof(fc.constant(everyScope), fc.subarray([...everyScope]));
const anyPlace = fc.constantFrom(here, control);

describe('grants', () => {
  test('none that is taken away allows more, of any command in any environment', () => {
    fc.assert(
      fc.property(
        fc.record({ asked: anyQuestion, grants: anyGrants, credentialScopes: anyCarried, environmentId: anyPlace }),
        fc.nat(),
        fc.constantFrom(...everyScope),
        ({ asked, grants, credentialScopes, environmentId }, taken, wanted) => {
          fc.pre(grants.length > 0);
          const questionWith = (some: readonly GrantedRole[]): PolicyQuestion => ({
            ...withActor(asked, {
              scopes: effectiveScopes({ grants: some, credentialScopes, environmentId, now }),
              roles: liveRoles({ grants: some, environmentId, now }),
            }),
            command: { ...asked.command, scope: wanted },
          });
          const fewer = grants.toSpliced(taken % grants.length, 1);
          expect(rankOf(questionWith(fewer))).toBeLessThanOrEqual(rankOf(questionWith(grants)));
        },
      ),
      runs,
    );
  });
});

describe('agents', () => {
  test('none ever gets more than the human who owns it, whatever it was granted', () => {
    fc.assert(
      fc.property(
        fc.record({ asked: anyQuestion, own: anyScopes, owner: anyScopes }),
        fc.record({ own: fc.constantFrom(...riskClasses), owner: fc.constantFrom(...riskClasses) }),
        ({ asked, own, owner }, ceilings) => {
          const agent = withActor(asked, {
            type: 'AGENT',
            scopes: agentScopes({ own, owner }),
            riskCeiling: agentRiskCeiling(ceilings),
          });
          const human = withActor(asked, { type: 'USER', scopes: owner, riskCeiling: ceilings.owner });
          const isOpenToBoth = asked.command.actorTypes === undefined;
          if (isOpenToBoth) expect(rankOf(agent)).toBeLessThanOrEqual(rankOf(human));
          if (!owner.has(asked.command.scope)) expect(rankOf(agent)).toBe(0);
        },
      ),
      runs,
    );
  });

  test('R0 to R2 treat an agent, a service, a connector and the system like a human', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...actorTypes), (asked, type) => {
        fc.pre(asked.command.risk !== 'R3' && asked.command.actorTypes === undefined);
        const { facts, ...decided } = evaluatePolicy(asked);
        const { facts: otherFacts, ...decidedForOther } = evaluatePolicy(withActor(asked, { type }));
        expect(decidedForOther).toEqual(decided);
        expect({ ...otherFacts, actorType: facts.actorType }).toEqual(facts);
      }),
      runs,
    );
  });
});

describe('risk', () => {
  test('no path leads to R3 for what is not a human, whatever else it is given', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...actorTypes.filter((type) => type !== 'USER')), (asked, type) => {
        const everything: PolicyQuestion = {
          ...withActor(asked, {
            type,
            scopes: new Set([...asked.actor.scopes, asked.command.scope]),
            riskCeiling: 'R3',
            roles: Object.keys(roles),
            loginAgeSeconds: 0,
          }),
          command: { ...asked.command, risk: 'R3', actorTypes: [...actorTypes] },
          approval: { approvers: 5, quorum: 1 },
        };
        expect(evaluatePolicy({ ...everything, command: { ...everything.command, risk: 'R3' } }).decision).toBe('deny');
        expect(rankOf({ ...asked, actor: { ...asked.actor, type }, command: { ...asked.command, risk: 'R3' } })).toBe(
          0,
        );
      }),
      runs,
    );
  });

  test('nothing of class R2 or R3 runs without as many approvers as were asked for', () => {
    let approved = 0;
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const { decision, risk, facts } = evaluatePolicy(asked);
        if (decision !== 'allow' || riskRank(risk) < riskRank('R2')) return;
        approved += 1;
        expect(facts.approvers).toBeGreaterThanOrEqual(Math.max(1, asked.approval?.quorum ?? Number.POSITIVE_INFINITY));
      }),
      { numRuns: 10_000 },
    );
    expect(approved).toBeGreaterThan(10);
  });

  test('the same question has the same answer, a published rule gave it, and its explanation agrees', () => {
    const published = new Map(
      ruleSetDescription.filter((rule) => rule.concerns === 'command').map((rule) => [rule.name, rule.decision]),
    );
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const first = evaluatePolicy(asked);
        expect(evaluatePolicy(asked)).toEqual(first);
        expect(published.get(first.rule)).toBe(first.decision);
        const { agrees, decision, rule } = explainDecision(JSON.parse(JSON.stringify(first)));
        expect({ agrees, decision, rule }).toEqual({ agrees: true, decision: first.decision, rule: first.rule });
      }),
      runs,
    );
  });
});

describe('hostile questions', () => {
  // Only under names: the test library looks for symbols of its own in what it generates.
  const throwing = new Proxy(
    {},
    {
      get: (_target, name) => {
        if (typeof name === 'string') throw new Error('read');
      },
    },
  );
  const anyHostile = fc.oneof(
    { weight: 4, arbitrary: fc.anything({ withBigInt: true, withSet: true, withMap: true, withNullPrototype: true }) },
    fc.constant(throwing),
    fc.constantFrom(...actorTypes, ...riskClasses, 'ACTIVE', 'SANDBOX'),
  );

  test('have an answer, and it is no', () => {
    fc.assert(
      fc.property(anyHostile, (asked) => rankOf(asked as PolicyQuestion) === 0),
      runs,
    );
  });

  test('with one part replaced by anything have an answer that JSON can hold, explained by its own facts', () => {
    const paths = [
      ...['actor', 'command', 'environment', 'tenantPolicy', 'amount', 'approval'].map((name) => [name]),
      ...['type', 'scopes', 'riskCeiling', 'roles', 'loginAgeSeconds'].map((name) => ['actor', name]),
      ...['type', 'scope', 'risk', 'actorTypes'].map((name) => ['command', name]),
      ...['kind', 'status'].map((name) => ['environment', name]),
      ...['approvers', 'quorum'].map((name) => ['approval', name]),
    ];
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...paths), anyHostile, (asked, [part = '', field], value) => {
        const whole = { ...asked } as Record<string, unknown>;
        whole[part] = field === undefined ? value : { ...(whole[part] as object), [field]: value };
        const answer = evaluatePolicy(whole as unknown as PolicyQuestion);
        expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
        expect(JSON.stringify(answer.facts).length).toBeLessThan(2000);
        expect(explainDecision(answer).agrees).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  actorTypes,
  type Decision,
  evaluatePolicy,
  type PolicyQuestion,
  type RiskClass,
  riskClasses,
  riskRank,
  ruleSetDescription,
  ruleSetHash,
  ruleSetVersion,
} from './index.ts';

const scope = 'inventory.reservation:create';

function question(change: {
  actor?: Partial<PolicyQuestion['actor']>;
  command?: Partial<PolicyQuestion['command']>;
  environment?: Partial<PolicyQuestion['environment']>;
}): PolicyQuestion {
  return {
    actor: { type: 'USER', scopes: new Set([scope]), riskCeiling: 'R3', ...change.actor },
    command: { type: 'reservation.create', scope, risk: 'R1', ...change.command },
    environment: { kind: 'SANDBOX', status: 'ACTIVE', ...change.environment },
  };
}

/** One letter for each outcome, so that the tables below can be read at a glance. */
const outcomes = {
  a: ['allow', 'scope_granted'],
  c: ['deny', 'risk_above_ceiling'],
  h: ['deny', 'human_only'],
  n: ['needs_approval', 'named_human_approves'],
  s: ['needs_approval', 'second_human_approves'],
} as const satisfies Record<string, readonly [Decision, string]>;

/** Rows: risk of the command. Columns: ceiling of the credential, R0 to R3. For an actor with the scope, in a live environment. */
const tables = {
  human: { R0: 'aaaa', R1: 'caaa', R2: 'ccnn', R3: 'cccs' },
  other: { R0: 'aaaa', R1: 'caaa', R2: 'ccnn', R3: 'ccch' },
} as const;

describe('every combination of actor, risk, scope, ceiling and environment', () => {
  let seen = 0;
  for (const type of actorTypes) {
    for (const risk of riskClasses) {
      for (const [column, riskCeiling] of riskClasses.entries()) {
        for (const kind of ['CONTROL', 'SANDBOX', 'PRODUCTION'] as const) {
          const letter = tables[type === 'USER' ? 'human' : 'other'][risk][column] as keyof typeof outcomes;
          const cases = [
            { status: 'ACTIVE', held: true, expected: outcomes[letter] },
            { status: 'ACTIVE', held: false, expected: ['deny', 'scope_missing'] },
            { status: 'ARCHIVED', held: true, expected: ['deny', 'environment_archived'] },
            { status: 'ARCHIVED', held: false, expected: ['deny', 'environment_archived'] },
          ] as const;
          for (const { status, held, expected } of cases) {
            seen += 1;
            const name = `${type} ${risk} ceiling ${riskCeiling} ${kind} ${status} scope ${held ? 'held' : 'missing'}`;
            test(`${name}: ${expected.join(' by ')}`, () => {
              const scopes = new Set(held ? [scope] : ['inventory.reservation:read']);
              const decision = evaluatePolicy(
                question({ actor: { type, scopes, riskCeiling }, command: { risk }, environment: { kind, status } }),
              );
              expect(decision).toEqual({ decision: expected[0], rule: expected[1], ruleSetVersion, ruleSetHash });
            });
          }
        }
      }
    }
  }

  test('they are all there', () => {
    expect(seen).toBe(5 * 4 * 4 * 3 * 4);
  });
});

describe('a command that names its actor types', () => {
  test.each(actorTypes.map((type) => [type]))('%s is denied unless it is one of them, scope or not', (type) => {
    for (const accepted of actorTypes) {
      const decision = evaluatePolicy(question({ actor: { type }, command: { actorTypes: [accepted] } }));
      expect(decision.decision).toBe(type === accepted ? 'allow' : 'deny');
      if (type !== accepted) expect(decision.rule).toBe('actor_type_not_accepted');
    }
    const nobody = evaluatePolicy(question({ actor: { type }, command: { actorTypes: [] } }));
    expect(nobody).toMatchObject({ decision: 'deny', rule: 'actor_type_not_accepted' });
  });
});

describe('values that no type allows but that data could bring', () => {
  test('a risk class that does not exist is denied, whatever the ceiling', () => {
    for (const risk of ['R4', 'r1', '', '__proto__'] as unknown as RiskClass[]) {
      for (const riskCeiling of [...riskClasses, risk]) {
        const decision = evaluatePolicy(question({ actor: { riskCeiling }, command: { risk } }));
        expect(decision).toMatchObject({ decision: 'deny', rule: 'risk_class_unknown' });
      }
    }
  });

  test('a ceiling that does not exist allows nothing', () => {
    for (const risk of riskClasses) {
      const decision = evaluatePolicy(question({ actor: { riskCeiling: 'R9' as RiskClass }, command: { risk } }));
      expect(decision).toMatchObject({ decision: 'deny', rule: 'risk_above_ceiling' });
    }
  });

  test('an environment status that does not exist is not a live environment', () => {
    const decision = evaluatePolicy(question({ environment: { status: 'PAUSED' as 'ACTIVE' } }));
    expect(decision).toMatchObject({ decision: 'deny', rule: 'environment_archived' });
  });
});

const scopeWords = fc.constantFrom(scope, 'inventory.level:adjust', 'inventory.level:read', 'access.api_key:revoke');

const anyQuestion: fc.Arbitrary<PolicyQuestion> = fc.record({
  actor: fc.record({
    type: fc.constantFrom(...actorTypes),
    scopes: fc.array(scopeWords, { maxLength: 4 }).map((scopes) => new Set<string>(scopes)),
    riskCeiling: fc.constantFrom(...riskClasses),
  }),
  command: fc
    .record({
      scope: scopeWords,
      risk: fc.constantFrom(...riskClasses),
      accepted: fc.option(fc.subarray([...actorTypes]), { nil: null }),
    })
    .map(({ scope: wanted, risk, accepted }) => ({
      type: 'any.command',
      scope: wanted,
      risk,
      ...(accepted === null ? {} : { actorTypes: accepted }),
    })),
  environment: fc.record({
    kind: fc.constantFrom('CONTROL', 'SANDBOX', 'PRODUCTION'),
    status: fc.constantFrom('ACTIVE', 'ARCHIVED'),
  }),
});

const rank: Record<Decision, number> = { deny: 0, needs_approval: 1, allow: 2 };

function rankOf(asked: PolicyQuestion): number {
  return rank[evaluatePolicy(asked).decision];
}

describe('laws', () => {
  test('taking a scope away never allows more', () => {
    fc.assert(
      fc.property(anyQuestion, scopeWords, (asked, taken) => {
        const scopes = new Set([...asked.actor.scopes].filter((one) => one !== taken));
        return rankOf({ ...asked, actor: { ...asked.actor, scopes } }) <= rankOf(asked);
      }),
    );
  });

  test('lowering the ceiling never allows more', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...riskClasses), (asked, riskCeiling) => {
        fc.pre(riskRank(riskCeiling) < riskRank(asked.actor.riskCeiling));
        return rankOf({ ...asked, actor: { ...asked.actor, riskCeiling } }) <= rankOf(asked);
      }),
    );
  });

  test('a higher risk class never allows more', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...riskClasses), (asked, risk) => {
        fc.pre(riskRank(risk) > riskRank(asked.command.risk));
        return rankOf({ ...asked, command: { ...asked.command, risk } }) <= rankOf(asked);
      }),
    );
  });

  test('nothing leads R2 or R3 to allow', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom('R2' as const, 'R3' as const), (asked, risk) => {
        expect(evaluatePolicy({ ...asked, command: { ...asked.command, risk } }).decision).not.toBe('allow');
      }),
    );
  });

  test('R3 is denied to whatever is not a human', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...actorTypes.filter((type) => type !== 'USER')), (asked, type) => {
        const risky = { ...asked, actor: { ...asked.actor, type }, command: { ...asked.command, risk: 'R3' as const } };
        expect(evaluatePolicy(risky).decision).toBe('deny');
      }),
    );
  });

  test('R0 to R2 treat an agent, a service, a connector and the system like a human', () => {
    fc.assert(
      fc.property(anyQuestion, fc.constantFrom(...actorTypes), (asked, type) => {
        fc.pre(asked.command.risk !== 'R3' && asked.command.actorTypes === undefined);
        expect(evaluatePolicy({ ...asked, actor: { ...asked.actor, type } })).toEqual(evaluatePolicy(asked));
      }),
    );
  });

  test('the same question has the same answer, and a rule of the published list gave it', () => {
    const published = new Map(ruleSetDescription.map((rule) => [rule.name, rule.decision]));
    expect(published.size).toBe(ruleSetDescription.length);
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const first = evaluatePolicy(asked);
        expect(evaluatePolicy(asked)).toEqual(first);
        expect(published.get(first.rule)).toBe(first.decision);
      }),
    );
  });
});

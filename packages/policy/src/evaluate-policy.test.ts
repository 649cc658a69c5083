import { describe, expect, test } from 'bun:test';
import {
  type ActorType,
  actorTypes,
  environmentKinds,
  environmentStatuses,
  evaluatePolicy,
  parseTenantPolicy,
  type PolicyQuestion,
  type RiskClass,
  riskClasses,
} from './index.ts';

const scope = 'inventory.level:adjust';
const limited = parseTenantPolicy({ raiseAbove: { 'inventory.adjust': 500 } })!;

function question(change: {
  actor?: Partial<PolicyQuestion['actor']>;
  command?: Partial<PolicyQuestion['command']>;
  environment?: Partial<PolicyQuestion['environment']>;
}): PolicyQuestion {
  return {
    actor: { type: 'USER', scopes: new Set([scope]), riskCeiling: 'R3', loginAgeSeconds: 10, ...change.actor },
    command: { type: 'inventory.adjust', scope, risk: 'R1', ...change.command },
    environment: { kind: 'SANDBOX', status: 'ACTIVE', ...change.environment },
  };
}

/** The cases of the table, in plain words. */
interface Case {
  readonly type: ActorType;
  readonly risk: RiskClass;
  readonly held: boolean;
  readonly ceiling: RiskClass;
  readonly archived: boolean;
  readonly loginAge: number | null;
  readonly approval: { readonly approvers: number; readonly quorum: number } | null;
  readonly amount: number | null;
  readonly accepted: 'all' | 'this' | 'another';
}

/** What the issue says, without a look at the rules: who may do what, at once or after a human's approval. */
function expected({ type, risk, held, ceiling, archived, loginAge, approval, amount, accepted }: Case): string {
  const counts = risk === 'R1' && amount !== null && amount > 500 ? 'R2' : risk;
  if (archived) return 'deny environment_archived';
  if (accepted === 'another') return 'deny actor_type_not_accepted';
  if (!held) return 'deny scope_missing';
  // R0 to R3 sort as text.
  if (counts > ceiling) return 'deny risk_above_ceiling';
  if (counts === 'R0' || counts === 'R1') return 'allow scope_granted';
  if (counts === 'R3' && type !== 'USER') return 'deny human_only';
  if (approval !== null && approval.approvers >= approval.quorum) return 'allow approved_by_quorum';
  if (counts === 'R2') return 'needs_approval named_human_approves';
  if (approval !== null) return 'needs_approval second_human_approves';
  if (loginAge === null) return 'deny login_not_fresh';
  return loginAge <= 900 ? 'needs_approval second_human_approves' : 'deny login_not_fresh';
}

function* cases(type: ActorType): Generator<Case & { kind: (typeof environmentKinds)[number] }> {
  const approvals = [null, [0, 1], [1, 1], [1, 2], [2, 2], [3, 2]] as const;
  for (const risk of riskClasses)
    for (const held of [true, false])
      for (const ceiling of riskClasses)
        for (const kind of environmentKinds)
          for (const status of environmentStatuses)
            for (const loginAge of [null, 0, 900, 901])
              for (const [approvers, quorum] of approvals.map((pair) => pair ?? ([null, null] as const)))
                for (const amount of [null, 0, 500, 501])
                  for (const accepted of ['all', 'this', 'another'] as const)
                    yield {
                      type,
                      risk,
                      held,
                      ceiling,
                      kind,
                      loginAge,
                      amount,
                      accepted,
                      archived: status === 'ARCHIVED',
                      approval: approvers === null ? null : { approvers, quorum },
                    };
}

const acceptedTypes = (type: ActorType, accepted: Case['accepted']): { actorTypes?: readonly ActorType[] } => {
  if (accepted === 'all') return {};
  return { actorTypes: actorTypes.filter((one) => (one === type) === (accepted === 'this')) };
};

describe('every combination of actor, risk, scope, ceiling, environment, login, approval and amount', () => {
  test.each(actorTypes.map((type) => [type]))('%s', (type) => {
    const seen = new Map<string, number>();
    const wrong: unknown[] = [];
    for (const one of cases(type)) {
      const { decision, rule, risk } = evaluatePolicy({
        actor: {
          type,
          scopes: new Set([one.held ? scope : 'inventory.level:read']),
          riskCeiling: one.ceiling,
          loginAgeSeconds: one.loginAge,
        },
        command: { type: 'inventory.adjust', scope, risk: one.risk, ...acceptedTypes(type, one.accepted) },
        environment: { kind: one.kind, status: one.archived ? 'ARCHIVED' : 'ACTIVE' },
        amount: one.amount,
        approval: one.approval,
        tenantPolicy: limited,
      });
      const answer = `${decision} ${rule}`;
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
      const isRaised = one.risk === 'R1' && one.amount === 501;
      if (answer !== expected(one) || risk !== (isRaised ? 'R2' : one.risk)) wrong.push({ ...one, answer, risk });
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(4 * 2 * 4 * 3 * 2 * 4 * 6 * 4 * 3);
    expect([...seen.keys()].toSorted()).toEqual(type === 'USER' ? answersToHumans : answersToOthers);
  });
});

const answersToAll = [
  'allow approved_by_quorum',
  'allow scope_granted',
  'deny actor_type_not_accepted',
  'deny environment_archived',
  'deny risk_above_ceiling',
  'deny scope_missing',
  'needs_approval named_human_approves',
];
const answersToHumans = [...answersToAll, 'deny login_not_fresh', 'needs_approval second_human_approves'].toSorted();
const answersToOthers = [...answersToAll, 'deny human_only'].toSorted();

describe('values that no type allows but that data could bring', () => {
  test('accepted actor types that are no list accept nobody', () => {
    for (const accepted of ['USER', { 0: 'USER' }, 7]) {
      const asked = question({ command: { actorTypes: accepted as unknown as ActorType[] } });
      expect(evaluatePolicy(asked)).toMatchObject({ decision: 'deny', rule: 'actor_type_not_accepted' });
    }
  });

  test('a risk class that does not exist is denied, whatever the ceiling', () => {
    for (const risk of ['R4', 'r1', '', '__proto__'] as unknown as RiskClass[]) {
      for (const riskCeiling of [...riskClasses, risk]) {
        const decision = evaluatePolicy(question({ actor: { riskCeiling }, command: { risk } }));
        expect(decision).toMatchObject({ decision: 'deny', rule: 'risk_class_unknown', risk: 'R3' });
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

  test.each([
    [Number.NaN],
    [-1],
    [-0.5],
    [Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [2 ** 53],
    ['5' as unknown as number],
    [true as unknown as number],
    [5n as unknown as number],
  ])('a count of %p denies, wherever it stands', (wrong) => {
    for (const risk of riskClasses) {
      const asked = question({ command: { risk } });
      const wrongly: PolicyQuestion[] = [
        { ...asked, amount: wrong },
        { ...asked, actor: { ...asked.actor, loginAgeSeconds: wrong } },
        { ...asked, approval: { approvers: wrong, quorum: 1 } },
        { ...asked, approval: { approvers: 1, quorum: wrong } },
      ];
      for (const one of wrongly)
        expect(evaluatePolicy(one)).toMatchObject({ decision: 'deny', rule: 'facts_malformed' });
    }
  });

  test('no quorum is one that nobody, a part of somebody or a crowd reaches', () => {
    for (const quorum of [0, 0.5, 6]) {
      const asked = { ...question({ command: { risk: 'R2' } }), approval: { approvers: 7, quorum } };
      expect(evaluatePolicy(asked)).toMatchObject({ decision: 'deny', rule: 'facts_malformed' });
    }
  });

  test('an actor type, an environment kind or a scope that does not exist is denied', () => {
    const wrongly: PolicyQuestion[] = [
      question({ actor: { type: 'ROOT' as 'USER' } }),
      question({ environment: { kind: 'STAGING' as 'SANDBOX' } }),
      question({ command: { scope: 'everything' }, actor: { scopes: new Set(['everything']) } }),
    ];
    for (const asked of wrongly)
      expect(evaluatePolicy(asked)).toMatchObject({ decision: 'deny', rule: 'facts_malformed' });
  });

  test('a tenant policy that does not parse denies, whatever the command', () => {
    for (const tenantPolicy of [{ quorum: 1 }, { raiseAbove: { 'inventory.adjust': -1 } }, null, 'none', []]) {
      for (const risk of riskClasses) {
        const asked = { ...question({ command: { risk } }), tenantPolicy } as unknown as PolicyQuestion;
        expect(evaluatePolicy(asked)).toMatchObject({ decision: 'deny', rule: 'facts_malformed' });
      }
    }
  });

  test('a login or an amount just above its limit is above it, by however little', () => {
    const r3 = question({ command: { risk: 'R3' }, actor: { loginAgeSeconds: 900.001 } });
    expect(evaluatePolicy(r3)).toMatchObject({ rule: 'login_not_fresh', facts: { loginAgeSeconds: 901 } });
    expect(evaluatePolicy({ ...question({}), tenantPolicy: limited, amount: 500.001 })).toMatchObject({ risk: 'R2' });
  });
});

describe('the settings of a tenant', () => {
  const asked = question({ command: { risk: 'R2' } });

  test('count for the command that they name, and for what every object inherits not at all', () => {
    const tenantPolicy = parseTenantPolicy({
      raiseAbove: { 'inventory.adjust': 0 },
      quorum: { 'inventory.adjust': 2 },
    })!;
    for (const type of ['inventory.set', 'constructor', 'toString', '__proto__']) {
      const other = { ...question({ command: { type } }), tenantPolicy, amount: 1 };
      expect(evaluatePolicy(other)).toMatchObject({ decision: 'allow', risk: 'R1', facts: { amountLimit: null } });
    }
    expect(evaluatePolicy({ ...question({}), tenantPolicy, amount: 1 })).toMatchObject({ risk: 'R2' });
  });

  test('a quorum that the tenant raised since the request counts, and one that it lowered does not', () => {
    const quorum = (votes: number): { tenantPolicy: NonNullable<PolicyQuestion['tenantPolicy']> } => ({
      tenantPolicy: parseTenantPolicy({ quorum: { 'inventory.adjust': votes } })!,
    });
    const approved = { ...asked, approval: { approvers: 2, quorum: 2 } };
    expect(evaluatePolicy({ ...approved, ...quorum(1) }).decision).toBe('allow');
    expect(evaluatePolicy({ ...approved, ...quorum(3) }).decision).toBe('needs_approval');
    const lowered = { ...asked, approval: { approvers: 2, quorum: 3 }, ...quorum(1) };
    expect(evaluatePolicy(lowered)).toMatchObject({ decision: 'needs_approval', facts: { quorum: 3 } });
  });

  test('a shorter login age than the default counts for R3', () => {
    const tenantPolicy = parseTenantPolicy({ loginMaxAgeSeconds: 60 })!;
    const proposal = (loginAgeSeconds: number): PolicyQuestion => ({
      ...question({ command: { risk: 'R3' }, actor: { loginAgeSeconds } }),
      tenantPolicy,
    });
    expect(evaluatePolicy(proposal(60)).rule).toBe('second_human_approves');
    expect(evaluatePolicy(proposal(61)).rule).toBe('login_not_fresh');
  });
});

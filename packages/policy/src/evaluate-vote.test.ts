import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  type ActorType,
  actorTypes,
  evaluateVote,
  parseTenantPolicy,
  ruleSetDescription,
  type VoteQuestion,
} from './index.ts';
import { anyActorType, anyLoginAge, anyRoles, anyScopes, anyTenantPolicy } from './testing/any-question.ts';

const decide = 'governance.approval:decide';

function vote(change: {
  voter?: Partial<VoteQuestion['voter']>;
  request?: Partial<VoteQuestion['request']>;
  votedAlready?: readonly string[];
  tenantPolicy?: VoteQuestion['tenantPolicy'];
}): VoteQuestion {
  return {
    voter: {
      type: 'USER',
      id: 'prn_ada',
      scopes: new Set([decide]),
      roles: ['approver'],
      loginAgeSeconds: 10,
      ...change.voter,
    },
    request: {
      commandType: 'reservation.cancel',
      risk: 'R2',
      requestedBy: 'prn_agent',
      onBehalfOf: 'prn_sam',
      owners: ['prn_kim'],
      ...change.request,
    },
    votedAlready: change.votedAlready ?? ['prn_lee'],
    ...(change.tenantPolicy && { tenantPolicy: change.tenantPolicy }),
  };
}

const byOperators = parseTenantPolicy({ approverRoles: { 'reservation.cancel': ['operator'] } })!;
const strict = parseTenantPolicy({ loginMaxAgeSeconds: 60 })!;

describe('a vote', () => {
  test.each<[string, VoteQuestion, string]>([
    ['by a human apart from the request', vote({}), 'named_human_votes'],
    ['with a login of the last permitted second', vote({ voter: { loginAgeSeconds: 900 } }), 'named_human_votes'],
    ['with a login one second older', vote({ voter: { loginAgeSeconds: 901 } }), 'login_not_fresh'],
    [
      'with a login too old for this tenant',
      vote({ voter: { loginAgeSeconds: 61 }, tenantPolicy: strict }),
      'login_not_fresh',
    ],
    ['with a key behind which nobody logged in', vote({ voter: { loginAgeSeconds: null } }), 'login_not_fresh'],
    ['with a login in the future', vote({ voter: { loginAgeSeconds: -1 } }), 'login_not_fresh'],
    ['with a login of no age', vote({ voter: { loginAgeSeconds: Number.NaN } }), 'login_not_fresh'],
    ['without the scope', vote({ voter: { scopes: new Set(['governance.approval:read']) } }), 'scope_missing'],
    ['by the requester', vote({ request: { requestedBy: 'prn_ada' } }), 'voter_is_requester'],
    [
      'by the human on whose behalf it was asked',
      vote({ request: { onBehalfOf: 'prn_ada' } }),
      'voter_is_behind_requester',
    ],
    ['by an owner of the agent', vote({ request: { owners: ['prn_kim', 'prn_ada'] } }), 'voter_is_behind_requester'],
    ['a second time', vote({ votedAlready: ['prn_lee', 'prn_ada'] }), 'voted_already'],
    ['on a request with nobody behind it', vote({ request: { onBehalfOf: null, owners: [] } }), 'named_human_votes'],
    ['without the role that the tenant names', vote({ tenantPolicy: byOperators }), 'approver_role_missing'],
    ['with it', vote({ tenantPolicy: byOperators, voter: { roles: ['approver', 'operator'] } }), 'named_human_votes'],
    [
      'on another command than the role is named for',
      vote({ tenantPolicy: byOperators, request: { commandType: 'inventory.adjust' } }),
      'named_human_votes',
    ],
    ['in a live environment', vote({ voter: { environmentStatus: 'ACTIVE' } }), 'named_human_votes'],
    ['in an archived environment', vote({ voter: { environmentStatus: 'ARCHIVED' } }), 'environment_archived'],
    ['on a request of no risk class', vote({ request: { risk: 'R4' as 'R3' } }), 'vote_malformed'],
    ['of nobody', vote({ voter: { id: '' } }), 'vote_malformed'],
    ['under a tenant policy that does not parse', vote({ tenantPolicy: { quorum: 0 } as never }), 'vote_malformed'],
  ])('%s', (_name, asked, rule) => {
    const said = ruleSetDescription.find((one) => one.concerns === 'vote' && one.name === rule);
    expect(said).toBeDefined();
    expect(evaluateVote(asked)).toEqual({ allowed: rule === 'named_human_votes', rule, says: said?.says ?? '' });
  });

  test.each(actorTypes.filter((type) => type !== 'USER').map((type) => [type]))(
    'by a %s is none, also on R2',
    (type) => {
      for (const risk of ['R2', 'R3'] as const) {
        expect(evaluateVote(vote({ voter: { type }, request: { risk } }))).toMatchObject({ rule: 'voter_not_human' });
      }
    },
  );

  test('names the first rule that stands against it', () => {
    const everything = vote({
      voter: { type: 'AGENT', loginAgeSeconds: null, scopes: new Set(), environmentStatus: 'ARCHIVED' },
      request: { requestedBy: 'prn_ada', onBehalfOf: 'prn_ada' },
      votedAlready: ['prn_ada'],
      tenantPolicy: byOperators,
    });
    expect(evaluateVote(everything).rule).toBe('environment_archived');
  });
});

const anyId = fc.constantFrom('prn_a', 'prn_b', 'prn_c', 'prn_d', 'prn_e');
const anyVote: fc.Arbitrary<VoteQuestion> = fc.record(
  {
    voter: fc.record(
      {
        type: fc.oneof(anyActorType, fc.constant('USER' as const)),
        id: anyId,
        scopes: fc.oneof(anyScopes, fc.constant(new Set([decide]))),
        roles: anyRoles,
        loginAgeSeconds: anyLoginAge,
        environmentStatus: fc.constantFrom('ACTIVE', 'ARCHIVED'),
      },
      { requiredKeys: ['type', 'id', 'scopes', 'roles', 'loginAgeSeconds'] },
    ),
    request: fc.record({
      commandType: fc.constantFrom('inventory.adjust', 'reservation.cancel', 'toString'),
      risk: fc.constantFrom('R2', 'R3'),
      requestedBy: anyId,
      onBehalfOf: fc.option(anyId),
      owners: fc.array(anyId, { maxLength: 2 }),
    }),
    votedAlready: fc.uniqueArray(anyId, { maxLength: 3 }),
    tenantPolicy: anyTenantPolicy,
  },
  { requiredKeys: ['voter', 'request', 'votedAlready'] },
);

/** The words: who may not vote. */
function mayVote({ voter, request, votedAlready, tenantPolicy }: VoteQuestion): boolean {
  const named = tenantPolicy?.approverRoles[request.commandType];
  if (voter.type !== 'USER' || !voter.scopes.has(decide) || voter.environmentStatus === 'ARCHIVED') return false;
  if (voter.loginAgeSeconds === null || voter.loginAgeSeconds > (tenantPolicy?.loginMaxAgeSeconds ?? 900)) return false;
  if ([request.requestedBy, request.onBehalfOf, ...request.owners, ...votedAlready].includes(voter.id)) return false;
  return !Array.isArray(named) || voter.roles.some((role) => named.includes(role));
}

describe('laws', () => {
  test('a vote is allowed exactly when nothing that the issue names stands against it', () => {
    const seen = { allowed: 0, denied: 0 };
    fc.assert(
      fc.property(anyVote, (asked) => {
        const { allowed } = evaluateVote(asked);
        seen[allowed ? 'allowed' : 'denied'] += 1;
        expect(allowed).toBe(mayVote(asked));
      }),
      { numRuns: 10_000 },
    );
    expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(200);
  });

  test('no scope, role, login or distance taken away allows a vote', () => {
    fc.assert(
      fc.property(anyVote, anyRoles, (asked, kept) => {
        const { voter, request } = asked;
        const lesser: VoteQuestion[] = [
          { ...asked, voter: { ...voter, scopes: new Set([...voter.scopes].slice(1)) } },
          {
            ...asked,
            voter: { ...voter, roles: voter.roles.filter((role) => !(kept as readonly string[]).includes(role)) },
          },
          { ...asked, voter: { ...voter, loginAgeSeconds: null } },
          {
            ...asked,
            voter: { ...voter, loginAgeSeconds: voter.loginAgeSeconds === null ? null : voter.loginAgeSeconds + 1 },
          },
          { ...asked, request: { ...request, owners: [...request.owners, 'prn_a'] } },
          { ...asked, request: { ...request, onBehalfOf: request.onBehalfOf ?? 'prn_b' } },
          { ...asked, votedAlready: [...asked.votedAlready, 'prn_c'] },
        ];
        if (!evaluateVote(asked).allowed) for (const one of lesser) expect(evaluateVote(one).allowed).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever it is given, it answers, and no', () => {
    const throwing = new Proxy(vote({}), {
      get: () => {
        throw new Error('read');
      },
    });
    expect(evaluateVote(throwing)).toMatchObject({ allowed: false, rule: 'vote_malformed' });
    const parts = ['voter', 'request', 'votedAlready', 'tenantPolicy'] as const;
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withSet: true }), fc.constantFrom(...parts), (value, part) => {
        expect(evaluateVote(value as VoteQuestion).allowed).toBe(false);
        fc.pre(!(part === 'tenantPolicy' || (part === 'votedAlready' && Array.isArray(value))));
        expect(evaluateVote({ ...vote({}), [part]: value }).allowed).toBe(false);
      }),
    );
    for (const type of ['user', '', 'ROOT']) {
      expect(evaluateVote(vote({ voter: { type: type as ActorType } })).rule).toBe('voter_not_human');
    }
  });
});

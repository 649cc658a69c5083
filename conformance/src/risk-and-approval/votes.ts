import type { Check } from '../harness/check.ts';
import type { Evidence } from '../harness/evidence.ts';
import { comparable, partingOf } from '../governance/comparable.ts';
import type { Client, Governed, GovernedTenant } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { propose } from '../governance/things.ts';
import { requestLike } from '../surface/rewriting.ts';
import { oldLoginSeconds } from './callers.ts';
import { approvalIn, endOf, requestOf, statusOf, type Stock, stockOf } from './requests.ts';
import { replacedCommand, replacedRule } from './saboteurs.ts';

const votes = ['approval.approve', 'approval.deny'] as const;

interface Barred {
  readonly caseName: string;
  /** Whose request it is. */
  readonly requester: Client;
  readonly voter: Client;
  readonly due: string;
}

/** Everybody who must not vote, on a request of whom, and what they are told. */
async function barredFrom(tenant: GovernedTenant): Promise<readonly Barred[]> {
  const requester = tenant.key('user');
  const agent = tenant.key('agent');
  const owner = await tenant.session('owner');
  const by = (voter: Client, due: string, caseName: string): Barred => ({ caseName, requester, voter, due });
  return [
    by(await tenant.session('user'), 'vote_not_allowed voter_is_requester', 'the requester'),
    by(requester, 'vote_not_allowed login_not_fresh', 'the requester’s key'),
    { ...by(owner, 'vote_not_allowed voter_is_behind_requester', 'the human behind an agent'), requester: agent },
    {
      ...by(owner, 'vote_not_allowed voter_is_behind_requester', 'the owner of a service'),
      requester: tenant.key('service'),
    },
    ...(['service', 'connector', 'agent', 'system'] as const).map((process) =>
      by(tenant.key(process), 'policy_denied actor_type_not_accepted', 'whoever is no human'),
    ),
    by(tenant.key('ada'), 'vote_not_allowed login_not_fresh', 'a human’s key'),
    by(
      await tenant.session('ada', 'sandbox', oldLoginSeconds),
      'vote_not_allowed login_not_fresh',
      'a human whose login is old',
    ),
    by(await tenant.session('spare'), 'policy_denied scope_missing', 'a human without the scope'),
  ];
}

async function tryBarred(governed: Governed, evidence: Evidence, stock: Stock): Promise<void> {
  for (const { caseName, requester, voter, due } of await barredFrom(stock.tenant)) {
    for (const vote of votes) {
      const request = await requestOf(requester, stock);
      const end = endOf(await voter.send(vote, { approvalId: request.approvalId }));
      const { status, votes: counted } = await approvalIn(governed, request.approvalId);
      evidence.see(caseName);
      const where = `${caseName} (${voter.who}), ${vote}`;
      if (end !== due) evidence.violation(`${where}: ${end}, where ${due} was due`);
      if (status !== 'REQUESTED' || counted > 0) {
        evidence.violation(`${where}: the request is ${String(status)} with ${counted} votes afterwards`);
      }
    }
  }
}

/** Of a command that asks for two votes, the first one's second vote is none; the second human's runs it. */
async function oneVoteEach(governed: Governed, evidence: Evidence, { tenant, variantId }: Stock): Promise<void> {
  const ada = await tenant.session('ada');
  const bob = await tenant.session('bob');
  const approvalId = await propose(tenant.key('user'), 'inventory.set_oversell_policy', { variantId, mode: 'STRICT' });
  const expected = [
    { voter: ada, vote: 'approval.approve', due: 'REQUESTED' },
    { voter: ada, vote: 'approval.approve', due: 'vote_not_allowed voted_already' },
    { voter: ada, vote: 'approval.deny', due: 'vote_not_allowed voted_already' },
    { voter: bob, vote: 'approval.approve', due: 'EXECUTED' },
  ];
  for (const [position, { voter, vote, due }] of expected.entries()) {
    const end = endOf(await voter.send(vote, { approvalId }));
    evidence.see('one vote for each human');
    if (end !== due) evidence.violation(`one vote for each human, ${position + 1}: ${end}, where ${due} was due`);
  }
  const { votes: counted } = await approvalIn(governed, approvalId);
  if (counted !== 2) evidence.violation(`one vote for each human: two humans left ${counted} votes`);
}

/** A request is found where it was made; elsewhere it is as if it did not exist. */
async function fromElsewhere(
  evidence: Evidence,
  stock: Stock,
  { stranger }: { readonly stranger: GovernedTenant },
): Promise<void> {
  const { tenant } = stock;
  const { approvalId } = await requestOf(tenant.key('user'), stock);
  const missing = `${approvalId.slice(0, -8)}00000000`;
  const places = [
    { caseName: 'from another environment', voter: await tenant.session('bob', 'production'), more: {} },
    { caseName: 'from another tenant', voter: await stranger.session('bob'), more: {} },
    { caseName: 'as if it were the tenant’s', voter: await tenant.session('bob'), more: { level: 'tenant' } },
  ];
  for (const { caseName, voter, more } of places) {
    for (const vote of [...votes, 'approval.cancel']) {
      const found = await voter.send(vote, { approvalId, ...more });
      const none = await voter.send(vote, { approvalId: missing, ...more });
      evidence.see(caseName);
      const where = `${caseName}, ${vote}`;
      if (endOf(found) !== 'approval_not_found') evidence.violation(`${where}: ${endOf(found)}`);
      const [one, other] = [comparable(found), comparable(none)];
      if (one !== other) evidence.violation(`${where}: told apart from what is missing by ${partingOf(one, other)}`);
    }
  }
}

/** Without it, refusals would prove nothing: another human's vote counts, and runs what waited. */
async function control(evidence: Evidence, stock: Stock): Promise<void> {
  const request = await requestOf(stock.tenant.key('user'), stock);
  const end = endOf(
    await (await stock.tenant.session('ada')).send('approval.approve', { approvalId: request.approvalId }),
  );
  evidence.see('control: another human');
  if (end !== 'EXECUTED') evidence.violation(`control: another human: ${end}, where EXECUTED was due`);
  const status = await statusOf(stock.tenant.key('user'), request);
  if (status !== 'CANCELLED') evidence.violation(`control: another human: the reservation is ${String(status)}`);
}

export const votesAreGuarded: Check<Governed> = governedCheck({
  id: 'risk-and-approval.votes',
  claim:
    'Only another human votes, once, after a recent login, where the request was made: never the requester, the human behind an agent or service, a key, or anything that is no human.',
  mechanism: 'votes for and against waiting commands over HTTP by everybody who must not, and the tables afterwards',
  cases: [
    'control: another human',
    'the requester',
    'the requester’s key',
    'the human behind an agent',
    'the owner of a service',
    'whoever is no human',
    'a human’s key',
    'a human whose login is old',
    'a human without the scope',
    'one vote for each human',
    'from another environment',
    'from another tenant',
    'as if it were the tenant’s',
  ],
  async run(governed, evidence) {
    const stock = await stockOf(await governed.createTenant('Votes'));
    const stranger = await governed.createTenant('Votes of a stranger');
    await control(evidence, stock);
    await tryBarred(governed, evidence, stock);
    await oneVoteEach(governed, evidence, stock);
    await fromElsewhere(evidence, stock, { stranger });
  },
  saboteurs: [
    {
      name: 'votes are taken without being judged',
      mentions: 'the requester (USER with a session), approval.approve: ',
      // Every rule that denies a vote is gone, and so nothing is left to judge.
      apply: ({ changeRules }) =>
        changeRules(({ voteRules }) => {
          const allowing = voteRules.filter(({ decision }) => decision === 'allow');
          voteRules.splice(0, Infinity, ...allowing);
        }),
    },
    replacedRule(
      { name: 'the human behind an agent may vote', mentions: 'the human behind an agent (USER with a session)' },
      { list: 'voteRules', rule: 'voter_is_behind_requester', change: () => null },
    ),
    replacedRule(
      { name: 'a key votes like a login', mentions: 'a human’s key (USER with a key)' },
      { list: 'voteRules', rule: 'login_not_fresh', change: () => null },
    ),
    replacedCommand(
      {
        name: 'denying is open to every type of actor',
        mentions: 'whoever is no human (AGENT with a key), approval.deny',
      },
      { type: 'approval.deny', change: ({ actorTypes: _types, ...command }) => command },
    ),
    {
      name: 'a vote from elsewhere is told that the request exists',
      mentions: 'from another tenant, approval.approve',
      apply: async ({ recompose, query }) => {
        recompose({
          around: (handler) => async (request) => {
            const text = await request.clone().text();
            const id = /"approvalId":"apr_([0-9a-f-]{36})"/.exec(text)?.[1];
            const response = await handler(await requestLike(request, {}));
            if (id === undefined || response.status !== 404) return response;
            const known = await query('SELECT FROM kf.approvals WHERE id = $1', [id]);
            return known.length === 0
              ? response
              : new Response(await response.text(), { status: 403, headers: response.headers });
          },
        });
      },
    },
  ],
});

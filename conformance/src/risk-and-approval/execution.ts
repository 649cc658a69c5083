import { access, type AnyCommand, type DecisionContext, type PausedCommand } from '@karmanflow/commands';
import type { Check } from '../harness/check.ts';
import type { Evidence } from '../harness/evidence.ts';
import type { Client, Governed, GovernedTenant } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { dataOf, receiptOf, succeed } from '../governance/things.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { approvalIn, askAgain, endOf, type Request, requestOf, statusOf, type Stock, stockOf } from './requests.ts';
import { replacedCommand, replacedRule } from './saboteurs.ts';

interface Place {
  readonly governed: Governed;
  readonly evidence: Evidence;
  readonly tenant: GovernedTenant;
  readonly stock: Stock;
  readonly reader: Client;
}

/** Says what is, where it is not what was due. */
function compare({ evidence }: Place, caseName: string, pair: { readonly is: unknown; readonly due: unknown }): void {
  evidence.see(caseName);
  const [is, due] = [JSON.stringify(pair.is), JSON.stringify(pair.due)];
  if (is !== due) evidence.violation(`${caseName}: ${is}, where ${due} was due`);
}

async function asked(place: Place, requester: Client): Promise<Request> {
  const request = await requestOf(requester, place.stock);
  compare(place, 'it waits until the vote', { is: request.answer.status, due: 202 });
  const status = await statusOf(place.reader, request);
  compare(place, 'it waits until the vote', { is: status, due: 'ACTIVE' });
  const again = await askAgain(request);
  compare(place, 'a replay while it waits', {
    is: [again.status, again.json['replayed'], dataOf(again)['approvalId'], dataOf(again)['status']],
    due: [202, true, request.approvalId, 'REQUESTED'],
  });
  return request;
}

/** The deciding vote runs the command, once, and the receipt of the run names everybody. */
async function runs(place: Place): Promise<void> {
  const { tenant, reader } = place;
  const request = await asked(place, tenant.key('agent'));
  const ada = await tenant.session('ada');
  const vote = await ada.send('approval.approve', { approvalId: request.approvalId });
  const { status, executionReceiptId } = dataOf(vote);
  compare(place, 'it runs in the vote', { is: [vote.status, status], due: [200, 'EXECUTED'] });
  compare(place, 'it runs in the vote', { is: await statusOf(reader, request), due: 'CANCELLED' });
  const document = await reader.read(`/v1/receipts/${String(executionReceiptId)}`);
  const receipt = isObject(document.json['receipt']) ? document.json['receipt'] : {};
  const waiting = receiptOf(request.answer);
  const named = 'its receipt names requester, human behind, approvers and approval';
  const due = {
    actor: waiting['actor'],
    credential: waiting['credential'],
    approval: { approvalId: request.approvalId, approvers: [ada.principalId] },
    causationId: receiptOf(vote)['receiptId'],
  };
  for (const [field, value] of Object.entries(due)) {
    compare(place, named, { is: { [field]: receipt[field] }, due: { [field]: value } });
  }
  compare(place, 'its receipt names the very command that was asked for', {
    is: receipt['command'],
    due: waiting['command'],
  });
  const { onBehalfOf } = isObject(receipt['actor']) ? receipt['actor'] : ({} as JsonObject);
  compare(place, named, { is: onBehalfOf, due: tenant.principals.owner });
  const again = await askAgain(request);
  compare(place, 'a replay after it ran', {
    is: [again.status, again.json['replayed'], receiptOf(again)['receiptId'], dataOf(again)['status']],
    due: [200, true, executionReceiptId, 'CANCELLED'],
  });
  const late = await (await tenant.session('bob')).send('approval.approve', { approvalId: request.approvalId });
  compare(place, 'it runs once', { is: endOf(late), due: 'approval_not_pending' });
  const runsOfIt = await place.governed.query(
    `SELECT FROM kf.command_receipts WHERE command_type = 'reservation.cancel' AND status = 'SUCCEEDED'
       AND convert_from(body, 'UTF8') LIKE '%' || $1 || '%'`,
    [request.approvalId],
  );
  compare(place, 'it runs once', { is: runsOfIt.length, due: 1 });
}

async function deniedForGood(place: Place): Promise<void> {
  const { tenant, reader } = place;
  const request = await asked(place, tenant.key('service'));
  const caseName = 'after a denial';
  const denial = await (await tenant.session('bob')).send('approval.deny', { approvalId: request.approvalId });
  compare(place, caseName, { is: endOf(denial), due: 'DENIED' });
  for (const voter of [await tenant.session('ada'), await tenant.session('bob')]) {
    for (const vote of ['approval.approve', 'approval.deny']) {
      const end = endOf(await voter.send(vote, { approvalId: request.approvalId }));
      compare(place, caseName, { is: end, due: 'approval_not_pending' });
    }
  }
  compare(place, caseName, { is: await statusOf(reader, request), due: 'ACTIVE' });
  const again = await askAgain(request);
  compare(place, caseName, { is: [again.status, dataOf(again)['status']], due: [202, 'DENIED'] });
}

/** Whoever asked may no longer: the vote that decides finds that out, whatever the approver says. */
async function authorityIsGone(place: Place): Promise<void> {
  const { governed, tenant, reader } = place;
  const request = await asked(place, tenant.key('connector'));
  const caseName = 'after the requester’s key was revoked';
  const apiKeyId = access.parseApiKey(tenant.apiKey('connector'))?.apiKeyId;
  await succeed(tenant.key('user'), 'access.revoke_api_key', { apiKeyId });
  const vote = await (await tenant.session('ada')).send('approval.approve', { approvalId: request.approvalId });
  compare(place, caseName, {
    is: [dataOf(vote)['status'], dataOf(vote)['failure']],
    due: ['FAILED', 'scope_missing'],
  });
  compare(place, caseName, { is: await statusOf(reader, request), due: 'ACTIVE' });
  compare(place, caseName, { is: (await approvalIn(governed, request.approvalId)).status, due: 'FAILED' });
}

/** The command that approves, with what it hands to the pipeline changed. */
function handingOn(change: (paused: PausedCommand) => PausedCommand): (command: AnyCommand) => AnyCommand {
  return (command) => ({
    ...command,
    decide: (state, input, ctx) =>
      command.decide(state, input, {
        ...ctx,
        execute: (paused) => ctx.execute(change(paused)),
      } satisfies DecisionContext),
  });
}

const approve = 'approval.approve';

export const executionIsBound: Check<Governed> = governedCheck({
  id: 'risk-and-approval.execution',
  claim:
    'An approved command runs once, inside the deciding vote, after policy was asked again; its receipt names requester, approval and approvers; a denial is for good; a replay answers with what became of it.',
  mechanism:
    'requests of an agent, a service and a connector over HTTP, decided by humans; receipts, replays and tables afterwards',
  cases: [
    'it waits until the vote',
    'a replay while it waits',
    'it runs in the vote',
    'it runs once',
    'its receipt names requester, human behind, approvers and approval',
    'its receipt names the very command that was asked for',
    'a replay after it ran',
    'after a denial',
    'after the requester’s key was revoked',
  ],
  async run(governed, evidence) {
    const tenant = await governed.createTenant('Execution');
    const place = { governed, evidence, tenant, stock: await stockOf(tenant), reader: tenant.key('user') };
    await runs(place);
    await deniedForGood(place);
    await authorityIsGone(place);
  },
  saboteurs: [
    replacedCommand(
      {
        name: 'an approved command runs whatever policy says by now',
        mentions: 'after the requester’s key was revoked: ["EXECUTED",null]',
      },
      {
        type: approve,
        change: handingOn((paused) => ({
          ...paused,
          decision: { ...paused.decision, decision: 'allow', rule: 'approved_by_quorum' },
        })),
      },
    ),
    replacedCommand(
      { name: 'the receipt of the run names no approver', mentions: '"approvers":[]' },
      { type: approve, change: handingOn((paused) => ({ ...paused, approvers: [] })) },
    ),
    replacedCommand(
      { name: 'the approver is named as whoever asked', mentions: 'its receipt names requester' },
      {
        type: approve,
        change: (command) => ({
          ...command,
          decide: (state, input, ctx) =>
            command.decide(state, input, {
              ...ctx,
              execute: (paused) => ctx.execute({ ...paused, actor: { ...ctx.actor, onBehalfOf: null } }),
            } satisfies DecisionContext),
        }),
      },
    ),
    replacedRule(
      { name: 'what should wait is run at once', mentions: 'it waits until the vote: 200' },
      { list: 'commandRules', rule: 'named_human_approves', change: (rule) => ({ ...rule, decision: 'allow' }) },
    ),
    replacedCommand(
      { name: 'a denial leaves the request open', mentions: 'after a denial' },
      {
        type: 'approval.deny',
        change: (command) => ({
          ...command,
          decide: (state, input, ctx) => {
            const verdict = command.decide(state, input, ctx);
            if (verdict.kind === 'refuse') return verdict;
            return { ...verdict, events: verdict.events.filter(({ type }) => type !== 'governance.approval.denied') };
          },
        }),
      },
    ),
  ],
});

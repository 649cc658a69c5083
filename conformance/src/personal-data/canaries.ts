import type { AnyCommand } from '@karmanflow/commands';
import type { Evidence } from '../harness/evidence.ts';
import type { Check } from '../harness/check.ts';
import type { Client, Governed, GovernedAnswer, GovernedTenant } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { inputFor } from '../governance/inputs.ts';
import { dataOf, holdMessage, runApproved } from '../governance/things.ts';
import { replacedCommand } from '../risk-and-approval/saboteurs.ts';
import { type Operation, readOperations } from '../surface/read-operations.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { type Canary, newCanary, searchTables } from './search.ts';

/** The one place in which a personal value may stand. */
const home = 'personal_data.value';

interface Watch {
  readonly governed: Governed;
  readonly evidence: Evidence;
  readonly tenant: GovernedTenant;
  readonly proposer: Client;
  readonly approver: Client;
}

/** Where the value may stand by now: in the one table for such values, or nowhere. */
async function standsOnly(
  { governed, evidence, proposer }: Watch,
  { canary, when, allowed }: { readonly canary: Canary; readonly when: string; readonly allowed: 'home' | 'nowhere' },
): Promise<void> {
  const { columns, places } = await searchTables(governed, canary);
  evidence.see(when);
  evidence.see('columns searched', columns);
  const elsewhere = places.filter((place) => place !== home);
  if (elsewhere.length > 0) evidence.violation(`${when}: it stands in ${elsewhere.join(', ')}`);
  const isHome = places.includes(home);
  if (allowed === 'nowhere' && isHome) evidence.violation(`${when}: it stands in ${home} still`);
  if (allowed === 'home' && !isHome) evidence.violation(`${when}: it stands nowhere, so that nothing was proven`);
  const stream = await proposer.read('/v1/events?limit=200');
  notIn(evidence, { canary, text: stream.text, where: `${when}: the stream of events` });
  notIn(evidence, { canary, text: governed.log(), where: `${when}: the log` });
}

function notIn(
  evidence: Evidence,
  { canary, text, where }: { readonly canary: Canary; readonly text: string; readonly where: string },
): void {
  evidence.see('answers, streams and log');
  if (canary.forms.some((form) => text.includes(form))) evidence.violation(`${where} repeats it`);
}

/** The example of a command with a value of somebody's in each of its personal fields. */
function inputWith(operation: Operation, personal: readonly string[], canary: Canary): JsonObject {
  return { ...inputFor(operation, new Map()), ...Object.fromEntries(personal.map((field) => [field, canary.text])) };
}

interface Trial {
  readonly definition: AnyCommand;
  readonly operation: Operation;
}

async function send(
  watch: Watch,
  client: Client,
  order: { readonly type: string; readonly input: JsonObject; readonly canary: Canary; readonly key?: string },
): Promise<GovernedAnswer> {
  const { type, input, canary, key } = order;
  const answer = await client.send(type, input, key === undefined ? {} : { idempotencyKey: key });
  notIn(watch.evidence, { canary, text: answer.text, where: `the answer to ${type} by ${client.who}` });
  return answer;
}

/** What comes to nothing leaves nothing: input that is no input, a command that policy denies, a request that a human denies. */
async function comesToNothing(watch: Watch, { definition, operation }: Trial): Promise<void> {
  const { type, personal = [] } = definition;
  const { tenant, proposer, approver } = watch;
  const unread = newCanary();
  const input = { ...inputWith(operation, personal, unread), conformance_unknown: unread.text };
  await send(watch, proposer, { type, input, canary: unread });
  await standsOnly(watch, { canary: unread, when: 'after its input was refused', allowed: 'nowhere' });

  const barred = newCanary();
  await send(watch, tenant.key('nobody'), { type, input: inputWith(operation, personal, barred), canary: barred });
  await standsOnly(watch, { canary: barred, when: 'after policy denied it', allowed: 'nowhere' });

  if (definition.risk === 'R1') return;
  const denied = newCanary();
  const asked = await send(watch, proposer, { type, input: inputWith(operation, personal, denied), canary: denied });
  const { approvalId } = dataOf(asked);
  await standsOnly(watch, { canary: denied, when: 'while its request waits', allowed: 'home' });
  const level = definition.environment === 'control' ? 'tenant' : 'environment';
  const kind = level === 'tenant' ? 'get_tenant' : 'get';
  const shown = await approver.read(`/v1/approval/${kind}?approvalId=${String(approvalId)}`);
  notIn(watch.evidence, { canary: denied, text: shown.text, where: 'what approvers are shown' });
  if (shown.status !== 200) watch.evidence.violation(`approvers are shown ${shown.status} ${shown.text.slice(0, 100)}`);
  await send(watch, approver, { type: 'approval.deny', input: { approvalId, level }, canary: denied });
  await standsOnly(watch, { canary: denied, when: 'after its request was denied', allowed: 'nowhere' });
}

/** Done, erased, and asked for again: from the erasure on the value is nowhere. */
async function livesAndEnds(watch: Watch, { definition, operation }: Trial): Promise<void> {
  const { type, personal = [] } = definition;
  const { proposer, approver, evidence } = watch;
  const canary = newCanary();
  const input = inputWith(operation, personal, canary);
  const key = Bun.randomUUIDv7();
  let made = dataOf(await send(watch, proposer, { type, input, canary, key }));
  if (definition.risk !== 'R1') {
    const level = definition.environment === 'control' ? 'tenant' : 'environment';
    const vote = { approvalId: made['approvalId'], level };
    const decided = await send(watch, approver, { type: 'approval.approve', input: vote, canary });
    const { status, result } = dataOf(decided);
    if (status !== 'EXECUTED') evidence.violation(`${type} was approved and is ${String(status)}`);
    made = isObject(result) ? result : {};
  }
  await standsOnly(watch, { canary, when: 'after it was done', allowed: 'home' });
  const { principalId } = made;
  if (typeof principalId !== 'string') return evidence.violation(`${type}: nobody knows how its values are erased`);
  // A value that never came home cannot be erased: that is violated above, and the rest would say nothing.
  if (!(await searchTables(watch.governed, canary)).places.includes(home)) return;
  await erase(watch, principalId);
  await standsOnly(watch, { canary, when: 'after it was erased', allowed: 'nowhere' });
  const again = await send(watch, proposer, { type, input, canary, key });
  evidence.see('a replay after the erasure');
  if (again.status !== 200 || again.json['replayed'] !== true) {
    evidence.violation(`a replay after the erasure: ${again.status} ${again.text.slice(0, 100)}`);
  }
  await standsOnly(watch, { canary, when: 'a replay after the erasure', allowed: 'nowhere' });
}

/** What a webhook held that could not be processed: it stands where people's values stand, and goes with the message. */
async function heldMessage(watch: Watch): Promise<void> {
  const { tenant, proposer } = watch;
  const canary = newCanary();
  const { quarantinedMessageId } = await holdMessage(tenant, 'sandbox', { sealed: canary.text, outline: canary.text });
  await standsOnly(watch, { canary, when: 'while a message is held', allowed: 'home' });
  const input = { quarantinedMessageId };
  await send(watch, proposer, { type: 'ingest.discard_message', input, canary });
  await standsOnly(watch, { canary, when: 'after a message was discarded', allowed: 'nowhere' });
}

async function erase({ proposer, approver }: Watch, principalId: string): Promise<void> {
  await runApproved({ proposer, approver, level: 'tenant' }, 'access.erase_personal_data', { principalId });
}

export const canaries: Check<Governed> = governedCheck({
  id: 'personal-data.canaries',
  claim:
    'A value that identifies a person stands in one table and nowhere else, in no answer, event, receipt, request or log line; once erased or refused it is nowhere, and every receipt still verifies.',
  mechanism:
    'unique values sent in every personal field of every command, searched for in plain, hexadecimal and base64 form in every column of every table, the stream, the log and the answers',
  cases: [
    'columns searched',
    'answers, streams and log',
    'as the platform made the tenant',
    'after its input was refused',
    'after policy denied it',
    'while its request waits',
    'after its request was denied',
    'after it was done',
    'after it was erased',
    'a replay after the erasure',
    'while a message is held',
    'after a message was discarded',
    'receipts verified afterwards',
  ],
  async run(governed, evidence) {
    const first = newCanary();
    const tenant = await governed.createTenant('Canaries', { personName: first.text });
    const [proposer, approver] = [await tenant.session('user'), await tenant.session('ada')];
    const watch: Watch = { governed, evidence, tenant, proposer, approver };
    await standsOnly(watch, { canary: first, when: 'as the platform made the tenant', allowed: 'home' });
    const operations = await readOperations(governed.surface);
    for (const definition of governed.registry.commands.values()) {
      if (definition.internal || (definition.personal ?? []).length === 0) continue;
      const operation = operations.find(({ id }) => id === definition.type);
      if (!operation) evidence.violation(`${definition.type}: the API does not describe it, and it owes a case`);
      if (!operation) continue;
      await comesToNothing(watch, { definition, operation });
      await livesAndEnds(watch, { definition, operation });
    }
    await heldMessage(watch);
    await erase(watch, tenant.principals.spare);
    await standsOnly(watch, { canary: first, when: 'after it was erased', allowed: 'nowhere' });
    const { complaints, receipts } = await governed.proveHistory();
    evidence.see('receipts verified afterwards', receipts);
    for (const complaint of complaints) evidence.violation(`after the erasures: ${complaint}`);
  },
  saboteurs: [
    replacedCommand(
      { name: 'a personal field is left in the payload', mentions: 'it stands in approvals.command_body' },
      { type: 'access.register_principal', change: ({ personal: _personal, ...command }) => command },
    ),
    {
      name: 'the log repeats what is sent',
      mentions: ': the log repeats it',
      apply: async ({ recompose, writeLog }) =>
        recompose({
          around: (handler) => async (request) => {
            if (request.method === 'POST') writeLog({ sent: await request.clone().text() });
            return handler(request);
          },
        }),
    },
    {
      name: 'a refusal repeats what was sent',
      mentions: 'the answer to access.register_principal by USER with a session repeats it',
      apply: async ({ recompose }) =>
        recompose({
          around: (handler) => async (request) => {
            const sent = request.method === 'POST' ? await request.clone().text() : '';
            const response = await handler(request);
            if (response.status !== 400) return response;
            return new Response((await response.text()).replace(/\}$/, `,"sent":${sent}}`), response);
          },
        }),
    },
    replacedCommand(
      { name: 'erasing leaves the value', mentions: 'after it was erased: it stands in personal_data.value still' },
      { type: 'access.erase_personal_data', change: withoutErasing },
    ),
    replacedCommand(
      {
        name: 'a request that was denied keeps its values',
        mentions: 'after its request was denied: it stands in personal_data.value still',
      },
      { type: 'approval.deny', change: withoutErasing },
    ),
  ],
});

/** The same command, which erases nothing. */
function withoutErasing(command: AnyCommand): AnyCommand {
  return {
    ...command,
    decide: (state, input, ctx) => {
      const verdict = command.decide(state, input, ctx);
      return verdict.kind === 'accept' ? { ...verdict, erase: [] } : verdict;
    },
  };
}

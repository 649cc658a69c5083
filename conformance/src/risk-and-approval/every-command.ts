import type { AnyCommand } from '@karmanflow/commands';
import { type TableName, tableOf } from '@karmanflow/schema';
import type { Check } from '../harness/check.ts';
import type { Evidence } from '../harness/evidence.ts';
import type { Client, Governed, GovernedAnswer, GovernedTenant } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { inputFor } from '../governance/inputs.ts';
import { dataOf, furnish, receiptOf, type Things } from '../governance/things.ts';
import { type Operation, readOperations } from '../surface/read-operations.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { callersOf, type Due, dueTo } from './callers.ts';
import { replacedCommand, replacedRule } from './saboteurs.ts';

/** What a command that pauses writes besides its request, and what one that is denied writes. */
const written = {
  pauses: ['approvals', 'command_receipts', 'domain_events', 'log_pending', 'expiry_schedule'],
  denied: ['command_receipts', 'log_pending'],
} as const satisfies Record<string, readonly TableName[]>;

interface Place {
  readonly governed: Governed;
  readonly evidence: Evidence;
  readonly tenant: GovernedTenant;
  readonly things: Things;
  /** The digests of the tables, while nothing can have changed since they were taken: taking them is what costs here. */
  readonly taken: { digests: ReadonlyMap<TableName, string> | null };
}

async function tablesChanged(
  { governed, tenant, taken }: Place,
  work: () => Promise<GovernedAnswer>,
): Promise<{ readonly answer: GovernedAnswer; readonly tables: readonly TableName[] }> {
  const before = taken.digests ?? (await governed.fingerprint(tenant.tenantId));
  const answer = await work();
  const after = await governed.fingerprint(tenant.tenantId);
  taken.digests = after;
  const changed = [...after].flatMap(([table, digest]) => (before.get(table) === digest ? [] : [table]));
  // Positions are given to every receipt by somebody else, whenever that is.
  return { answer, tables: changed.filter((table) => tableOf(table).kind !== 'sequence') };
}

const ruleOf = (answer: GovernedAnswer): string => {
  const { policy } = receiptOf(answer);
  return isObject(policy) ? String(policy['rule']) : 'none';
};

const said = ({ status, text }: GovernedAnswer): string => `${status} ${text.slice(0, 140)}`;

async function tryHeldBack(
  place: Place,
  { definition, operation, client, due }: Trial & { readonly due: Exclude<Due, { kind: 'runs' }> },
): Promise<void> {
  const { evidence, things } = place;
  const where = `${definition.type} by ${client.who}`;
  const input = inputFor(operation, things);
  const { answer, tables } = await tablesChanged(place, () => client.send(definition.type, input));
  const status = due.kind === 'pauses' ? 202 : 403;
  evidence.see(`${definition.risk} ${due.kind}`);
  if (answer.status !== status) return evidence.violation(`${where}: ${said(answer)}, where ${status} was due`);
  const rule = ruleOf(answer);
  if (rule !== due.rule) evidence.violation(`${where}: ${due.kind} by ${rule}, where ${due.rule} was due`);
  const isPersonal = due.kind === 'pauses' && (definition.personal ?? []).some((field) => field in input);
  const allowed: readonly TableName[] = [...written[due.kind], ...(isPersonal ? (['personal_data'] as const) : [])];
  const others = tables.filter((table) => !allowed.includes(table));
  if (others.length > 0) evidence.violation(`${where}: ${due.kind} and changed ${others.join(', ')}`);
  if (!tables.includes('command_receipts')) evidence.violation(`${where}: ${due.kind} without a receipt`);
  if (due.kind === 'pauses') await requestIsKept(place, { where, client, data: dataOf(answer) });
}

/** What waits is one request of this very sender, with no vote. */
async function requestIsKept(
  { governed, evidence }: Place,
  { where, client, data }: { readonly where: string; readonly client: Client; readonly data: JsonObject },
): Promise<void> {
  const id = String(data['approvalId']).slice(4);
  const [row] = await governed.query(
    'SELECT status, requested_by::text AS by, approvals::int AS approvals FROM kf.approvals WHERE id = $1',
    [id],
  );
  const kept = row?.['status'] === 'REQUESTED' && row['by'] === client.principalId.slice(4) && row['approvals'] === 0;
  if (!kept) evidence.violation(`${where}: paused, and no request of it waits`);
}

interface Trial {
  readonly definition: AnyCommand;
  readonly operation: Operation;
  readonly client: Client;
}

/** Ordinary commands: done, or refused for a reason that the command itself declares. Answers whether it was done. */
async function tryOrdinary(
  { evidence, things, taken }: Place,
  { definition, operation, client }: Trial,
): Promise<boolean> {
  taken.digests = null;
  const answer = await client.send(definition.type, inputFor(operation, things));
  const { code } = answer.json;
  evidence.see(`${definition.risk} runs, or is refused by state`);
  const isDeclared = definition.refusals.some((refusal) => refusal === code);
  if (answer.status !== 200 && !isDeclared) {
    evidence.violation(`${definition.type} by ${client.who}: ${said(answer)}, where it was to run`);
  }
  return answer.status === 200;
}

async function tryInternal({ evidence, taken }: Place, definition: AnyCommand, client: Client): Promise<void> {
  taken.digests = null;
  const answer = await client.send(definition.type, {});
  evidence.see('internal commands are not reachable');
  if (answer.status !== 404 || answer.json['code'] !== 'not_found') {
    evidence.violation(`${definition.type} by ${client.who}: ${said(answer)}, where an internal command is not there`);
  }
}

export const everyCommand: Check<Governed> = governedCheck({
  id: 'risk-and-approval.every-command',
  claim:
    'Each command does for each kind of sender what its risk class says: R1 runs, R2 waits for a human, R3 is for humans alone and waits for another; what waits or is denied changes nothing.',
  mechanism:
    'every command of the registry × people with key, session and old session, services, connectors, agents, the system, over HTTP; digests of all tables before and after',
  cases: [
    'R1 runs, or is refused by state',
    'R1 denied',
    'R2 pauses',
    'R3 pauses',
    'R3 denied',
    'internal commands are not reachable',
  ],
  async run(governed, evidence) {
    const tenant = await governed.createTenant('Every command', { personName: 'Somebody' });
    const things = await furnish(governed, tenant, 'sandbox');
    const place: Place = { governed, evidence, tenant, things, taken: { digests: null } };
    const clients = await callersOf(tenant);
    const operations = new Map((await readOperations(governed.surface)).map((operation) => [operation.id, operation]));
    const ran = new Set<string>();
    const ordinary = new Set<string>();
    for (const definition of governed.registry.commands.values()) {
      const { type, internal } = definition;
      const operation = operations.get(type);
      if (internal && operation) evidence.violation(`${type} is internal, and the description of the API offers it`);
      if (!internal && !operation?.body?.example) evidence.violation(`${type}: no case could be made, and it owes one`);
      for (const client of clients) {
        if (internal) await tryInternal(place, definition, client);
        if (internal || !operation?.body?.example) continue;
        const due = dueTo(client, definition);
        const trial = { definition, operation, client };
        if (due.kind !== 'runs') await tryHeldBack(place, { ...trial, due });
        else if (await tryOrdinary(place, trial)) ran.add(type);
        if (due.kind === 'runs') ordinary.add(type);
      }
    }
    evidence.note(`ran: ${[...ran].join(', ')}`);
    evidence.note(`only refused by state: ${[...ordinary].filter((type) => !ran.has(type)).join(', ') || 'none'}`);
    if (ran.size === 0) evidence.violation('no command ran at all, so nothing is known about what may');
  },
  saboteurs: [
    replacedCommand(
      { name: 'an R2 command is served as R1', mentions: 'reservation.cancel by USER with a key: 200' },
      { type: 'reservation.cancel', change: (command) => ({ ...command, risk: 'R1' }) },
    ),
    replacedCommand(
      { name: 'an R3 command is served as R2', mentions: 'reservation.mass_cancel by CONNECTOR with a key: 202' },
      { type: 'reservation.mass_cancel', change: (command) => ({ ...command, risk: 'R2' }) },
    ),
    replacedRule(
      { name: 'policy no longer says that R3 is for humans', mentions: 'where human_only was due' },
      { list: 'commandRules', rule: 'human_only', change: () => null },
    ),
    replacedRule(
      { name: 'any login will do for R3', mentions: 'by USER with an old session: 202' },
      { list: 'commandRules', rule: 'login_not_fresh', change: () => null },
    ),
    replacedRule(
      { name: 'what should wait is run at once', mentions: 'access.erase_personal_data by USER with a key: 200' },
      { list: 'commandRules', rule: 'named_human_approves', change: (rule) => ({ ...rule, decision: 'allow' }) },
    ),
    replacedCommand(
      { name: 'an internal command is offered', mentions: 'access.open_session is internal' },
      { type: 'access.open_session', change: ({ internal: _internal, ...command }) => command },
    ),
  ],
});

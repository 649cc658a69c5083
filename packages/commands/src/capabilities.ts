import {
  evaluatePolicy,
  type PolicyCommand,
  quorumOf,
  type RiskClass,
  roles,
  ruleSetDescription,
  voteScope,
} from '@karmanflow/policy';
import type * as v from 'valibot';
import type { AnyCommand, CommandEnvironment } from './definition/command.ts';
import type { AnyQuery } from './definition/query.ts';
import type { Registry } from './definition/registry.ts';
import type { Caller } from './executor/metadata.ts';
import { callerQuestion } from './executor/policy-question.ts';

/** allowed: it runs at once · needs_approval: it pauses for named humans · denied: it leaves a receipt and nothing else. */
export type Availability = 'allowed' | 'needs_approval' | 'denied';

/** What it takes before a paused command runs. */
export interface ApprovalTerms {
  /** How many humans have to approve. */
  readonly quorum: number;
  /** A voter has one of these roles: those that the tenant names for the command, or else all that may decide. */
  readonly approverRoles: readonly string[];
}

export interface CapabilityRuling {
  readonly availability: Availability;
  /** The rule that decided, and what it says. */
  readonly rule: string;
  readonly says: string;
  /** Only where it needs approval. */
  readonly approval: ApprovalTerms | null;
}

export interface CapabilityPlace extends CapabilityRuling {
  /** environment: that of the caller's credential · tenant: the control environment, for what concerns the tenant. */
  readonly runsIn: 'environment' | 'tenant';
  /** What holds for amounts above the tenant's limit; null where there is no limit, or where it changes nothing. */
  readonly aboveLimit: (CapabilityRuling & { readonly limit: number }) | null;
}

/** One command or query as a caller has it. */
export interface Capability {
  readonly type: string;
  readonly kind: 'command' | 'query';
  readonly summary: string;
  /** As it is declared. A query is R0. */
  readonly risk: RiskClass;
  readonly scope: string;
  /** Its input, for whoever describes it. */
  readonly input: v.GenericSchema;
  /** Where it can run: two places when its input says which. */
  readonly places: readonly CapabilityPlace[];
}

/**
 * What a caller may do, by the same question to the same policy that decides about each of its commands: commands that are
 * offered outside, then queries. State is not asked: what is allowed here may still be refused there.
 */
export function resolveCapabilities(registry: Registry, caller: Caller): readonly Capability[] {
  const offered = [...registry.commands.values()].filter(({ internal }) => internal !== true);
  return [
    ...offered.map((command) => capabilityOf(command, { kind: 'command', risk: command.risk, caller })),
    ...[...registry.queries.values()].map((query) => capabilityOf(query, { kind: 'query', risk: 'R0', caller })),
  ];
}

function capabilityOf(
  definition: AnyCommand | AnyQuery,
  { kind, risk, caller }: Pick<Capability, 'kind' | 'risk'> & { readonly caller: Caller },
): Capability {
  const { type, summary, scope, input, environment = 'caller' } = definition;
  const command: PolicyCommand = { ...definition, risk };
  const hasAmount = 'amount' in definition && definition.amount !== undefined;
  const environments = typeof environment === 'function' ? (['caller', 'control'] as const) : [environment];
  const places = environments.map((one) => placeOf(command, { caller, hasAmount, environment: one }));
  return { type, kind, summary, risk, scope, input, places };
}

interface Asked {
  readonly caller: Caller;
  readonly environment: CommandEnvironment;
  readonly hasAmount: boolean;
}

function placeOf(command: PolicyCommand, asked: Asked): CapabilityPlace {
  const { hasAmount, environment, caller } = asked;
  const ruling = rulingOf(command, asked, hasAmount ? 0 : null);
  const limit = hasAmount ? ownSetting(caller.tenantPolicy.raiseAbove, command.type) : null;
  // No amount is above the largest one, which a tenant may name.
  const above =
    limit === null || limit >= Number.MAX_SAFE_INTEGER ? null : { limit, ...rulingOf(command, asked, limit + 1) };
  return {
    runsIn: environment === 'control' ? 'tenant' : 'environment',
    ...ruling,
    aboveLimit: above?.rule === ruling.rule ? null : above,
  };
}

function rulingOf(command: PolicyCommand, { caller, environment }: Asked, amount: number | null): CapabilityRuling {
  const { decision, rule } = evaluatePolicy({ ...callerQuestion(caller, environment), command, amount });
  return {
    availability: availabilityOf[decision],
    rule,
    says: commandRules.get(rule) ?? '',
    approval: decision === 'needs_approval' ? termsOf(command.type, caller) : null,
  };
}

const availabilityOf = { allow: 'allowed', needs_approval: 'needs_approval', deny: 'denied' } as const;

const commandRules: ReadonlyMap<string, string> = new Map(
  ruleSetDescription.filter(({ concerns }) => concerns === 'command').map(({ name, says }) => [name, says]),
);

const decidingRoles: readonly string[] = Object.entries(roles)
  .filter(([, scopes]) => (scopes as readonly string[]).includes(voteScope))
  .map(([name]) => name)
  .toSorted();

function termsOf(commandType: string, { tenantPolicy }: Caller): ApprovalTerms {
  return {
    quorum: quorumOf({ tenantPolicy, commandType }),
    approverRoles: ownSetting(tenantPolicy.approverRoles, commandType) ?? decidingRoles,
  };
}

/** What a tenant settled for a command; never what a record inherits as an object. */
function ownSetting<Value>(record: Readonly<Record<string, Value>>, commandType: string): Value | null {
  return Object.hasOwn(record, commandType) ? (record[commandType] ?? null) : null;
}

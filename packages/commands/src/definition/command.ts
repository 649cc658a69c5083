import type { EventDraft } from '@karmanflow/events';
import {
  type ActorType,
  type PolicyDecision,
  type RiskClass,
  type Scope as PolicyScope,
  scopePattern,
} from '@karmanflow/policy';
import type { Id, IdKind, RefusalCode, Scope } from '@karmanflow/schema';
import type * as v from 'valibot';
import type { EntityDefinition, Load } from './entity.ts';
import type { Registry } from './registry.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What `decide` may see of the rows that `load` named, as they stand at its place in the batch. */
export interface StateReader {
  /** The one entity whose fields equal `where`, or undefined. */
  get<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): State | undefined;
  list<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): State[];
  /** The version of an entity; 0 when it does not exist. */
  versionOf<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): number;
}

/** Everything from outside that a decision may depend on. */
export interface DecisionContext {
  readonly tenantId: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly actor: { readonly type: ActorType; readonly id: Id<'principal'> };
  readonly credential: { readonly type: string; readonly id: string } | null;
  /** Seconds since the human behind the credential logged in; null without one. */
  readonly loginAgeSeconds: number | null;
  /** In the caller's own words; null when it gave none. */
  readonly reason: string | null;
  /** The database's clock at the start of the transaction, RFC 3339 UTC with milliseconds. */
  readonly now: string;
  readonly newId: <Kind extends IdKind>(kind: Kind) => Id<Kind>;
  /** References to the personal values of this command, by the name of the input field that held them. */
  readonly personal: ReadonlyMap<string, Id<'personalData'>>;
  readonly registry: Registry;
  /** Runs a paused command inside this one, on the same state and in the same transaction, with a receipt of its own. */
  readonly execute: (paused: PausedCommand) => Execution;
}

/** A command that waited for approval, as its request kept it, and the decision that policy makes about it now. */
export interface PausedCommand {
  readonly approvalId: Id<'approval'>;
  readonly definition: AnyCommand;
  readonly input: unknown;
  readonly expectedVersion: number | null;
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
  readonly personal: ReadonlyMap<string, Id<'personalData'>>;
  readonly actor: {
    readonly type: ActorType;
    readonly id: Id<'principal'>;
    readonly onBehalfOf: Id<'principal'> | null;
  };
  readonly credential: { readonly type: string; readonly id: string } | null;
  readonly correlationId: Id<'correlation'> | null;
  readonly reason: string | null;
  /** In the order of their votes. */
  readonly approvers: readonly Id<'principal'>[];
  readonly decision: PolicyDecision;
}

/** What became of it. */
export interface Execution {
  readonly receiptId: Id<'receipt'>;
  readonly status: 'SUCCEEDED' | 'REFUSED' | 'DENIED';
  /** The refusal's code or the rule that denied; null when it succeeded. */
  readonly failure: string | null;
  readonly response: unknown;
}

export type Verdict<Output, Refusal extends RefusalCode> =
  | {
      readonly kind: 'accept';
      readonly events: readonly EventDraft[];
      readonly response: Output;
      /** Personal values that cease to be. */
      readonly erase?: readonly Id<'personalData'>[];
    }
  | { readonly kind: 'refuse'; readonly code: Refusal; readonly detail: JsonObject };

export function accept<Output>(result: {
  events: readonly EventDraft[];
  response: Output;
  erase?: readonly Id<'personalData'>[];
}): Verdict<Output, never> {
  return { kind: 'accept', ...result };
}

export function refuse<const Code extends RefusalCode>(code: Code, detail: JsonObject = {}): Verdict<never, Code> {
  return { kind: 'refuse', code, detail };
}

/** What a command may look up about itself while it names rows. */
export interface LoadContext {
  readonly registry: Registry;
  readonly scope: Scope;
  readonly actor: { readonly id: Id<'principal'> };
  readonly credential: { readonly type: string; readonly id: string } | null;
}

export type CommandEnvironment = 'caller' | 'control';

export interface CommandDefinition<Input = unknown, Output = unknown, Refusal extends RefusalCode = RefusalCode> {
  /** `feature.command`: the name of the command everywhere. */
  readonly type: `${string}.${string}`;
  readonly version: number;
  readonly summary: string;
  readonly risk: RiskClass;
  readonly scope: PolicyScope;
  /** caller: the environment of the credential · control: the tenant's control environment. */
  readonly environment: CommandEnvironment | ((input: Input) => CommandEnvironment);
  /** Actor types that may send it; all unless named. */
  readonly actorTypes?: readonly ActorType[];
  /** Not offered on any outside surface; only a process of ours issues it. */
  readonly internal?: true;
  readonly input: v.GenericSchema<unknown, Input>;
  readonly output: v.GenericSchema<unknown, Output>;
  /** The closed list of refusals, in order of precedence. */
  readonly refusals: readonly Refusal[];
  /** Input fields whose values identify a person: kept in personal_data only, never in payload, event or receipt. */
  readonly personal?: readonly (keyof Input & string)[];
  /** Which rows the decision needs. No SQL, no state. */
  readonly load: (input: Input, scope: Scope) => readonly Load[];
  /** Further rows that the ones before name; asked again until it names no new ones. */
  readonly loadNext?: (input: Input, state: StateReader, ctx: LoadContext) => readonly Load[];
  /** Runs in a transaction of its own: what it locks depends on another command, so it fits no order but its own. */
  readonly alone?: true;
  /** How much it moves, without a sign: what a tenant's `raiseAbove` is compared with. */
  readonly amount?: (input: Input) => number;
  /** The entity that `expectedVersion` of the metadata speaks of. */
  readonly versioned?: (input: Input) => Load;
  /** Pure: no clock, no randomness, no I/O. */
  readonly decide: (state: StateReader, input: Input, ctx: DecisionContext) => Verdict<Output, Refusal>;
}

/** Any command, as the pipeline sees it: its input has been parsed by its own schema before. */
export type AnyCommand = Omit<
  CommandDefinition,
  'environment' | 'load' | 'loadNext' | 'versioned' | 'amount' | 'decide' | 'personal'
> & {
  readonly environment: CommandEnvironment | ((input: never) => CommandEnvironment);
  readonly personal?: readonly string[];
  readonly load: (input: never, scope: Scope) => readonly Load[];
  readonly loadNext?: (input: never, state: StateReader, ctx: LoadContext) => readonly Load[];
  readonly amount?: (input: never) => number;
  readonly versioned?: (input: never) => Load;
  readonly decide: (state: StateReader, input: never, ctx: DecisionContext) => Verdict<unknown, RefusalCode>;
};

export const commandTypePattern = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/** Declares a command. Throws when a name breaks the namespace rules: that is a bug in the feature. */
export function defineCommand<Input, Output, const Refusal extends RefusalCode>(
  definition: CommandDefinition<Input, Output, Refusal>,
): CommandDefinition<Input, Output, Refusal> {
  if (!commandTypePattern.test(definition.type))
    throw new TypeError(`command type ${definition.type} is not feature.command`);
  if (!scopePattern.test(definition.scope)) throw new TypeError(`${definition.type}: scope is not domain.entity:verb`);
  return definition;
}

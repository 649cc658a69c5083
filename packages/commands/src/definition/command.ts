import type { EventDraft } from '@karmanflow/events';
import { type ActorType, type RiskClass, type Scope as PolicyScope, scopePattern } from '@karmanflow/policy';
import type { Id, IdKind, RefusalCode, Scope } from '@karmanflow/schema';
import type * as v from 'valibot';
import type { EntityDefinition, Load } from './entity.ts';

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
  /** The database's clock at the start of the transaction, RFC 3339 UTC with milliseconds. */
  readonly now: string;
  readonly newId: <Kind extends IdKind>(kind: Kind) => Id<Kind>;
  /** References to the personal values of this command, by the name of the input field that held them. */
  readonly personal: ReadonlyMap<string, Id<'personalData'>>;
}

export type Verdict<Output, Refusal extends RefusalCode> =
  | { readonly kind: 'accept'; readonly events: readonly EventDraft[]; readonly response: Output }
  | { readonly kind: 'refuse'; readonly code: Refusal; readonly detail: JsonObject };

export function accept<Output>(result: { events: readonly EventDraft[]; response: Output }): Verdict<Output, never> {
  return { kind: 'accept', ...result };
}

export function refuse<const Code extends RefusalCode>(code: Code, detail: JsonObject = {}): Verdict<never, Code> {
  return { kind: 'refuse', code, detail };
}

export interface CommandDefinition<Input = unknown, Output = unknown, Refusal extends RefusalCode = RefusalCode> {
  /** `feature.command`: the name of the command everywhere. */
  readonly type: `${string}.${string}`;
  readonly version: number;
  readonly summary: string;
  readonly risk: RiskClass;
  readonly scope: PolicyScope;
  /** caller: the environment of the credential · control: the tenant's control environment. */
  readonly environment: 'caller' | 'control';
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
  readonly loadNext?: (input: Input, state: StateReader) => readonly Load[];
  /** The entity that `expectedVersion` of the metadata speaks of. */
  readonly versioned?: (input: Input) => Load;
  /** Pure: no clock, no randomness, no I/O. */
  readonly decide: (state: StateReader, input: Input, ctx: DecisionContext) => Verdict<Output, Refusal>;
}

/** Any command, as the pipeline sees it: its input has been parsed by its own schema before. */
export type AnyCommand = Omit<CommandDefinition, 'load' | 'loadNext' | 'versioned' | 'decide' | 'personal'> & {
  readonly personal?: readonly string[];
  readonly load: (input: never, scope: Scope) => readonly Load[];
  readonly loadNext?: (input: never, state: StateReader) => readonly Load[];
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

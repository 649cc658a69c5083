import { type Scope as PolicyScope, scopePattern } from '@karmanflow/policy';
import type { Database, Id, Scope } from '@karmanflow/schema';
import type * as v from 'valibot';
import { type CommandEnvironment, commandTypePattern } from './command.ts';
import type { Registry } from './registry.ts';

export interface QueryContext {
  readonly scope: Scope;
  readonly database: Database;
  readonly tenantId: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly registry: Registry;
}

/** A read, R0: it runs in a READ ONLY transaction of the reading role and leaves no receipt. */
export interface QueryDefinition<Input = unknown, Output = unknown> {
  /** `feature.query`. */
  readonly type: `${string}.${string}`;
  readonly summary: string;
  readonly scope: PolicyScope;
  /** control: it reads the tenant's control environment, and whoever asks needs the scope there. caller unless named. */
  readonly environment?: CommandEnvironment;
  /** Fields are text or numbers in text form: queries arrive in the query string. */
  readonly input: v.GenericSchema<unknown, Input>;
  readonly output: v.GenericSchema<unknown, Output>;
  /** Returns null when what was asked for does not exist. */
  readonly run: (input: Input, ctx: QueryContext) => Promise<Output | null>;
}

export type AnyQuery = Omit<QueryDefinition, 'run'> & {
  readonly run: (input: never, ctx: QueryContext) => Promise<unknown>;
};

export function defineQuery<Input, Output>(definition: QueryDefinition<Input, Output>): QueryDefinition<Input, Output> {
  if (!commandTypePattern.test(definition.type))
    throw new TypeError(`query type ${definition.type} is not feature.query`);
  if (!scopePattern.test(definition.scope)) throw new TypeError(`${definition.type}: scope is not domain.entity:verb`);
  return definition;
}

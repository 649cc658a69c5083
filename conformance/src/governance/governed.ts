import type { Registry } from '@karmanflow/commands';
import type { ActorType } from '@karmanflow/policy';
import type { Id, TableName } from '@karmanflow/schema';
import type { JsonObject } from '../surface/schema-fields.ts';
import type { Recomposition, Surface } from '../surface/surface.ts';

export interface GovernedAnswer {
  readonly status: number;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: JsonObject;
  /** Content-Type and the names of all headers, sorted: what tells answers apart besides their body. */
  readonly headers: string;
}

export interface SendOptions {
  readonly idempotencyKey?: string;
}

/** Somebody who sends requests, with one credential. */
export interface Client {
  /** For evidence, for example `USER with a session`. */
  readonly who: string;
  readonly actorType: ActorType;
  readonly credential: 'key' | 'session' | 'old session';
  readonly principalId: Id<'principal'>;
  send(type: string, input: unknown, options?: SendOptions): Promise<GovernedAnswer>;
  /** Path and query string. */
  read(target: string): Promise<GovernedAnswer>;
}

/**
 * Everybody has every role there is, so that nothing is refused for a scope; but `nobody` has none, and `spare`, whom nobody
 * minds to lose, only reads.
 */
export const peopleHandles = ['spare', 'user', 'owner', 'ada', 'bob', 'nobody'] as const;
/** `owner` answers for the agent and the service. */
export const processHandles = ['service', 'connector', 'agent', 'system'] as const;
export type Handle = (typeof peopleHandles)[number] | (typeof processHandles)[number];
export type PersonHandle = (typeof peopleHandles)[number];
export type PlaceName = 'sandbox' | 'production';

export interface GovernedTenant {
  readonly name: string;
  readonly tenantId: Id<'tenant'>;
  readonly environments: Readonly<Record<PlaceName, Id<'environment'>>>;
  readonly principals: Readonly<Record<Handle, Id<'principal'>>>;
  /** Where the connector's webhooks arrive. */
  readonly sources: Readonly<Record<PlaceName, Id<'ingestSource'>>>;
  apiKey(handle: Handle, place?: PlaceName): string;
  /** With an API key that carries every scope and the highest ceiling. */
  key(handle: Handle, place?: PlaceName): Client;
  /** An internal command as the process issues it that receives webhooks. Throws unless it succeeds. */
  internally(type: string, input: unknown, place: PlaceName): Promise<JsonObject>;
  /** After a login a moment ago, or as long ago as is said. */
  session(handle: PersonHandle, place?: PlaceName, ageSeconds?: number): Promise<Client>;
}

/** The rules of policy as the process holds them; only a saboteur takes hold of them. */
export interface RuleLists {
  readonly commandRules: { name: string; decision: string }[];
  readonly voteRules: { name: string; decision: string }[];
}

/** A running API whose tenants, people and database belong to nobody: what is tried here leaves receipts and approvals. */
export interface Governed {
  /** What the registry of this build declares, whatever the API is served with. */
  readonly registry: Registry;
  /** The same API, for its description. */
  readonly surface: Surface;
  /** A tenant with everybody in it. `personName` is the name of `spare`. */
  createTenant(name: string, options?: { readonly personName?: string }): Promise<GovernedTenant>;
  /** As the database's administrator, who sees every row. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** What a tenant has in each table: a digest of its entities, and the number of rows where rows are only added. */
  fingerprint(tenantId: Id<'tenant'>): Promise<ReadonlyMap<TableName, string>>;
  /** Everything that the API has written to its log. */
  log(): string;
  /** Writes a line as the API would, for a saboteur that says too much. */
  writeLog(fields: JsonObject): void;
  /** What is wrong with receipts, events and tables as a whole, and how many receipts were verified. */
  proveHistory(): Promise<{ readonly complaints: readonly string[]; readonly receipts: number }>;
  recompose(change: Recomposition): void;
  changeRules(change: (rules: RuleLists) => void): Promise<void>;
}

/** The vocabulary in which a table is declared. What follows from it (DDL, types, lint) lives beside it. */

/** Roles that a process logs in with. None is a superuser, bypasses row-level security, owns anything or is a member of another. */
export const runtimeRoles = [
  'kf_command',
  'kf_read',
  'kf_ingest',
  'kf_worker',
  'kf_sequencer',
  'kf_delivery',
  'kf_login',
] as const;
export type RuntimeRole = (typeof runtimeRoles)[number];

export const ownerRole = 'kf_owner';
export const schemaName = 'kf';

/**
 * entity       one row per thing, changed only by a command: INSERT and UPDATE carry the receipt of the same transaction
 * ledger       append-only facts: INSERT only, with the receipt of the same transaction
 * receipt      the append-only receipts themselves
 * queue        ids, positions and due times only; a system role may read and remove its rows across tenants
 * sequence     append-only positions, which the sequencer gives to what was committed before: INSERT only, without a receipt
 * delivery     how far a projection of the stream has come, without a receipt: INSERT, and where a role is named for it UPDATE, or
 *              DELETE of what was over long ago
 */
export type TableKind = 'entity' | 'ledger' | 'receipt' | 'queue' | 'sequence' | 'delivery';

/** environment: rows of any environment · control: rows that only exist in the tenant's control environment. */
export type TableScope = 'environment' | 'control';

export type SqlType =
  | 'uuid'
  | 'text'
  | 'bigint'
  | 'integer'
  | 'boolean'
  | 'timestamptz'
  | 'bytea'
  | 'jsonb'
  | 'text[]'
  | 'uuid[]'
  | 'xid8';

interface ValueOf {
  uuid: string;
  text: string;
  bigint: number;
  integer: number;
  boolean: boolean;
  /** RFC 3339, UTC, milliseconds. */
  timestamptz: string;
  bytea: Uint8Array;
  jsonb: unknown;
  'text[]': string[];
  'uuid[]': string[];
  xid8: string;
}

export interface Column<Type extends SqlType = SqlType, Nullable extends boolean = boolean> {
  readonly type: Type;
  readonly nullable: Nullable;
  /** The closed list of values of a text column, kept by a CHECK. */
  readonly values?: readonly string[];
  readonly identity?: true;
  /** Never changes after the row is made; UPDATE is not granted on it. */
  readonly fixed?: true;
}

export type ColumnValue<C> =
  C extends Column<infer Type, infer Nullable> ? ValueOf[Type] | (Nullable extends true ? null : never) : never;

export interface Reference {
  /** Columns after tenant_id and environment_id. Empty: the pair itself, which names an environment. */
  readonly columns: readonly string[];
  readonly table: string;
  /** Columns of the target after tenant_id and environment_id; the target's key unless named. */
  readonly target?: readonly string[];
}

export interface Grant {
  readonly read?: readonly RuntimeRole[];
  readonly insert?: readonly RuntimeRole[];
  readonly update?: readonly RuntimeRole[];
  /** Queues only: the system role that sees and removes rows across tenants. */
  readonly drain?: RuntimeRole;
  /** Projections only: the role that removes a tenant's rows whose time `since` lies behind the shortest history. */
  readonly expire?: { readonly role: RuntimeRole; readonly since: string };
  /** Personal values only: may make a value null that it cannot read. */
  readonly erase?: readonly RuntimeRole[];
  /** The role that finds rows across tenants by their key, and sees no more of them than key, guard and status. */
  readonly lookup?: RuntimeRole;
  /** Ids, hashes and positions only: the roles that see the rows of every tenant; each also stands in `read`. */
  readonly overview?: readonly RuntimeRole[];
}

export interface Table {
  readonly kind: TableKind;
  readonly scope: TableScope;
  /** Columns that complete the primary key after tenant_id and environment_id. */
  readonly key: readonly string[];
  /** Further unique keys; tenant_id and environment_id lead each, unless `acrossEnvironments`. */
  readonly unique?: readonly { readonly columns: readonly string[]; readonly acrossEnvironments?: true }[];
  readonly references?: readonly Reference[];
  /** Named conditions, each kept by a CHECK constraint. */
  readonly checks?: Readonly<Record<string, string>>;
  /** Further indexes; tenant_id and environment_id lead each. */
  readonly indexes?: readonly { readonly columns: readonly string[]; readonly where?: string }[];
  readonly grants: Grant;
  /** Rows that do not follow from events, because the values may have to be erased. */
  readonly outsideEvents?: true;
  readonly fillFactorPercent?: number;
  /** Documents up to a page long stay in the row, uncompressed: they are written once and read whole. */
  readonly inlineDocuments?: true;
  readonly columns: Readonly<Record<string, Column>>;
}

type Made<Type extends SqlType> = Column<Type, false> & { readonly fixed: true };

function fixed<const Type extends SqlType>(type: Type): Made<Type> {
  return { type, nullable: false, fixed: true };
}

/** Columns that never change once written. */
export const uuid = (): Made<'uuid'> => fixed('uuid');
export const text = (): Made<'text'> => fixed('text');
export const bytes = (): Made<'bytea'> => fixed('bytea');
export const time = (): Made<'timestamptz'> => fixed('timestamptz');
export const count = (): Made<'bigint'> => fixed('bigint');
export const ordinal = (): Made<'integer'> => fixed('integer');
export const textList = (): Made<'text[]'> => fixed('text[]');
export const uuidList = (): Made<'uuid[]'> => fixed('uuid[]');
export const flag = (): Made<'boolean'> => fixed('boolean');
export const json = (): Made<'jsonb'> => fixed('jsonb');

/** A text column with a closed list of values. */
export function oneOf<const Values extends readonly string[]>(values: Values): Made<'text'> & { values: Values } {
  return { ...fixed('text'), values };
}

/** The same column, changeable by commands of the entity. */
export function mutable<C extends Column>(column: C): Omit<C, 'fixed'> {
  const { fixed: _fixed, ...rest } = column;
  return rest;
}

export function nullable<C extends Column>(column: C): Omit<C, 'nullable'> & Column<C['type'], true> {
  return { ...column, nullable: true };
}

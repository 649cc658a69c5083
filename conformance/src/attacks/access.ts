import { grantsOf, type RuntimeRole, runtimeRoles, type TableName, tableOf } from '@karmanflow/schema';

/** What a role may do with a table, as declared. */
export interface Access {
  readonly role: RuntimeRole;
  readonly table: TableName;
  readonly reads: boolean;
  readonly inserts: boolean;
  readonly updates: boolean;
  /** Sees and removes rows of every tenant: the one system role of a queue. */
  readonly drains: boolean;
  /** Removes rows of the tenant that were over long ago, and no others: whoever delivers, from its history. */
  readonly expires: boolean;
  /** Sees the positions of every tenant: the sequencer, in the tables of the log. */
  readonly overlooks: boolean;
  /** Sees a row of every tenant: whoever logs in, in the one table of identities. */
  readonly looksUp: boolean;
  /** The columns that it reads where it does not read the whole table; none where it reads all or nothing. */
  readonly readsColumns: readonly string[];
}

export function accessOf(role: RuntimeRole, table: TableName): Access {
  const { read = [], insert = [], update = [], expire, drain, overview, lookup } = tableOf(table).grants;
  return {
    role,
    table,
    reads: read.includes(role),
    inserts: insert.includes(role),
    updates: update.includes(role),
    drains: drain === role,
    expires: expire?.role === role,
    overlooks: overview?.includes(role) ?? false,
    looksUp: lookup === role,
    readsColumns: grantsOf(table).flatMap((grant) =>
      grant.role === role && grant.privilege === 'SELECT' ? (grant.columns ?? []) : [],
    ),
  };
}

/** The role as which rows are put into a table: the one of commands, except where only another role writes. */
export function writerOf(table: TableName): RuntimeRole {
  const { insert = [] } = tableOf(table).grants;
  const [first] = insert;
  if (first === undefined) throw new Error(`nobody writes ${table}`);
  return insert.includes('kf_command') ? 'kf_command' : first;
}

/** Every pair of a runtime role and one of the tables, role by role. */
export function accessesTo(tables: readonly TableName[]): readonly Access[] {
  return runtimeRoles.flatMap((role) => tables.map((table) => accessOf(role, table)));
}

import { type RuntimeRole, runtimeRoles, type TableName, tableOf } from '@karmanflow/schema';

/** What a role may do with a table, as declared. */
export interface Access {
  readonly role: RuntimeRole;
  readonly table: TableName;
  readonly reads: boolean;
  readonly inserts: boolean;
  readonly updates: boolean;
  /** Sees and removes rows of every tenant: the one system role of a queue. */
  readonly drains: boolean;
}

export function accessOf(role: RuntimeRole, table: TableName): Access {
  const { read = [], insert = [], update = [], drain } = tableOf(table).grants;
  return {
    role,
    table,
    reads: read.includes(role),
    inserts: insert.includes(role),
    updates: update.includes(role),
    drains: drain === role,
  };
}

/** Every pair of a runtime role and one of the tables, role by role. */
export function accessesTo(tables: readonly TableName[]): readonly Access[] {
  return runtimeRoles.flatMap((role) => tables.map((table) => accessOf(role, table)));
}

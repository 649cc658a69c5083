/** What a database's own catalogue says, as rules read it. Names of tables are without schema where only ours are listed. */

export interface Relation {
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign, S sequence, c composite type. */
  readonly kind: string;
  readonly owner: string;
  readonly row_security: boolean;
  readonly forced: boolean;
  readonly persistence: string;
  readonly is_partition: boolean;
  readonly inherits: boolean;
  /** For a sequence: the table whose identity column it serves. */
  readonly identity_of: string | null;
}

export interface LiveColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly not_null: boolean;
  readonly default: string | null;
  readonly identity: boolean;
  readonly generated: boolean;
}

export interface Constraint {
  readonly table: string;
  readonly name: string;
  /** pg_constraint.contype: p, u, f, c, x. */
  readonly type: string;
  readonly columns: readonly string[];
  readonly target_schema: string | null;
  readonly target: string | null;
  readonly target_columns: readonly string[];
  readonly on_delete: string;
  readonly on_update: string;
  readonly deferrable: boolean;
  readonly validated: boolean;
  readonly enforced: boolean;
  readonly condition: string | null;
}

export interface Index {
  readonly table: string;
  readonly name: string;
  /** Key columns in order; null where the key is an expression. */
  readonly columns: readonly (string | null)[];
  readonly unique: boolean;
  readonly valid: boolean;
  readonly method: string;
  readonly condition: string | null;
  /** Comparison functions of its operator classes that are not leakproof. */
  readonly leaky: readonly string[];
}

export interface Policy {
  readonly table: string;
  readonly name: string;
  readonly command: string;
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

export interface Trigger {
  readonly table: string;
  readonly name: string;
  readonly internal: boolean;
  /** pg_trigger.tgenabled: A always, O origin, R replica, D disabled. */
  readonly enabled: string;
  readonly before: boolean;
  readonly for_each_row: boolean;
  readonly events: readonly string[];
  readonly function: string;
  readonly conditional: boolean;
}

/** A privilege, on whatever kind of object. */
export interface Privilege {
  readonly kind: 'table' | 'column' | 'sequence' | 'function' | 'schema' | 'database' | 'parameter' | 'default';
  readonly object: string;
  readonly column: string | null;
  readonly owner: string;
  readonly role: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface Statistics {
  readonly table: string;
  readonly owner: string;
  readonly kinds: readonly string[];
  readonly columns: readonly string[];
}

export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly definer: boolean;
  readonly leakproof: boolean;
  /** Whether it stands in a schema of the server itself, where a superuser put it later. */
  readonly in_system: boolean;
  readonly source: string;
}

export interface Role {
  readonly name: string;
  readonly super: boolean;
  readonly bypass_rls: boolean;
  readonly create_role: boolean;
  readonly create_db: boolean;
  readonly replication: boolean;
  readonly login: boolean;
  /** Roles that it is a member of. */
  readonly member_of: readonly string[];
  /** What it owns here: relations, functions, schemas, databases, types. */
  readonly owns: readonly string[];
  /** Settings fixed for it, or for everyone in this database. */
  readonly settings: readonly string[];
  /** Functions of the server that it may execute although they step around the database's own rules. */
  readonly dangerous_functions: readonly string[];
}

/** A setting of the server as a new session finds it. */
export interface Setting {
  readonly name: string;
  readonly value: string;
}

/** Things that exist beside tables, each as "what it is, and its name". */
export interface OtherObject {
  readonly what: string;
  readonly schema: string;
  readonly name: string;
}

export interface LiveCatalogue {
  readonly relations: readonly Relation[];
  readonly columns: readonly LiveColumn[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly policies: readonly Policy[];
  readonly triggers: readonly Trigger[];
  readonly privileges: readonly Privilege[];
  readonly statistics: readonly Statistics[];
  readonly routines: readonly Routine[];
  readonly roles: readonly Role[];
  readonly others: readonly OtherObject[];
  readonly settings: readonly Setting[];
}

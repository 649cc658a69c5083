import { limits } from '../limits.ts';
import { type Column, ownerRole, type RuntimeRole, schemaName, type Table } from './definition.ts';
import { columnsOf, type TableName, tableNames, tableOf } from './registry.ts';

/**
 * The isolation discipline as SQL text. Policies are permissive with the whole predicate, one for each verb, identical
 * text everywhere: Citus drops RESTRICTIVE and refuses sub-selects (docs/decisions/0002-isolation-in-the-schema.md).
 */
export const scopePredicate =
  "tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid" +
  " and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid";

/** The receipt of a row must be written by the same transaction; the foreign key to the receipt does the other half. */
export const writePredicate = `${scopePredicate} and written_in = pg_current_xact_id()`;

/** What may be removed: rows of the scope that were over before the shortest history began. */
export function expiryPredicate(since: string): string {
  return `${scopePredicate} and ${since} < now() - interval '${limits.deliveryHistoryMinDays * 24} hours'`;
}

const writable = new Set(['entity', 'ledger', 'receipt']);

/** Rows of entities change, and those of a projection where a role is named that carries it on. */
const isUpdated = ({ kind, grants }: Table): boolean =>
  kind === 'entity' || (kind === 'delivery' && grants.update !== undefined);

export interface ExpectedPolicy {
  readonly name: string;
  readonly command: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** The exact policies that a table must have; the catalogue lint compares them with what is there. */
export function policiesOf(name: TableName): ExpectedPolicy[] {
  const table = tableOf(name);
  const check = writable.has(table.kind) ? writePredicate : scopePredicate;
  const policies: ExpectedPolicy[] = [
    { name: 'scope_select', command: 'SELECT', roles: ['public'], using: scopePredicate, check: null },
    { name: 'scope_insert', command: 'INSERT', roles: ['public'], using: null, check },
  ];
  if (isUpdated(table)) {
    policies.push({ name: 'scope_update', command: 'UPDATE', roles: ['public'], using: scopePredicate, check });
  }
  if (table.grants.lookup !== undefined) {
    policies.push({
      name: 'lookup_select',
      command: 'SELECT',
      roles: [table.grants.lookup],
      using: 'true',
      check: null,
    });
  }
  if (table.grants.overview !== undefined) {
    // As the catalogue lists them.
    const roles = table.grants.overview.toSorted();
    policies.push({ name: 'overview_select', command: 'SELECT', roles, using: 'true', check: null });
  }
  if (table.grants.expire !== undefined) {
    const { role, since } = table.grants.expire;
    const using = expiryPredicate(since);
    policies.push({ name: 'expiry_delete', command: 'DELETE', roles: [role], using, check: null });
  }
  if (table.grants.drain !== undefined) {
    const roles = [table.grants.drain];
    policies.push({ name: 'drain_select', command: 'SELECT', roles, using: 'true', check: null });
    policies.push({ name: 'drain_delete', command: 'DELETE', roles, using: 'true', check: null });
  }
  return policies;
}

export interface ExpectedGrant {
  readonly role: RuntimeRole;
  readonly privilege: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
  /** null: the whole table. */
  readonly columns: readonly string[] | null;
}

export function grantsOf(name: TableName): ExpectedGrant[] {
  const { read = [], insert = [], update = [], erase = [], expire, drain, lookup } = tableOf(name).grants;
  const changeable = Object.entries(columnsOf(name))
    .filter(([, column]) => column.fixed !== true)
    .map(([column]) => column);
  const grants: ExpectedGrant[] = [
    ...read.map((role): ExpectedGrant => ({ role, privilege: 'SELECT', columns: null })),
    ...insert.map((role): ExpectedGrant => ({ role, privilege: 'INSERT', columns: null })),
    ...update.map((role): ExpectedGrant => ({ role, privilege: 'UPDATE', columns: changeable })),
  ];
  for (const role of erase) {
    const found = ['tenant_id', 'environment_id', ...tableOf(name).key, 'version'];
    grants.push({ role, privilege: 'SELECT', columns: found }, { role, privilege: 'UPDATE', columns: changeable });
  }
  if (lookup !== undefined) {
    const columns = ['tenant_id', 'environment_id', ...Object.keys(tableOf(name).columns)];
    grants.push({ role: lookup, privilege: 'SELECT', columns });
  }
  if (expire !== undefined) grants.push({ role: expire.role, privilege: 'DELETE', columns: null });
  if (drain !== undefined) {
    grants.push(
      { role: drain, privilege: 'SELECT', columns: null },
      { role: drain, privilege: 'DELETE', columns: null },
    );
  }
  return grants;
}

const qualified = (name: string): string => `${schemaName}.${name}`;
const scoped = (columns: readonly string[]): string => ['tenant_id', 'environment_id', ...columns].join(', ');

function columnSql(name: string, column: Column, kind: Table['kind']): string {
  const identity = column.identity ? ' GENERATED ALWAYS AS IDENTITY' : '';
  const written = name === 'written_in' && writable.has(kind) ? ' DEFAULT pg_current_xact_id()' : '';
  return `  ${name} ${column.type}${column.nullable ? '' : ' NOT NULL'}${identity}${written}`;
}

/** Every foreign key of a table: its own, and the one that ties each row to the receipt of its transaction. */
export function referencesOf(name: TableName): { columns: string[]; table: string; target: string[] }[] {
  const table = tableOf(name);
  const own = (table.references ?? []).map((reference) => {
    // An environment's own row stands in the control environment, so the pair (tenant, environment) names it by its id.
    if (reference.table === 'environments' && reference.columns.length === 0) {
      return { columns: ['tenant_id', 'environment_id'], table: 'environments', target: ['tenant_id', 'id'] };
    }
    const target = reference.target ?? tableOf(reference.table as TableName).key;
    return {
      columns: ['tenant_id', 'environment_id', ...reference.columns],
      table: reference.table,
      target: ['tenant_id', 'environment_id', ...target],
    };
  });
  if (table.kind !== 'entity' && table.kind !== 'ledger') return own;
  const receipt = {
    columns: ['tenant_id', 'environment_id', 'receipt_id', 'written_in'],
    table: 'command_receipts',
    target: ['tenant_id', 'environment_id', 'id', 'written_in'],
  };
  return [...own, receipt];
}

/** CREATE TABLE with keys and checks; foreign keys come apart, since tables refer to each other. */
export function createTableSql(name: TableName): string {
  const table = tableOf(name);
  const lines = Object.entries(columnsOf(name)).map(([column, definition]) =>
    columnSql(column, definition, table.kind),
  );
  lines.push(`  CONSTRAINT ${name}_pkey PRIMARY KEY (${scoped(table.key)})`);
  for (const { columns, acrossEnvironments } of table.unique ?? []) {
    const list = acrossEnvironments ? ['tenant_id', ...columns].join(', ') : scoped(columns);
    const suffix = columns.length === 0 ? 'scope' : columns.join('_');
    lines.push(`  CONSTRAINT ${name}_${suffix}_key UNIQUE (${list})`);
  }
  for (const [check, condition] of Object.entries(checksOf(name))) {
    lines.push(`  CONSTRAINT ${name}_${check} CHECK (${condition})`);
  }
  const settings = [
    ...(table.fillFactorPercent ? [`fillfactor = ${table.fillFactorPercent}`] : []),
    ...(table.inlineDocuments ? ['toast_tuple_target = 8160'] : []),
  ];
  const storage = settings.length > 0 ? ` WITH (${settings.join(', ')})` : '';
  return `CREATE TABLE ${qualified(name)} (\n${lines.join(',\n')}\n)${storage};`;
}

export function checksOf(name: TableName): Record<string, string> {
  const table = tableOf(name);
  const checks: Record<string, string> = { ...table.checks };
  for (const [column, { values }] of Object.entries(table.columns)) {
    if (values) checks[`${column}_known`] = `${column} IN (${values.map((value) => `'${value}'`).join(', ')})`;
  }
  if (table.scope === 'control') checks['control_only'] = 'environment_id = tenant_id';
  return checks;
}

/** Foreign keys, to be added before row security is forced: afterwards their validation would see no rows. */
export function foreignKeysSql(name: TableName): string[] {
  return referencesOf(name).map(({ columns, table: other, target }) => {
    const suffix = columns.length === 2 ? 'scope' : columns.slice(2).join('_');
    return (
      `ALTER TABLE ${qualified(name)} ADD CONSTRAINT ${name}_${suffix}_fkey FOREIGN KEY (${columns.join(', ')})` +
      ` REFERENCES ${qualified(other)} (${target.join(', ')});`
    );
  });
}

/** Everything around a table that makes isolation hold without the application's help. */
export function disciplineSql(name: TableName): string {
  const table = tableOf(name);
  const target = qualified(name);
  const statements = [`ALTER TABLE ${target} OWNER TO ${ownerRole};`];
  if (table.inlineDocuments) {
    const documents = Object.entries(table.columns).filter(([, { type }]) => type === 'bytea');
    for (const [column] of documents)
      statements.push(`ALTER TABLE ${target} ALTER COLUMN ${column} SET STORAGE EXTERNAL;`);
  }
  for (const { columns, where } of table.indexes ?? []) {
    const condition = where ? ` WHERE ${where}` : '';
    statements.push(`CREATE INDEX ${name}_${columns.join('_')}_idx ON ${target} (${scoped(columns)})${condition};`);
  }
  statements.push(
    `CREATE STATISTICS ${qualified(`${name}_scope`)} (dependencies, ndistinct) ON tenant_id, environment_id FROM ${target};`,
    `ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY;`,
    `ALTER TABLE ${target} FORCE ROW LEVEL SECURITY;`,
  );
  for (const { name: policy, command, roles, using, check } of policiesOf(name)) {
    const to = roles.includes('public') ? '' : ` TO ${roles.join(', ')}`;
    const usingSql = using === null ? '' : ` USING (${using})`;
    const checkSql = check === null ? '' : ` WITH CHECK (${check})`;
    statements.push(`CREATE POLICY ${policy} ON ${target} FOR ${command}${to}${usingSql}${checkSql};`);
  }
  statements.push(`REVOKE ALL ON ${target} FROM PUBLIC;`);
  for (const { role, privilege, columns } of grantsOf(name)) {
    const list = columns === null ? '' : ` (${columns.join(', ')})`;
    statements.push(`GRANT ${privilege}${list} ON ${target} TO ${role};`);
  }
  // The owner keeps UPDATE: foreign keys check with SELECT … FOR KEY SHARE as the owner. The trigger refuses a real one.
  if (table.kind !== 'queue')
    statements.push(`REVOKE DELETE, TRUNCATE ON ${target} FROM ${ownerRole};`, refusalTriggerSql(name));
  return statements.join('\n');
}

/** Which statements the trigger refuses, whoever sends them. What may expire is guarded by grant and policy instead. */
export function refusedStatementsOf(name: TableName): readonly string[] {
  const table = tableOf(name);
  if (table.kind === 'queue') return [];
  const change = isUpdated(table) ? [] : ['UPDATE'];
  const removal = table.grants.expire === undefined ? ['DELETE'] : [];
  return [...change, ...removal, 'TRUNCATE'];
}

function refusalTriggerSql(name: TableName): string {
  const target = qualified(name);
  return (
    `CREATE TRIGGER refuse_change BEFORE ${refusedStatementsOf(name).join(' OR ')} ON ${target}` +
    ` FOR EACH STATEMENT EXECUTE FUNCTION ${schemaName}.refuse_change();\n` +
    `ALTER TABLE ${target} ENABLE ALWAYS TRIGGER refuse_change;`
  );
}

/** The whole schema as the registry says it, in an order that loads. The first migration is this text, frozen. */
export function registrySql(): string {
  return [
    `CREATE FUNCTION ${schemaName}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$`,
    'BEGIN',
    "  RAISE EXCEPTION '% on % is refused: rows here are never changed or removed this way', TG_OP, TG_TABLE_NAME",
    "    USING ERRCODE = 'insufficient_privilege';",
    'END $$;',
    `ALTER FUNCTION ${schemaName}.refuse_change() OWNER TO ${ownerRole};`,
    '',
    ...tableNames.map(createTableSql),
    '',
    ...tableNames.flatMap(foreignKeysSql),
    '',
    ...tableNames.map((name) => `-- ${name}\n${disciplineSql(name)}\n`),
  ].join('\n');
}

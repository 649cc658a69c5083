import { checksOf, columnsOf, policiesOf, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { Client } from 'pg';

/** Looks up the text that Postgres prints for a condition of a table. */
export type NormalForms = (table: TableName, condition: string) => string;

const twinSchema = 'kf_conformance_twin';

/** Every condition that the registry states about a table: of policies, checks and partial indexes. */
function conditionsOf(name: TableName): readonly string[] {
  const policies = policiesOf(name).flatMap(({ using, check }) => [using, check]);
  const indexes = (tableOf(name).indexes ?? []).map(({ where }) => where);
  const all = [...policies, ...Object.values(checksOf(name)), ...indexes];
  return [...new Set(all.filter((condition) => typeof condition === 'string'))];
}

/**
 * Has Postgres read each condition as a CHECK constraint of a twin of its table, and print it again, so that two texts are
 * compared as Postgres understands them. The twins vanish with the transaction that the caller rolls back.
 */
export async function normalFormsOf(client: Client): Promise<NormalForms> {
  const ddl = tableNames.map((name) => {
    const columns = Object.entries(columnsOf(name)).map(([column, { type }]) => `${column} ${type}`);
    const checks = conditionsOf(name).map((condition, index) => `CONSTRAINT c${index} CHECK (${condition})`);
    return `CREATE TABLE ${twinSchema}.${name} (${[...columns, ...checks].join(', ')});`;
  });
  await client.query(`CREATE SCHEMA ${twinSchema};\n${ddl.join('\n')}`);
  const { rows } = await client.query<{ table: string; position: number; condition: string }>(
    `select c.relname::text as table, substr(k.conname, 2)::int as position, pg_get_expr(k.conbin, k.conrelid) as condition
    from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = $1::regnamespace and k.contype = 'c'`,
    [twinSchema],
  );
  const forms = new Map<string, string>();
  for (const { table, position, condition } of rows) {
    // Tables of the twin schema are named after the registry's.
    const source = conditionsOf(table as TableName)[position];
    if (source !== undefined) forms.set(`${table}:${source}`, condition);
  }
  return (table, condition) => {
    const form = forms.get(`${table}:${condition}`);
    if (form === undefined) throw new Error(`${table} has no condition "${condition}" in the registry`);
    return form;
  };
}

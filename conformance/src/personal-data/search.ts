import type { Governed } from '../governance/governed.ts';

/** Text that stands nowhere else in the world, and every way in which it could stand there all the same. */
export interface Canary {
  readonly text: string;
  readonly forms: readonly string[];
}

export function newCanary(): Canary {
  const text = `Kanari${Bun.randomUUIDv7().replaceAll('-', '')}`;
  return { text, forms: [...new Set([text, Buffer.from(text).toString('hex'), ...base64Forms(text)])] };
}

/** What base64 makes of the text wherever in a longer one it begins, without the characters that neighbours share. */
function base64Forms(text: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from(`${'.'.repeat(offset)}${text}`).toString('base64');
    const core = encoded.slice(Math.ceil((offset * 8) / 6), -4);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

export interface Found {
  /** Columns that were searched. */
  readonly columns: number;
  /** Those in which it stands, as `table.column`. */
  readonly places: readonly string[];
}

interface TextColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** Searches every column of every table that can hold text or bytes, whatever the registry says about them. */
export async function searchTables(governed: Governed, { forms }: Canary): Promise<Found> {
  const rows = await governed.query(
    `SELECT n.nspname::text AS schema, c.relname::text AS table, quote_ident(a.attname) AS column,
       format_type(a.atttypid, NULL) AS type
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
       AND format_type(a.atttypid, NULL) ~ '^(text|character|name|json|bytea|xml)'`,
  );
  const columns = rows.map((row) => row as unknown as TextColumn); // The columns of the query.
  const hit = await tablesWith(governed, { columns, forms });
  const suspects = columns.filter((column) => hit.has(tableName(column)));
  const searches = suspects.map(({ column, type, ...place }, index) => {
    const isThere = type.startsWith('bytea')
      ? `position(convert_to(form, 'UTF8') in ${column}) > 0`
      : `position(form in ${column}::text) > 0`;
    return `SELECT ${index} AS index WHERE EXISTS (SELECT FROM ${tableName(place)}, unnest($1::text[]) form WHERE ${isThere})`;
  });
  const hits = searches.length === 0 ? [] : await governed.query(searches.join(' UNION ALL '), [forms]);
  return {
    columns: columns.length,
    places: hits.map(({ index }) => {
      const { table, column } = suspects[Number(index)] ?? { table: 'nothing', column: '' };
      return `${table}.${column}`;
    }),
  };
}

const tableName = ({ schema, table }: { readonly schema: string; readonly table: string }): string =>
  `${schema}.${table}`;

/** The tables in which it stands at all: each row is read once, as text, in which bytes are hexadecimal. */
async function tablesWith(
  governed: Governed,
  { columns, forms }: { readonly columns: readonly TextColumn[]; readonly forms: readonly string[] },
): Promise<ReadonlySet<unknown>> {
  const inBytes = forms.map((form) => Buffer.from(form).toString('hex'));
  const tables = [...new Set(columns.map(tableName))];
  const searches = tables.map(
    (table) =>
      `SELECT '${table}' AS name WHERE EXISTS (SELECT FROM (SELECT t::text AS row FROM ${table} t OFFSET 0) whole,
         unnest($1::text[]) form WHERE position(form in whole.row) > 0)`,
  );
  const hits = await governed.query(searches.join(' UNION ALL '), [[...forms, ...inBytes]]);
  return new Set(hits.map(({ name }) => name));
}

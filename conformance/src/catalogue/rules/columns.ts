import { type Column, columnsOf, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, supposing } from '../catalogue-check.ts';

const typeNames: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

function declaredColumn(table: TableName, name: string, column: Column): string {
  const type = typeNames[column.type] ?? column.type;
  const isFilled = name === 'written_in' && !['queue', 'sequence'].includes(tableOf(table).kind);
  const written = isFilled ? ' default pg_current_xact_id()' : '';
  return `${table}.${name} ${type}${column.nullable ? '' : ' not null'}${column.identity ? ' identity' : ''}${written}`;
}

const columnsDeclared = catalogueCheck({
  id: 'tenancy.columns-declared',
  claim:
    'Each table has exactly the columns that the registry declares: name, type, nullability, identity and default.',
  mechanism: 'pg_attribute and pg_attrdef against columnsOf()',
  judge(live, evidence) {
    compareSets(evidence, 'column', {
      declared: tableNames.flatMap((table) =>
        Object.entries(columnsOf(table)).map(([name, column]) => declaredColumn(table, name, column)),
      ),
      live: live.columns.map((column) => {
        const filled = column.default === null ? '' : ` default ${column.default}`;
        const special = `${column.identity ? ' identity' : ''}${column.generated ? ' generated' : ''}`;
        return `${column.table}.${column.name} ${column.type}${column.not_null ? ' not null' : ''}${special}${filled}`;
      }),
    });
  },
  saboteurs: [
    supposing(
      { name: 'a column is added', mentions: 'variants.colour' },
      'ALTER TABLE kf.variants ADD COLUMN colour text',
    ),
    supposing(
      { name: 'receipts get a soft-delete column', mentions: 'command_receipts.deleted_at' },
      'ALTER TABLE kf.command_receipts ADD COLUMN deleted_at timestamptz',
    ),
    supposing(
      { name: 'a column becomes nullable', mentions: 'variants.sku' },
      'ALTER TABLE kf.variants ALTER COLUMN sku DROP NOT NULL',
    ),
    supposing(
      { name: 'a column changes its type', mentions: 'variants.name' },
      'ALTER TABLE kf.variants ALTER COLUMN name TYPE varchar(20)',
    ),
    supposing(
      { name: 'written_in is no longer filled by the database', mentions: 'variants.written_in' },
      'ALTER TABLE kf.variants ALTER COLUMN written_in DROP DEFAULT',
    ),
    supposing(
      { name: 'tenant_id gets a default', mentions: 'variants.tenant_id' },
      'ALTER TABLE kf.variants ALTER COLUMN tenant_id SET DEFAULT gen_random_uuid()',
    ),
  ],
});

const scopeColumns = catalogueCheck({
  id: 'tenancy.scope-columns-present',
  claim: 'Every table has a tenant_id and an environment_id that cannot be null.',
  mechanism: 'pg_attribute of every table that exists, whatever the registry says',
  judge(live, evidence) {
    const tables = live.relations.filter(({ schema, kind }) => schema === 'kf' && kind !== 'S');
    for (const { name: table } of tables) {
      evidence.see('tables');
      for (const scope of ['tenant_id', 'environment_id']) {
        const column = live.columns.find((candidate) => candidate.table === table && candidate.name === scope);
        if (column?.type !== 'uuid' || !column.not_null)
          evidence.violation(`${table} lacks a uuid ${scope} that is not null`);
      }
    }
  },
  saboteurs: [
    supposing(
      { name: 'a table without tenant_id appears', mentions: 'notes' },
      'CREATE TABLE kf.notes (id uuid PRIMARY KEY)',
    ),
    supposing(
      { name: 'a table without environment_id appears', mentions: 'notes lacks a uuid environment_id' },
      'CREATE TABLE kf.notes (tenant_id uuid NOT NULL, id uuid)',
    ),
    supposing(
      { name: 'tenant_id becomes nullable', mentions: 'stock_movements lacks a uuid tenant_id' },
      'ALTER TABLE kf.stock_movements DROP CONSTRAINT stock_movements_pkey',
      'ALTER TABLE kf.stock_movements ALTER COLUMN tenant_id DROP NOT NULL',
    ),
  ],
});

export const columnRules: readonly Check[] = [columnsDeclared, scopeColumns];

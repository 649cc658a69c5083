import { referencesOf, schemaName, tableNames, tableOf } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, supposing } from '../catalogue-check.ts';
import type { Constraint, LiveCatalogue } from '../live-catalogue.ts';

const foreignKeysOf = (live: LiveCatalogue): readonly Constraint[] =>
  live.constraints.filter(({ type }) => type === 'f');

interface ReferenceText {
  readonly table: string;
  readonly columns: readonly string[];
  readonly target: string;
  readonly target_columns: readonly string[];
}

const referenceText = ({ table, columns, target, target_columns }: ReferenceText): string =>
  `${table} (${columns.join(', ')}) to ${target} (${target_columns.join(', ')})`;

/** An environment is named by the pair (tenant, environment), which its own row holds as (tenant_id, id). */
function namesEnvironment({ columns, target, target_columns }: Constraint): boolean {
  return (
    target === 'environments' &&
    columns.join() === 'tenant_id,environment_id' &&
    target_columns.join() === 'tenant_id,id'
  );
}

const composite = catalogueCheck({
  id: 'environment-scope.foreign-keys-composite',
  claim: 'Every foreign key carries tenant_id and environment_id, in the same places on both sides.',
  mechanism:
    'pg_constraint.conkey and confkey of every foreign key that exists; the one other form names the environment itself',
  judge(live, evidence) {
    for (const key of foreignKeysOf(live)) {
      evidence.see('foreign keys');
      const isScoped = [key.columns, key.target_columns].every(
        (columns) => columns.slice(0, 2).join() === 'tenant_id,environment_id',
      );
      const isOurs = key.target_schema === schemaName;
      if (!isOurs || !(isScoped || namesEnvironment(key))) {
        evidence.violation(
          `${key.name} on ${key.table} refers by (${key.columns.join(', ')}) to (${key.target_columns.join(', ')})`,
        );
      }
    }
  },
  saboteurs: [
    supposing(
      { name: 'a foreign key is the id alone', mentions: 'loose' },
      'CREATE UNIQUE INDEX loose_target ON kf.sales_channels (id)',
      'ALTER TABLE kf.reservations ADD CONSTRAINT loose FOREIGN KEY (sales_channel_id) REFERENCES kf.sales_channels (id)',
    ),
    supposing(
      { name: 'a foreign key leaves the environment out', mentions: 'loose' },
      'CREATE UNIQUE INDEX loose_target ON kf.sales_channels (tenant_id, id)',
      'ALTER TABLE kf.reservations ADD CONSTRAINT loose FOREIGN KEY (tenant_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, id)',
    ),
    supposing(
      { name: 'a foreign key crosses tenant and environment', mentions: 'crossed' },
      'CREATE UNIQUE INDEX crossed_target ON kf.sales_channels (environment_id, tenant_id, id)',
      'ALTER TABLE kf.reservations ADD CONSTRAINT crossed FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (environment_id, tenant_id, id) NOT VALID',
    ),
  ],
});

const inert = catalogueCheck({
  id: 'tenancy.foreign-keys-inert',
  claim:
    'A foreign key only refuses: it never deletes, nulls or changes a row, is checked at once, and is really enforced.',
  mechanism: 'pg_constraint actions, convalidated, conenforced, condeferrable, and the internal triggers behind it',
  judge(live, evidence) {
    for (const { name, table, on_delete, on_update, deferrable, validated, enforced } of foreignKeysOf(live)) {
      evidence.see('foreign keys');
      if (!'ar'.includes(on_delete)) evidence.violation(`${name} on ${table} acts on delete (${on_delete})`);
      if (!'ar'.includes(on_update)) evidence.violation(`${name} on ${table} acts on update (${on_update})`);
      if (deferrable) evidence.violation(`${name} on ${table} is deferrable`);
      if (!validated || !enforced)
        evidence.violation(`${name} on ${table} is not ${enforced ? 'validated' : 'enforced'}`);
    }
    const behind = live.triggers.filter(({ internal }) => internal);
    evidence.see('triggers behind them', behind.length);
    for (const { table, enabled, function: name } of behind) {
      if (enabled !== 'O' && enabled !== 'A') evidence.violation(`${name} on ${table} is switched off`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'a foreign key cascades', mentions: 'acts on delete' },
      'ALTER TABLE kf.reservations DROP CONSTRAINT reservations_sales_channel_id_fkey',
      'ALTER TABLE kf.reservations ADD CONSTRAINT reservations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id) ON DELETE CASCADE',
    ),
    supposing(
      { name: 'a foreign key follows updates', mentions: 'acts on update' },
      'ALTER TABLE kf.reservations ADD CONSTRAINT follows FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id) ON UPDATE CASCADE',
    ),
    supposing(
      { name: 'a foreign key is deferrable', mentions: 'is deferrable' },
      'ALTER TABLE kf.reservations ALTER CONSTRAINT reservations_receipt_id_written_in_fkey DEFERRABLE INITIALLY DEFERRED',
    ),
    supposing(
      { name: 'a foreign key was never validated', mentions: 'not validated' },
      'ALTER TABLE kf.reservations DROP CONSTRAINT reservations_sales_channel_id_fkey',
      'ALTER TABLE kf.reservations ADD CONSTRAINT reservations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id) NOT VALID',
    ),
    supposing(
      { name: 'the triggers behind foreign keys are off', mentions: 'switched off' },
      'ALTER TABLE kf.reservations DISABLE TRIGGER ALL',
    ),
  ],
});

const declared = catalogueCheck({
  id: 'environment-scope.foreign-keys-declared',
  claim: 'Each table has exactly the declared foreign keys.',
  mechanism: 'pg_constraint against referencesOf()',
  judge(live, evidence) {
    compareSets(evidence, 'foreign key', {
      declared: tableNames.flatMap((table) =>
        referencesOf(table).map((reference) =>
          referenceText({
            table,
            columns: reference.columns,
            target: reference.table,
            target_columns: reference.target,
          }),
        ),
      ),
      live: foreignKeysOf(live).map((key) => referenceText({ ...key, target: key.target ?? '' })),
    });
  },
  saboteurs: [
    supposing(
      { name: 'a foreign key is dropped', mentions: 'inventory_levels' },
      'ALTER TABLE kf.inventory_levels DROP CONSTRAINT inventory_levels_variant_id_fkey',
    ),
    supposing(
      { name: 'rows no longer need a known environment', mentions: 'locations (tenant_id, environment_id)' },
      'ALTER TABLE kf.locations DROP CONSTRAINT locations_scope_fkey',
    ),
  ],
});

const receiptKey = catalogueCheck({
  id: 'command-only-writes.receipt-key',
  claim: 'Every row of an entity or ledger is tied to a receipt of its own transaction, tenant and environment.',
  mechanism:
    'a foreign key (tenant, environment, receipt, transaction) to command_receipts on every such table that exists',
  judge(live, evidence) {
    const expected = 'tenant_id,environment_id,receipt_id,written_in';
    for (const { schema, kind, name } of live.relations) {
      if (schema !== schemaName || kind !== 'r') continue;
      const known = tableNames.find((table) => table === name);
      // A table that nobody declared counts as an entity: it has to earn an exception.
      if (known && !['entity', 'ledger'].includes(tableOf(known).kind)) continue;
      evidence.see('tables');
      const tied = foreignKeysOf(live).some(
        ({ table, target, columns, target_columns }) =>
          table === name &&
          target === 'command_receipts' &&
          columns.join() === expected &&
          target_columns.join() === 'tenant_id,environment_id,id,written_in',
      );
      if (!tied) evidence.violation(`${name} is not tied to a receipt of its transaction`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'the key to the receipt is dropped', mentions: 'variants is not tied' },
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_receipt_id_written_in_fkey',
    ),
    supposing(
      { name: 'the key to the receipt forgets the transaction', mentions: 'variants is not tied' },
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_receipt_id_written_in_fkey',
      'ALTER TABLE kf.variants ADD FOREIGN KEY (tenant_id, environment_id, receipt_id) REFERENCES kf.command_receipts (tenant_id, environment_id, id)',
    ),
    supposing(
      { name: 'a table without receipts appears', mentions: 'notes is not tied' },
      'CREATE TABLE kf.notes (tenant_id uuid, environment_id uuid)',
    ),
  ],
});

export const foreignKeyRules: readonly Check[] = [composite, inert, declared, receiptKey];

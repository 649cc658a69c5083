import { schemaName, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, conditionCheck, supposing } from '../catalogue-check.ts';

/** The unique keys that hold across a tenant's environments, as the registry declares them. */
function spansEnvironments(table: string, columns: readonly (string | null)[]): boolean {
  if (!tableNames.some((name) => name === table)) return false;
  const keys = tableOf(table as TableName).unique ?? []; // The line above says that it is one.
  return keys.some((key) => key.acrossEnvironments === true && ['tenant_id', ...key.columns].join() === columns.join());
}

const leadWithTenant = catalogueCheck({
  id: 'tenancy.keys-lead-with-tenant',
  claim:
    'Every primary key, unique key, exclusion and index starts with tenant_id and environment_id, except the declared keys of a whole tenant.',
  mechanism: 'pg_index of every table that exists; another tenant’s keys can neither collide nor be probed',
  judge(live, evidence) {
    for (const { table, name, columns, unique } of live.indexes) {
      evidence.see('indexes');
      if (columns[0] !== 'tenant_id')
        evidence.violation(`${name} on ${table} starts with ${columns[0] ?? 'an expression'}`);
      else if (columns[1] !== 'environment_id' && !(unique && spansEnvironments(table, columns))) {
        evidence.violation(`${name} on ${table} continues with ${columns[1] ?? 'an expression or nothing'}`);
      }
    }
  },
  saboteurs: [
    supposing(
      { name: 'a unique key spans all tenants', mentions: 'variants_sku_id_idx' },
      'CREATE UNIQUE INDEX ON kf.variants (sku, id)',
    ),
    supposing(
      { name: 'a unique key spans environments', mentions: 'variants_tenant_id_id_idx' },
      'CREATE UNIQUE INDEX ON kf.variants (tenant_id, id)',
    ),
    supposing(
      { name: 'an index spans all tenants', mentions: 'variants_name_idx' },
      'CREATE INDEX ON kf.variants (name)',
    ),
    supposing(
      { name: 'an index of an expression spans all tenants', mentions: 'an expression' },
      'CREATE INDEX ON kf.variants (lower(sku))',
    ),
    supposing(
      { name: 'the primary key is the id alone', mentions: 'stock_movements_pkey' },
      'ALTER TABLE kf.stock_movements DROP CONSTRAINT stock_movements_pkey',
      'ALTER TABLE kf.stock_movements ADD PRIMARY KEY (event_id, movement_number)',
    ),
    supposing(
      { name: 'an exclusion spans all tenants', mentions: 'one_code' },
      'ALTER TABLE kf.locations ADD CONSTRAINT one_code EXCLUDE USING btree (code WITH =, id WITH =)',
    ),
  ],
});

interface KeyText {
  readonly table: string;
  readonly columns: readonly (string | null)[];
  readonly unique: boolean;
  readonly condition: string | null;
}

const keyText = ({ table, columns, unique, condition }: KeyText): string =>
  `${unique ? 'unique key' : 'index'} of ${table} (${columns.join(', ')})${condition === null ? '' : ` where ${condition}`}`;

const keysDeclared = conditionCheck({
  id: 'tenancy.keys-declared',
  claim: 'Each table has exactly the declared primary key, unique keys and indexes, all of them valid b-trees.',
  mechanism: 'pg_index and pg_constraint against key, unique and indexes of the registry',
  judge(live, evidence, normal) {
    compareSets(evidence, 'key', {
      declared: tableNames.flatMap((table) => {
        const { key, unique = [], indexes = [] } = tableOf(table);
        const scope = ['tenant_id', 'environment_id'];
        return [
          keyText({ table, columns: [...scope, ...key], unique: true, condition: null }),
          ...unique.map(({ columns, acrossEnvironments }) =>
            keyText({
              table,
              columns: [...(acrossEnvironments ? ['tenant_id'] : scope), ...columns],
              unique: true,
              condition: null,
            }),
          ),
          ...indexes.map(({ columns, where }) =>
            keyText({
              table,
              columns: [...scope, ...columns],
              unique: false,
              condition: where ? normal(table, where) : null,
            }),
          ),
        ];
      }),
      live: live.indexes.map(keyText),
    });
    const declaredPrimary = new Map(
      tableNames.map((table) => [String(table), ['tenant_id', 'environment_id', ...tableOf(table).key].join()]),
    );
    for (const { table, type, columns, deferrable } of live.constraints) {
      if (type === 'p' && declaredPrimary.get(table) !== columns.join())
        evidence.violation(`primary key of ${table}: ${columns.join(', ')}`);
      if ('pu'.includes(type) && deferrable) evidence.violation(`a key of ${table} is deferrable`);
    }
    for (const { name, valid, method } of live.indexes) {
      if (!valid || method !== 'btree') evidence.violation(`${name} is ${valid ? `a ${method}` : 'not valid'}`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'a unique key is dropped', mentions: 'unique key of variants' },
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_sku_key',
    ),
    supposing(
      { name: 'an index is dropped', mentions: 'index of reservations' },
      'DROP INDEX kf.reservations_expires_at_id_idx',
    ),
    supposing(
      { name: 'a partial index covers other rows', mentions: 'index of reservations' },
      'DROP INDEX kf.reservations_expires_at_id_idx',
      "CREATE INDEX ON kf.reservations (tenant_id, environment_id, expires_at, id) WHERE status = 'EXPIRED'",
    ),
    supposing(
      { name: 'an undeclared index appears', mentions: 'index of variants' },
      'CREATE INDEX ON kf.variants (tenant_id, environment_id, name)',
    ),
    supposing({ name: 'an index is a hash', mentions: 'a hash' }, 'CREATE INDEX ON kf.variants USING hash (tenant_id)'),
  ],
});

const leakproof = catalogueCheck({
  id: 'tenancy.index-operators-leakproof',
  claim: 'Indexes use leakproof comparisons only: others are evaluated after the policy, and so never use the index.',
  mechanism: 'pg_amop and pg_proc.proleakproof of each operator class',
  judge(live, evidence) {
    for (const { table, name, columns, leaky } of live.indexes) {
      evidence.see('indexes');
      if (leaky.length > 0) evidence.violation(`${name} on ${table} compares with ${leaky.slice(0, 3).join(', ')}`);
      if (columns.includes(null)) evidence.violation(`${name} on ${table} contains an expression`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'an index compares arrays', mentions: 'api_keys_tenant_id_environment_id_scopes_idx' },
      'CREATE INDEX ON kf.api_keys (tenant_id, environment_id, scopes)',
    ),
    supposing(
      { name: 'an index contains an expression', mentions: 'contains an expression' },
      'CREATE INDEX ON kf.variants (tenant_id, environment_id, lower(sku))',
    ),
  ],
});

const statistics = catalogueCheck({
  id: 'tenancy.scope-statistics',
  claim:
    'Each table has extended statistics on its scope columns; without them the planner picks wrong indexes for keyed reads.',
  mechanism: 'pg_statistic_ext with kinds d (n-distinct) and f (dependencies) on exactly (tenant_id, environment_id)',
  judge(live, evidence) {
    for (const { schema, kind, name } of live.relations) {
      if (schema !== schemaName || kind !== 'r') continue;
      evidence.see('tables');
      const found = live.statistics.some(
        ({ table, columns, kinds }) =>
          table === name && columns.join() === 'tenant_id,environment_id' && kinds.includes('d') && kinds.includes('f'),
      );
      if (!found) evidence.violation(`${name} lacks statistics on its scope`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'statistics are dropped', mentions: 'variants lacks statistics' },
      'DROP STATISTICS kf.variants_scope',
    ),
    supposing(
      { name: 'statistics are of one kind only', mentions: 'variants lacks statistics' },
      'DROP STATISTICS kf.variants_scope',
      'CREATE STATISTICS kf.variants_scope (dependencies) ON tenant_id, environment_id FROM kf.variants',
    ),
  ],
});

export const keyRules: readonly Check[] = [leadWithTenant, keysDeclared, leakproof, statistics];

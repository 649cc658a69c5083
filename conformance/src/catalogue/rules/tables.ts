import { schemaName, tableNames } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, supposing } from '../catalogue-check.ts';

const bookkeeping = 'kf_migrations';
const ownSchemas = [schemaName, bookkeeping, 'public'];

const tablesDeclared = catalogueCheck({
  id: 'tenancy.tables-declared',
  claim: 'Every table that exists is in the registry, and every table of the registry exists.',
  mechanism: 'pg_class against packages/schema/src/tables/registry.ts',
  judge(live, evidence) {
    const tables = live.relations.filter(({ schema, kind }) => schema === schemaName && 'rpf'.includes(kind));
    compareSets(evidence, 'table', { declared: tableNames, live: tables.map(({ name }) => name) });
  },
  saboteurs: [
    supposing(
      { name: 'a table without tenant_id appears', mentions: 'notes' },
      'CREATE TABLE kf.notes (id uuid PRIMARY KEY)',
    ),
    supposing({ name: 'a table is gone', mentions: 'expiry_schedule' }, 'DROP TABLE kf.expiry_schedule'),
  ],
});

const plainTablesOnly = catalogueCheck({
  id: 'tenancy.plain-tables-only',
  claim:
    'Tables are ordinary, logged tables: no view, materialized view, foreign table, partition, inheritance or rewrite rule.',
  mechanism:
    'pg_class.relkind, relpersistence and relispartition, pg_inherits, pg_rules; none of these inherits row security',
  judge(live, evidence) {
    for (const relation of live.relations) {
      evidence.see('relations');
      const name = `${relation.schema}.${relation.name}`;
      if (!'rSc'.includes(relation.kind)) evidence.violation(`${name} is a relation of kind ${relation.kind}`);
      if (relation.is_partition || relation.inherits) evidence.violation(`${name} takes part in inheritance`);
      if (relation.persistence !== 'p') evidence.violation(`${name} is not a logged table`);
    }
    const rules = live.others.filter(({ what }) => what === 'rule');
    for (const rule of rules) evidence.violation(`rule ${rule.name} rewrites queries`);
  },
  saboteurs: [
    supposing(
      { name: 'a view runs as its owner', mentions: 'kf.sku_list' },
      'CREATE VIEW kf.sku_list AS SELECT sku FROM kf.variants',
    ),
    supposing(
      { name: 'a view runs as its caller', mentions: 'kf.sku_list' },
      'CREATE VIEW kf.sku_list WITH (security_invoker = true) AS SELECT sku FROM kf.variants',
    ),
    supposing(
      { name: 'a materialized view keeps a copy', mentions: 'kf.sku_copy' },
      'CREATE MATERIALIZED VIEW kf.sku_copy AS SELECT sku FROM kf.variants',
    ),
    supposing(
      { name: 'a table inherits from another', mentions: 'variants_old' },
      'CREATE TABLE kf.variants_old () INHERITS (kf.variants)',
    ),
    supposing(
      { name: 'a partitioned table appears', mentions: 'kf.parted' },
      'CREATE TABLE kf.parted (tenant_id uuid NOT NULL) PARTITION BY HASH (tenant_id)',
    ),
    supposing(
      { name: 'a table is not logged', mentions: 'expiry_schedule' },
      'ALTER TABLE kf.expiry_schedule SET UNLOGGED',
    ),
    supposing(
      { name: 'a rule swallows deletes', mentions: 'variants.swallow' },
      'CREATE RULE swallow AS ON DELETE TO kf.variants DO INSTEAD NOTHING',
    ),
  ],
});

const noCodeInTheDatabase = catalogueCheck({
  id: 'tenancy.no-code-in-the-database',
  claim:
    'The one function is the trigger that refuses; nothing runs with its owner’s rights or claims to be leakproof.',
  mechanism:
    'pg_proc.prosecdef and proleakproof in every schema but the system’s; pg_event_trigger, pg_operator, pg_cast',
  judge(live, evidence) {
    compareSets(evidence, 'function', {
      declared: [`${schemaName}.refuse_change()`],
      live: live.routines
        .filter(({ in_system }) => !in_system)
        .map(({ schema, name }) => (name.includes('.') ? name : `${schema}.${name}`)),
    });
    for (const { name, definer, leakproof } of live.routines) {
      if (definer) evidence.violation(`${name} runs with the rights of its owner`);
      if (leakproof) evidence.violation(`${name} claims to be leakproof`);
    }
    const code = live.others.filter(({ what }) => ['operator', 'cast', 'event trigger'].includes(what));
    for (const { what, name } of code) evidence.violation(`${what} ${name}`);
  },
  saboteurs: [
    supposing(
      { name: 'a SECURITY DEFINER function appears', mentions: 'runs with the rights' },
      "CREATE FUNCTION kf.count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM kf.variants'",
    ),
    supposing(
      { name: 'a SECURITY DEFINER function appears in another schema', mentions: 'public.peek' },
      "CREATE FUNCTION public.peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    supposing(
      {
        name: 'a SECURITY DEFINER function hides among those of the server',
        mentions: 'hidden() runs with the rights',
      },
      "CREATE FUNCTION pg_catalog.hidden() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    supposing(
      { name: 'a function claims to be leakproof', mentions: 'claims to be leakproof' },
      "CREATE FUNCTION kf.like_it(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'",
    ),
    supposing(
      { name: 'the refusing function becomes a definer function', mentions: 'refuse_change' },
      'ALTER FUNCTION kf.refuse_change() SECURITY DEFINER',
    ),
  ],
});

const nothingElsewhere = catalogueCheck({
  id: 'tenancy.nothing-elsewhere',
  claim:
    'Nothing stands outside the one schema: no other schema, no table in public, no user-made type, publication or foreign server.',
  mechanism: 'pg_namespace, pg_class, pg_type, pg_collation, pg_publication, pg_foreign_server',
  judge(live, evidence) {
    compareSets(evidence, 'schema', {
      declared: ownSchemas,
      live: live.others.filter(({ what }) => what === 'schema').map(({ name }) => name),
    });
    const outside = live.relations
      .filter(({ schema }) => schema !== schemaName)
      .map(({ schema, name }) => `${schema}.${name}`);
    compareSets(evidence, 'relation outside', { declared: [`${bookkeeping}.applied`], live: outside });
    const made = ['enum', 'domain', 'range', 'type', 'collation', 'publication', 'foreign server'];
    for (const { what, schema, name } of live.others) {
      if (made.includes(what)) evidence.violation(`${what} ${schema}.${name}`);
    }
    const composite = live.relations.filter(({ kind }) => kind === 'c');
    for (const { name } of composite) evidence.violation(`type ${name}`);
  },
  saboteurs: [
    supposing(
      { name: 'a table appears in public', mentions: 'public.scratch' },
      'CREATE TABLE public.scratch (id int)',
    ),
    supposing({ name: 'another schema appears', mentions: 'reporting' }, 'CREATE SCHEMA reporting'),
    supposing({ name: 'an enum type appears', mentions: 'kf.mood' }, "CREATE TYPE kf.mood AS ENUM ('good', 'bad')"),
    supposing(
      { name: 'a publication copies everything', mentions: 'everything' },
      'CREATE PUBLICATION everything FOR ALL TABLES',
    ),
  ],
});

const noSequences = catalogueCheck({
  id: 'tenancy.no-shared-sequences',
  claim:
    'No sequence counts the rows of all tenants, except the positions of queues, which no tenant-facing role may read.',
  mechanism: 'pg_class relkind S: only those of identity columns that the registry declares, and no grant on them',
  judge(live, evidence) {
    const identities = live.columns.filter(({ identity }) => identity).map(({ table, name }) => `${table}_${name}_seq`);
    evidence.see('tables', live.relations.length);
    for (const { kind, schema, name, identity_of } of live.relations) {
      if (kind !== 'S') continue;
      if (identity_of === null || !identities.includes(name)) evidence.violation(`sequence ${schema}.${name}`);
    }
    for (const { kind, object, role, owner, privilege } of live.privileges) {
      if (kind === 'sequence' && role !== owner)
        evidence.violation(`${privilege} on sequence ${object} is granted to ${role}`);
    }
  },
  saboteurs: [
    supposing({ name: 'a sequence appears', mentions: 'order_numbers' }, 'CREATE SEQUENCE kf.order_numbers'),
    supposing(
      { name: 'a queue’s sequence is readable', mentions: 'log_pending_position_seq' },
      'GRANT SELECT ON SEQUENCE kf.log_pending_position_seq TO kf_command',
    ),
  ],
});

export const tableRules: readonly Check[] = [
  tablesDeclared,
  plainTablesOnly,
  noCodeInTheDatabase,
  nothingElsewhere,
  noSequences,
];

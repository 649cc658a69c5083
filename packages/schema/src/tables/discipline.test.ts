import { expect, test } from 'bun:test';
import { createTableSql, disciplineSql, foreignKeysSql, registrySql } from './discipline.ts';
import { tableNames } from './registry.ts';

test('the SQL of one table, as a whole', () => {
  expect(
    [createTableSql('sales_channels'), ...foreignKeysSql('sales_channels'), disciplineSql('sales_channels')].join('\n'),
  ).toMatchInlineSnapshot(`
      "CREATE TABLE kf.sales_channels (
        tenant_id uuid NOT NULL,
        environment_id uuid NOT NULL,
        id uuid NOT NULL,
        code text NOT NULL,
        name text NOT NULL,
        version bigint NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        receipt_id uuid NOT NULL,
        written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
        CONSTRAINT sales_channels_pkey PRIMARY KEY (tenant_id, environment_id, id),
        CONSTRAINT sales_channels_code_key UNIQUE (tenant_id, environment_id, code)
      );
      ALTER TABLE kf.sales_channels ADD CONSTRAINT sales_channels_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
      ALTER TABLE kf.sales_channels ADD CONSTRAINT sales_channels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
      ALTER TABLE kf.sales_channels OWNER TO kf_owner;
      CREATE STATISTICS kf.sales_channels_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.sales_channels;
      ALTER TABLE kf.sales_channels ENABLE ROW LEVEL SECURITY;
      ALTER TABLE kf.sales_channels FORCE ROW LEVEL SECURITY;
      CREATE POLICY scope_select ON kf.sales_channels FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
      CREATE POLICY scope_insert ON kf.sales_channels FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
      CREATE POLICY scope_update ON kf.sales_channels FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
      REVOKE ALL ON kf.sales_channels FROM PUBLIC;
      GRANT SELECT ON kf.sales_channels TO kf_command;
      GRANT SELECT ON kf.sales_channels TO kf_read;
      GRANT SELECT ON kf.sales_channels TO kf_ingest;
      GRANT INSERT ON kf.sales_channels TO kf_command;
      GRANT UPDATE (name, version, updated_at, receipt_id, written_in) ON kf.sales_channels TO kf_command;
      REVOKE DELETE, TRUNCATE ON kf.sales_channels FROM kf_owner;
      CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.sales_channels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
      ALTER TABLE kf.sales_channels ENABLE ALWAYS TRIGGER refuse_change;"
    `);
});

test('the SQL of one queue, as a whole', () => {
  expect(disciplineSql('log_pending')).toMatchInlineSnapshot(`
    "ALTER TABLE kf.log_pending OWNER TO kf_owner;
    CREATE STATISTICS kf.log_pending_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.log_pending;
    ALTER TABLE kf.log_pending ENABLE ROW LEVEL SECURITY;
    ALTER TABLE kf.log_pending FORCE ROW LEVEL SECURITY;
    CREATE POLICY scope_select ON kf.log_pending FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
    CREATE POLICY scope_insert ON kf.log_pending FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
    CREATE POLICY drain_select ON kf.log_pending FOR SELECT TO kf_sequencer USING (true);
    CREATE POLICY drain_delete ON kf.log_pending FOR DELETE TO kf_sequencer USING (true);
    REVOKE ALL ON kf.log_pending FROM PUBLIC;
    GRANT INSERT ON kf.log_pending TO kf_command;
    GRANT INSERT ON kf.log_pending TO kf_ingest;
    GRANT INSERT ON kf.log_pending TO kf_worker;
    GRANT SELECT ON kf.log_pending TO kf_sequencer;
    GRANT DELETE ON kf.log_pending TO kf_sequencer;"
  `);
});

test('the whole schema makes every table once, and forces row security on it', () => {
  const sql = registrySql();
  expect(sql.match(/^CREATE TABLE kf\./gm)).toHaveLength(tableNames.length);
  expect(sql.match(/ ENABLE ROW LEVEL SECURITY;$/gm)).toHaveLength(tableNames.length);
  expect(sql.match(/ FORCE ROW LEVEL SECURITY;$/gm)).toHaveLength(tableNames.length);
  expect(sql.match(/ OWNER TO kf_owner;$/gm)).toHaveLength(tableNames.length + 1);
  expect(sql).not.toMatch(/SECURITY DEFINER|RESTRICTIVE|CASCADE|TO PUBLIC|USING \(true\)(?!;)/i);
});

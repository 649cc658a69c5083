-- Oversell policies and how they reach the levels, allocations, and cancelling in mass.

CREATE TABLE kf.oversell_policies (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  scope_key text NOT NULL,
  scope text NOT NULL,
  variant_id uuid,
  location_id uuid,
  sales_channel_id uuid,
  mode text NOT NULL,
  quantity bigint NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT oversell_policies_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT oversell_policies_scope_key_key UNIQUE (tenant_id, environment_id, scope_key),
  CONSTRAINT oversell_policies_quantity_not_negative CHECK (quantity >= 0),
  CONSTRAINT oversell_policies_quantity_only_of_a_bound CHECK (quantity = 0 OR mode IN ('LIMIT', 'BACKORDER')),
  CONSTRAINT oversell_policies_scope_known CHECK (scope IN ('VARIANT_LOCATION', 'VARIANT', 'LOCATION', 'SALES_CHANNEL')),
  CONSTRAINT oversell_policies_mode_known CHECK (mode IN ('LIMIT', 'BACKORDER', 'STRICT', 'INHERIT'))
);
CREATE TABLE kf.oversell_applications (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  scope_key text NOT NULL,
  revision bigint NOT NULL,
  status text NOT NULL,
  started_at timestamptz NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT oversell_applications_pkey PRIMARY KEY (tenant_id, environment_id, scope_key),
  CONSTRAINT oversell_applications_status_known CHECK (status IN ('RUNNING', 'DONE'))
);
CREATE TABLE kf.mass_cancels (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  sales_channel_id uuid,
  reference_prefix text,
  reservation_status text,
  created_before timestamptz NOT NULL,
  expected_count bigint NOT NULL,
  cancelled_count bigint NOT NULL,
  status text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT mass_cancels_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT mass_cancels_cancelled_not_negative CHECK (cancelled_count >= 0),
  CONSTRAINT mass_cancels_never_more_than_approved CHECK (cancelled_count <= expected_count),
  CONSTRAINT mass_cancels_reservation_status_known CHECK (reservation_status IN ('ACTIVE', 'COMMITTED')),
  CONSTRAINT mass_cancels_status_known CHECK (status IN ('RUNNING', 'COMPLETED', 'STOPPED_AT_BOUND', 'STOPPED'))
);
CREATE TABLE kf.allocations (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  line_number integer NOT NULL,
  variant_id uuid NOT NULL,
  location_id uuid NOT NULL,
  quantity bigint NOT NULL,
  strategy text NOT NULL,
  status text NOT NULL,
  override_of uuid,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT allocations_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT allocations_quantity_positive CHECK (quantity > 0),
  CONSTRAINT allocations_strategy_known CHECK (strategy IN ('reserved_location', 'fewest_locations', 'most_available', 'override')),
  CONSTRAINT allocations_status_known CHECK (status IN ('ALLOCATED', 'MOVED', 'RELEASED'))
);
CREATE TABLE kf.oversell_revisions (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  scope_key text NOT NULL,
  revision bigint NOT NULL,
  mode text NOT NULL,
  quantity bigint NOT NULL,
  set_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT oversell_revisions_pkey PRIMARY KEY (tenant_id, environment_id, scope_key, revision),
  CONSTRAINT oversell_revisions_quantity_not_negative CHECK (quantity >= 0),
  CONSTRAINT oversell_revisions_mode_known CHECK (mode IN ('LIMIT', 'BACKORDER', 'STRICT', 'INHERIT'))
);

-- Checking a new foreign key reads the table that it points at, which the owner may while row security is not forced.
ALTER TABLE kf.variants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.locations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.sales_channels NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.reservations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.oversell_policies ADD CONSTRAINT oversell_policies_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants (tenant_id, environment_id, id);
ALTER TABLE kf.oversell_policies ADD CONSTRAINT oversell_policies_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations (tenant_id, environment_id, id);
ALTER TABLE kf.oversell_policies ADD CONSTRAINT oversell_policies_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id);
ALTER TABLE kf.oversell_policies ADD CONSTRAINT oversell_policies_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.oversell_applications ADD CONSTRAINT oversell_applications_scope_key_fkey FOREIGN KEY (tenant_id, environment_id, scope_key) REFERENCES kf.oversell_policies (tenant_id, environment_id, scope_key);
ALTER TABLE kf.oversell_applications ADD CONSTRAINT oversell_applications_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.mass_cancels ADD CONSTRAINT mass_cancels_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id);
ALTER TABLE kf.mass_cancels ADD CONSTRAINT mass_cancels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.allocations ADD CONSTRAINT allocations_reservation_id_fkey FOREIGN KEY (tenant_id, environment_id, reservation_id) REFERENCES kf.reservations (tenant_id, environment_id, id);
ALTER TABLE kf.allocations ADD CONSTRAINT allocations_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants (tenant_id, environment_id, id);
ALTER TABLE kf.allocations ADD CONSTRAINT allocations_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations (tenant_id, environment_id, id);
ALTER TABLE kf.allocations ADD CONSTRAINT allocations_override_of_fkey FOREIGN KEY (tenant_id, environment_id, override_of) REFERENCES kf.allocations (tenant_id, environment_id, id);
ALTER TABLE kf.allocations ADD CONSTRAINT allocations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.oversell_revisions ADD CONSTRAINT oversell_revisions_scope_key_fkey FOREIGN KEY (tenant_id, environment_id, scope_key) REFERENCES kf.oversell_policies (tenant_id, environment_id, scope_key);
ALTER TABLE kf.oversell_revisions ADD CONSTRAINT oversell_revisions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.variants FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.locations FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.sales_channels FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.reservations FORCE ROW LEVEL SECURITY;

-- oversell_policies
ALTER TABLE kf.oversell_policies OWNER TO kf_owner;
CREATE STATISTICS kf.oversell_policies_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.oversell_policies;
ALTER TABLE kf.oversell_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.oversell_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.oversell_policies FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.oversell_policies FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.oversell_policies FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.oversell_policies FROM PUBLIC;
GRANT SELECT ON kf.oversell_policies TO kf_command;
GRANT SELECT ON kf.oversell_policies TO kf_read;
GRANT SELECT ON kf.oversell_policies TO kf_worker;
GRANT INSERT ON kf.oversell_policies TO kf_command;
GRANT UPDATE (mode, quantity, version, updated_at, receipt_id, written_in) ON kf.oversell_policies TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.oversell_policies FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.oversell_policies FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.oversell_policies ENABLE ALWAYS TRIGGER refuse_change;

-- oversell_applications
ALTER TABLE kf.oversell_applications OWNER TO kf_owner;
CREATE INDEX oversell_applications_started_at_scope_key_idx ON kf.oversell_applications (tenant_id, environment_id, started_at, scope_key) WHERE status = 'RUNNING';
CREATE STATISTICS kf.oversell_applications_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.oversell_applications;
ALTER TABLE kf.oversell_applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.oversell_applications FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.oversell_applications FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.oversell_applications FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.oversell_applications FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.oversell_applications FROM PUBLIC;
GRANT SELECT ON kf.oversell_applications TO kf_command;
GRANT SELECT ON kf.oversell_applications TO kf_read;
GRANT SELECT ON kf.oversell_applications TO kf_worker;
GRANT INSERT ON kf.oversell_applications TO kf_command;
GRANT UPDATE (revision, status, started_at, version, updated_at, receipt_id, written_in) ON kf.oversell_applications TO kf_command;
GRANT UPDATE (revision, status, started_at, version, updated_at, receipt_id, written_in) ON kf.oversell_applications TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.oversell_applications FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.oversell_applications FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.oversell_applications ENABLE ALWAYS TRIGGER refuse_change;

-- mass_cancels
ALTER TABLE kf.mass_cancels OWNER TO kf_owner;
CREATE INDEX mass_cancels_id_idx ON kf.mass_cancels (tenant_id, environment_id, id) WHERE status = 'RUNNING';
CREATE STATISTICS kf.mass_cancels_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.mass_cancels;
ALTER TABLE kf.mass_cancels ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.mass_cancels FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.mass_cancels FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.mass_cancels FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.mass_cancels FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.mass_cancels FROM PUBLIC;
GRANT SELECT ON kf.mass_cancels TO kf_command;
GRANT SELECT ON kf.mass_cancels TO kf_read;
GRANT SELECT ON kf.mass_cancels TO kf_worker;
GRANT INSERT ON kf.mass_cancels TO kf_command;
GRANT UPDATE (cancelled_count, status, finished_at, version, updated_at, receipt_id, written_in) ON kf.mass_cancels TO kf_command;
GRANT UPDATE (cancelled_count, status, finished_at, version, updated_at, receipt_id, written_in) ON kf.mass_cancels TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.mass_cancels FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.mass_cancels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.mass_cancels ENABLE ALWAYS TRIGGER refuse_change;

-- allocations
ALTER TABLE kf.allocations OWNER TO kf_owner;
CREATE INDEX allocations_reservation_id_idx ON kf.allocations (tenant_id, environment_id, reservation_id);
CREATE INDEX allocations_location_id_id_idx ON kf.allocations (tenant_id, environment_id, location_id, id) WHERE status = 'ALLOCATED';
CREATE STATISTICS kf.allocations_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.allocations;
ALTER TABLE kf.allocations ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.allocations FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.allocations FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.allocations FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.allocations FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.allocations FROM PUBLIC;
GRANT SELECT ON kf.allocations TO kf_command;
GRANT SELECT ON kf.allocations TO kf_read;
GRANT SELECT ON kf.allocations TO kf_worker;
GRANT INSERT ON kf.allocations TO kf_command;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.allocations TO kf_command;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.allocations TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.allocations FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.allocations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.allocations ENABLE ALWAYS TRIGGER refuse_change;

-- oversell_revisions
ALTER TABLE kf.oversell_revisions OWNER TO kf_owner;
CREATE STATISTICS kf.oversell_revisions_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.oversell_revisions;
ALTER TABLE kf.oversell_revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.oversell_revisions FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.oversell_revisions FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.oversell_revisions FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.oversell_revisions FROM PUBLIC;
GRANT SELECT ON kf.oversell_revisions TO kf_command;
GRANT SELECT ON kf.oversell_revisions TO kf_read;
GRANT SELECT ON kf.oversell_revisions TO kf_ingest;
GRANT SELECT ON kf.oversell_revisions TO kf_worker;
GRANT INSERT ON kf.oversell_revisions TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.oversell_revisions FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.oversell_revisions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.oversell_revisions ENABLE ALWAYS TRIGGER refuse_change;

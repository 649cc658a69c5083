-- Tenants that a platform's own tenant has created, and references to personal values that go with the values.

GRANT UPDATE (personal_data_id) ON kf.principals TO kf_command;

CREATE TABLE kf.platform_tenants (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  request_hash bytea NOT NULL,
  status text NOT NULL,
  bootstrap_receipt_id uuid,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT platform_tenants_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT platform_tenants_request_hash_is_sha256 CHECK (octet_length(request_hash) = 32),
  CONSTRAINT platform_tenants_status_known CHECK (status IN ('REQUESTED', 'BOOTSTRAPPED')),
  CONSTRAINT platform_tenants_control_only CHECK (environment_id = tenant_id)
);

-- Checking a new foreign key reads the table that it points at, which the owner may while row security is not forced.
ALTER TABLE kf.tenants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.platform_tenants ADD CONSTRAINT platform_tenants_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants (tenant_id, environment_id);
ALTER TABLE kf.platform_tenants ADD CONSTRAINT platform_tenants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;

-- platform_tenants
ALTER TABLE kf.platform_tenants OWNER TO kf_owner;
CREATE STATISTICS kf.platform_tenants_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.platform_tenants;
ALTER TABLE kf.platform_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.platform_tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.platform_tenants FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.platform_tenants FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.platform_tenants FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.platform_tenants FROM PUBLIC;
GRANT SELECT ON kf.platform_tenants TO kf_command;
GRANT SELECT ON kf.platform_tenants TO kf_read;
GRANT INSERT ON kf.platform_tenants TO kf_command;
GRANT UPDATE (status, bootstrap_receipt_id, version, updated_at, receipt_id, written_in) ON kf.platform_tenants TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.platform_tenants FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.platform_tenants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.platform_tenants ENABLE ALWAYS TRIGGER refuse_change;

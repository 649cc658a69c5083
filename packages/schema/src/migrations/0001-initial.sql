-- The schema as packages/schema/src/tables/registry.ts declared it when it began. Frozen: later changes are later files.
-- Runs as kf_owner, in one transaction, with row_security off.

CREATE FUNCTION kf.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: rows here are never changed or removed this way', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
ALTER FUNCTION kf.refuse_change() OWNER TO kf_owner;

CREATE TABLE kf.tenants (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT tenants_scope_key UNIQUE (tenant_id, environment_id),
  CONSTRAINT tenants_is_itself CHECK (id = tenant_id),
  CONSTRAINT tenants_status_known CHECK (status IN ('ACTIVE', 'SUSPENDED')),
  CONSTRAINT tenants_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.environments (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT environments_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT environments_name_key UNIQUE (tenant_id, environment_id, name),
  CONSTRAINT environments_id_key UNIQUE (tenant_id, id),
  CONSTRAINT environments_kind_known CHECK (kind IN ('CONTROL', 'SANDBOX', 'PRODUCTION')),
  CONSTRAINT environments_status_known CHECK (status IN ('ACTIVE', 'ARCHIVED')),
  CONSTRAINT environments_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.personal_data (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  field text NOT NULL,
  value text,
  erased_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT personal_data_pkey PRIMARY KEY (tenant_id, environment_id, id)
);
CREATE TABLE kf.principals (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  handle text NOT NULL,
  owner_id uuid,
  personal_data_id uuid,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT principals_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT principals_handle_key UNIQUE (tenant_id, environment_id, handle),
  CONSTRAINT principals_type_known CHECK (type IN ('USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT')),
  CONSTRAINT principals_status_known CHECK (status IN ('ACTIVE', 'DISABLED')),
  CONSTRAINT principals_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.role_grants (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  target_environment_id uuid,
  role text NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_until timestamptz,
  revoked_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT role_grants_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT role_grants_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.api_keys (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  target_environment_id uuid NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  scopes text[] NOT NULL,
  risk_ceiling text NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT api_keys_secret_hash_is_sha256 CHECK (octet_length(secret_hash) = 32),
  CONSTRAINT api_keys_risk_ceiling_known CHECK (risk_ceiling IN ('R0', 'R1', 'R2', 'R3')),
  CONSTRAINT api_keys_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.ingest_sources (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  code text NOT NULL,
  principal_id uuid NOT NULL,
  target_environment_id uuid NOT NULL,
  preset text NOT NULL,
  secret_refs text[] NOT NULL,
  tolerance_seconds bigint NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT ingest_sources_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT ingest_sources_code_key UNIQUE (tenant_id, environment_id, code),
  CONSTRAINT ingest_sources_preset_known CHECK (preset IN ('standard-webhooks')),
  CONSTRAINT ingest_sources_status_known CHECK (status IN ('ACTIVE', 'PAUSED')),
  CONSTRAINT ingest_sources_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.locations (
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
  CONSTRAINT locations_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT locations_code_key UNIQUE (tenant_id, environment_id, code)
);
CREATE TABLE kf.sales_channels (
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
CREATE TABLE kf.channel_locations (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  sales_channel_id uuid NOT NULL,
  location_id uuid NOT NULL,
  buffer_quantity bigint NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT channel_locations_pkey PRIMARY KEY (tenant_id, environment_id, sales_channel_id, location_id),
  CONSTRAINT channel_locations_buffer_not_negative CHECK (buffer_quantity >= 0)
);
CREATE TABLE kf.variants (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT variants_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT variants_sku_key UNIQUE (tenant_id, environment_id, sku)
);
CREATE TABLE kf.approvals (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  command_type text NOT NULL,
  command_hash bytea NOT NULL,
  command_body bytea NOT NULL,
  risk text NOT NULL,
  status text NOT NULL,
  requested_by uuid NOT NULL,
  on_behalf_of uuid,
  policy_hash text NOT NULL,
  expires_at timestamptz NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT approvals_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT approvals_command_hash_is_sha256 CHECK (octet_length(command_hash) = 32),
  CONSTRAINT approvals_risk_known CHECK (risk IN ('R0', 'R1', 'R2', 'R3')),
  CONSTRAINT approvals_status_known CHECK (status IN ('REQUESTED', 'APPROVED', 'DENIED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED', 'EXECUTED', 'FAILED'))
);
CREATE TABLE kf.reservations (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  sales_channel_id uuid,
  reference text,
  created_by_event uuid NOT NULL,
  status text NOT NULL,
  expires_at timestamptz NOT NULL,
  extensions bigint NOT NULL,
  resolved_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT reservations_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT reservations_status_known CHECK (status IN ('ACTIVE', 'COMMITTED', 'EXPIRED', 'CANCELLED'))
) WITH (fillfactor = 80);
CREATE TABLE kf.inventory_levels (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  location_id uuid NOT NULL,
  on_hand bigint NOT NULL,
  reserved bigint NOT NULL,
  allocated bigint NOT NULL,
  damaged bigint NOT NULL,
  quality_control bigint NOT NULL,
  incoming bigint NOT NULL,
  safety_stock bigint NOT NULL,
  oversell_limit bigint NOT NULL,
  shortfall bigint NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT inventory_levels_pkey PRIMARY KEY (tenant_id, environment_id, variant_id, location_id),
  CONSTRAINT inventory_levels_on_hand_not_negative CHECK (on_hand >= 0),
  CONSTRAINT inventory_levels_reserved_not_negative CHECK (reserved >= 0),
  CONSTRAINT inventory_levels_allocated_not_negative CHECK (allocated >= 0),
  CONSTRAINT inventory_levels_damaged_not_negative CHECK (damaged >= 0),
  CONSTRAINT inventory_levels_quality_control_not_negative CHECK (quality_control >= 0),
  CONSTRAINT inventory_levels_incoming_not_negative CHECK (incoming >= 0),
  CONSTRAINT inventory_levels_safety_stock_not_negative CHECK (safety_stock >= 0),
  CONSTRAINT inventory_levels_oversell_limit_not_negative CHECK (oversell_limit >= 0),
  CONSTRAINT inventory_levels_shortfall_not_negative CHECK (shortfall >= 0),
  CONSTRAINT inventory_levels_never_oversold CHECK (on_hand - reserved - allocated - damaged - quality_control - safety_stock + oversell_limit + shortfall >= 0)
) WITH (fillfactor = 40);
CREATE TABLE kf.stock_movements (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  event_id uuid NOT NULL,
  movement_number integer NOT NULL,
  variant_id uuid NOT NULL,
  location_id uuid NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  quantity bigint NOT NULL,
  reason text,
  occurred_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT stock_movements_pkey PRIMARY KEY (tenant_id, environment_id, event_id, movement_number),
  CONSTRAINT stock_movements_quantity_positive CHECK (quantity > 0),
  CONSTRAINT stock_movements_states_differ CHECK (from_state <> to_state),
  CONSTRAINT stock_movements_from_state_known CHECK (from_state IN ('EXTERNAL', 'AVAILABLE', 'RESERVED', 'ALLOCATED', 'DAMAGED', 'QUALITY_CONTROL', 'INCOMING')),
  CONSTRAINT stock_movements_to_state_known CHECK (to_state IN ('EXTERNAL', 'AVAILABLE', 'RESERVED', 'ALLOCATED', 'DAMAGED', 'QUALITY_CONTROL', 'INCOMING'))
);
CREATE TABLE kf.command_receipts (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  command_type text NOT NULL,
  status text NOT NULL,
  actor_id uuid NOT NULL,
  idempotency_key_hash bytea,
  payload_hash bytea NOT NULL,
  body bytea NOT NULL,
  hash bytea NOT NULL,
  signature bytea NOT NULL,
  key_id text NOT NULL,
  response bytea,
  correlation_id uuid NOT NULL,
  completed_at timestamptz NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT command_receipts_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT command_receipts_command_type_idempotency_key_hash_key UNIQUE (tenant_id, command_type, idempotency_key_hash),
  CONSTRAINT command_receipts_id_written_in_key UNIQUE (tenant_id, environment_id, id, written_in),
  CONSTRAINT command_receipts_hash_is_sha256 CHECK (octet_length(hash) = 32),
  CONSTRAINT command_receipts_payload_hash_is_sha256 CHECK (octet_length(payload_hash) = 32),
  CONSTRAINT command_receipts_signature_is_ed25519 CHECK (octet_length(signature) = 64),
  CONSTRAINT command_receipts_status_known CHECK (status IN ('SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL'))
) WITH (toast_tuple_target = 8160);
CREATE TABLE kf.domain_events (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL,
  hash bytea NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT domain_events_pkey PRIMARY KEY (tenant_id, environment_id, written_in, id),
  CONSTRAINT domain_events_hash_is_sha256 CHECK (octet_length(hash) = 32)
) WITH (toast_tuple_target = 8160);
CREATE TABLE kf.log_pending (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  receipt_ids uuid[] NOT NULL,
  CONSTRAINT log_pending_pkey PRIMARY KEY (tenant_id, environment_id, position)
);
CREATE TABLE kf.expiry_schedule (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  due_at timestamptz NOT NULL,
  CONSTRAINT expiry_schedule_pkey PRIMARY KEY (tenant_id, environment_id, due_at)
);

ALTER TABLE kf.tenants ADD CONSTRAINT tenants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.environments ADD CONSTRAINT environments_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants (tenant_id, environment_id);
ALTER TABLE kf.environments ADD CONSTRAINT environments_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.personal_data ADD CONSTRAINT personal_data_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.personal_data ADD CONSTRAINT personal_data_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.principals ADD CONSTRAINT principals_owner_id_fkey FOREIGN KEY (tenant_id, environment_id, owner_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.principals ADD CONSTRAINT principals_personal_data_id_fkey FOREIGN KEY (tenant_id, environment_id, personal_data_id) REFERENCES kf.personal_data (tenant_id, environment_id, id);
ALTER TABLE kf.principals ADD CONSTRAINT principals_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants (tenant_id, environment_id);
ALTER TABLE kf.principals ADD CONSTRAINT principals_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.role_grants ADD CONSTRAINT role_grants_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.role_grants ADD CONSTRAINT role_grants_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments (tenant_id, environment_id, id);
ALTER TABLE kf.role_grants ADD CONSTRAINT role_grants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.api_keys ADD CONSTRAINT api_keys_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.api_keys ADD CONSTRAINT api_keys_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments (tenant_id, environment_id, id);
ALTER TABLE kf.api_keys ADD CONSTRAINT api_keys_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.ingest_sources ADD CONSTRAINT ingest_sources_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.ingest_sources ADD CONSTRAINT ingest_sources_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments (tenant_id, environment_id, id);
ALTER TABLE kf.ingest_sources ADD CONSTRAINT ingest_sources_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.locations ADD CONSTRAINT locations_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.locations ADD CONSTRAINT locations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.sales_channels ADD CONSTRAINT sales_channels_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.sales_channels ADD CONSTRAINT sales_channels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.channel_locations ADD CONSTRAINT channel_locations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id);
ALTER TABLE kf.channel_locations ADD CONSTRAINT channel_locations_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations (tenant_id, environment_id, id);
ALTER TABLE kf.channel_locations ADD CONSTRAINT channel_locations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.variants ADD CONSTRAINT variants_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.variants ADD CONSTRAINT variants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.approvals ADD CONSTRAINT approvals_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.approvals ADD CONSTRAINT approvals_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.reservations ADD CONSTRAINT reservations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id);
ALTER TABLE kf.reservations ADD CONSTRAINT reservations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.inventory_levels ADD CONSTRAINT inventory_levels_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants (tenant_id, environment_id, id);
ALTER TABLE kf.inventory_levels ADD CONSTRAINT inventory_levels_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations (tenant_id, environment_id, id);
ALTER TABLE kf.inventory_levels ADD CONSTRAINT inventory_levels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.stock_movements ADD CONSTRAINT stock_movements_variant_id_location_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id, location_id) REFERENCES kf.inventory_levels (tenant_id, environment_id, variant_id, location_id);
ALTER TABLE kf.stock_movements ADD CONSTRAINT stock_movements_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.domain_events ADD CONSTRAINT domain_events_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);

-- tenants
ALTER TABLE kf.tenants OWNER TO kf_owner;
CREATE STATISTICS kf.tenants_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.tenants;
ALTER TABLE kf.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.tenants FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.tenants FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.tenants FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.tenants FROM PUBLIC;
GRANT SELECT ON kf.tenants TO kf_command;
GRANT SELECT ON kf.tenants TO kf_read;
GRANT SELECT ON kf.tenants TO kf_ingest;
GRANT SELECT ON kf.tenants TO kf_worker;
GRANT INSERT ON kf.tenants TO kf_command;
GRANT UPDATE (name, status, version, updated_at, receipt_id, written_in) ON kf.tenants TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.tenants FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.tenants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.tenants ENABLE ALWAYS TRIGGER refuse_change;

-- environments
ALTER TABLE kf.environments OWNER TO kf_owner;
CREATE STATISTICS kf.environments_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.environments;
ALTER TABLE kf.environments ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.environments FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.environments FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.environments FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.environments FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.environments FROM PUBLIC;
GRANT SELECT ON kf.environments TO kf_command;
GRANT SELECT ON kf.environments TO kf_read;
GRANT SELECT ON kf.environments TO kf_ingest;
GRANT SELECT ON kf.environments TO kf_worker;
GRANT INSERT ON kf.environments TO kf_command;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.environments TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.environments FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.environments FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.environments ENABLE ALWAYS TRIGGER refuse_change;

-- personal_data
ALTER TABLE kf.personal_data OWNER TO kf_owner;
CREATE STATISTICS kf.personal_data_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.personal_data;
ALTER TABLE kf.personal_data ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.personal_data FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.personal_data FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.personal_data FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.personal_data FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.personal_data FROM PUBLIC;
GRANT SELECT ON kf.personal_data TO kf_command;
GRANT SELECT ON kf.personal_data TO kf_read;
GRANT INSERT ON kf.personal_data TO kf_command;
GRANT UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) ON kf.personal_data TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.personal_data FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.personal_data FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.personal_data ENABLE ALWAYS TRIGGER refuse_change;

-- principals
ALTER TABLE kf.principals OWNER TO kf_owner;
CREATE STATISTICS kf.principals_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.principals;
ALTER TABLE kf.principals ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.principals FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.principals FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.principals FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.principals FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.principals FROM PUBLIC;
GRANT SELECT ON kf.principals TO kf_command;
GRANT SELECT ON kf.principals TO kf_read;
GRANT SELECT ON kf.principals TO kf_ingest;
GRANT SELECT ON kf.principals TO kf_worker;
GRANT INSERT ON kf.principals TO kf_command;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.principals TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.principals FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.principals FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.principals ENABLE ALWAYS TRIGGER refuse_change;

-- role_grants
ALTER TABLE kf.role_grants OWNER TO kf_owner;
CREATE INDEX role_grants_principal_id_idx ON kf.role_grants (tenant_id, environment_id, principal_id);
CREATE STATISTICS kf.role_grants_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.role_grants;
ALTER TABLE kf.role_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.role_grants FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.role_grants FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.role_grants FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.role_grants FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.role_grants FROM PUBLIC;
GRANT SELECT ON kf.role_grants TO kf_command;
GRANT SELECT ON kf.role_grants TO kf_read;
GRANT SELECT ON kf.role_grants TO kf_ingest;
GRANT INSERT ON kf.role_grants TO kf_command;
GRANT UPDATE (valid_until, revoked_at, version, updated_at, receipt_id, written_in) ON kf.role_grants TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.role_grants FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.role_grants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.role_grants ENABLE ALWAYS TRIGGER refuse_change;

-- api_keys
ALTER TABLE kf.api_keys OWNER TO kf_owner;
CREATE STATISTICS kf.api_keys_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.api_keys;
ALTER TABLE kf.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.api_keys FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.api_keys FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.api_keys FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.api_keys FROM PUBLIC;
GRANT SELECT ON kf.api_keys TO kf_command;
GRANT SELECT ON kf.api_keys TO kf_read;
GRANT INSERT ON kf.api_keys TO kf_command;
GRANT UPDATE (expires_at, revoked_at, version, updated_at, receipt_id, written_in) ON kf.api_keys TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.api_keys FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.api_keys FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.api_keys ENABLE ALWAYS TRIGGER refuse_change;

-- ingest_sources
ALTER TABLE kf.ingest_sources OWNER TO kf_owner;
CREATE STATISTICS kf.ingest_sources_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.ingest_sources;
ALTER TABLE kf.ingest_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_sources FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.ingest_sources FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.ingest_sources FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.ingest_sources FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.ingest_sources FROM PUBLIC;
GRANT SELECT ON kf.ingest_sources TO kf_command;
GRANT SELECT ON kf.ingest_sources TO kf_read;
GRANT SELECT ON kf.ingest_sources TO kf_ingest;
GRANT INSERT ON kf.ingest_sources TO kf_command;
GRANT UPDATE (secret_refs, tolerance_seconds, status, version, updated_at, receipt_id, written_in) ON kf.ingest_sources TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.ingest_sources FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.ingest_sources FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.ingest_sources ENABLE ALWAYS TRIGGER refuse_change;

-- locations
ALTER TABLE kf.locations OWNER TO kf_owner;
CREATE STATISTICS kf.locations_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.locations;
ALTER TABLE kf.locations ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.locations FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.locations FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.locations FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.locations FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.locations FROM PUBLIC;
GRANT SELECT ON kf.locations TO kf_command;
GRANT SELECT ON kf.locations TO kf_read;
GRANT SELECT ON kf.locations TO kf_ingest;
GRANT INSERT ON kf.locations TO kf_command;
GRANT UPDATE (name, version, updated_at, receipt_id, written_in) ON kf.locations TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.locations FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.locations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.locations ENABLE ALWAYS TRIGGER refuse_change;

-- sales_channels
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
ALTER TABLE kf.sales_channels ENABLE ALWAYS TRIGGER refuse_change;

-- channel_locations
ALTER TABLE kf.channel_locations OWNER TO kf_owner;
CREATE STATISTICS kf.channel_locations_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.channel_locations;
ALTER TABLE kf.channel_locations ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.channel_locations FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.channel_locations FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.channel_locations FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.channel_locations FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.channel_locations FROM PUBLIC;
GRANT SELECT ON kf.channel_locations TO kf_command;
GRANT SELECT ON kf.channel_locations TO kf_read;
GRANT SELECT ON kf.channel_locations TO kf_ingest;
GRANT INSERT ON kf.channel_locations TO kf_command;
GRANT UPDATE (buffer_quantity, version, updated_at, receipt_id, written_in) ON kf.channel_locations TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.channel_locations FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.channel_locations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.channel_locations ENABLE ALWAYS TRIGGER refuse_change;

-- variants
ALTER TABLE kf.variants OWNER TO kf_owner;
CREATE STATISTICS kf.variants_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.variants;
ALTER TABLE kf.variants ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.variants FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.variants FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.variants FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.variants FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.variants FROM PUBLIC;
GRANT SELECT ON kf.variants TO kf_command;
GRANT SELECT ON kf.variants TO kf_read;
GRANT SELECT ON kf.variants TO kf_ingest;
GRANT INSERT ON kf.variants TO kf_command;
GRANT UPDATE (name, version, updated_at, receipt_id, written_in) ON kf.variants TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.variants FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.variants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.variants ENABLE ALWAYS TRIGGER refuse_change;

-- approvals
ALTER TABLE kf.approvals OWNER TO kf_owner;
CREATE STATISTICS kf.approvals_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.approvals;
ALTER TABLE kf.approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.approvals FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.approvals FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.approvals FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.approvals FROM PUBLIC;
GRANT SELECT ON kf.approvals TO kf_command;
GRANT SELECT ON kf.approvals TO kf_read;
GRANT SELECT ON kf.approvals TO kf_ingest;
GRANT SELECT ON kf.approvals TO kf_worker;
GRANT INSERT ON kf.approvals TO kf_command;
GRANT INSERT ON kf.approvals TO kf_ingest;
GRANT INSERT ON kf.approvals TO kf_worker;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.approvals TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.approvals FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.approvals FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.approvals ENABLE ALWAYS TRIGGER refuse_change;

-- reservations
ALTER TABLE kf.reservations OWNER TO kf_owner;
CREATE INDEX reservations_expires_at_id_idx ON kf.reservations (tenant_id, environment_id, expires_at, id) WHERE status = 'ACTIVE';
CREATE STATISTICS kf.reservations_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.reservations;
ALTER TABLE kf.reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.reservations FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.reservations FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.reservations FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.reservations FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.reservations FROM PUBLIC;
GRANT SELECT ON kf.reservations TO kf_command;
GRANT SELECT ON kf.reservations TO kf_read;
GRANT SELECT ON kf.reservations TO kf_ingest;
GRANT SELECT ON kf.reservations TO kf_worker;
GRANT INSERT ON kf.reservations TO kf_command;
GRANT INSERT ON kf.reservations TO kf_ingest;
GRANT INSERT ON kf.reservations TO kf_worker;
GRANT UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) ON kf.reservations TO kf_command;
GRANT UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) ON kf.reservations TO kf_ingest;
GRANT UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) ON kf.reservations TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.reservations FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.reservations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.reservations ENABLE ALWAYS TRIGGER refuse_change;

-- inventory_levels
ALTER TABLE kf.inventory_levels OWNER TO kf_owner;
CREATE STATISTICS kf.inventory_levels_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.inventory_levels;
ALTER TABLE kf.inventory_levels ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.inventory_levels FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.inventory_levels FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.inventory_levels FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.inventory_levels FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.inventory_levels FROM PUBLIC;
GRANT SELECT ON kf.inventory_levels TO kf_command;
GRANT SELECT ON kf.inventory_levels TO kf_read;
GRANT SELECT ON kf.inventory_levels TO kf_ingest;
GRANT SELECT ON kf.inventory_levels TO kf_worker;
GRANT INSERT ON kf.inventory_levels TO kf_command;
GRANT INSERT ON kf.inventory_levels TO kf_ingest;
GRANT INSERT ON kf.inventory_levels TO kf_worker;
GRANT UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) ON kf.inventory_levels TO kf_command;
GRANT UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) ON kf.inventory_levels TO kf_ingest;
GRANT UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) ON kf.inventory_levels TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.inventory_levels FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.inventory_levels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.inventory_levels ENABLE ALWAYS TRIGGER refuse_change;

-- stock_movements
ALTER TABLE kf.stock_movements OWNER TO kf_owner;
CREATE INDEX stock_movements_variant_id_location_id_event_id_idx ON kf.stock_movements (tenant_id, environment_id, variant_id, location_id, event_id);
CREATE STATISTICS kf.stock_movements_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.stock_movements;
ALTER TABLE kf.stock_movements ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.stock_movements FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.stock_movements FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.stock_movements FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.stock_movements FROM PUBLIC;
GRANT SELECT ON kf.stock_movements TO kf_command;
GRANT SELECT ON kf.stock_movements TO kf_read;
GRANT SELECT ON kf.stock_movements TO kf_ingest;
GRANT SELECT ON kf.stock_movements TO kf_worker;
GRANT INSERT ON kf.stock_movements TO kf_command;
GRANT INSERT ON kf.stock_movements TO kf_ingest;
GRANT INSERT ON kf.stock_movements TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.stock_movements FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.stock_movements FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.stock_movements ENABLE ALWAYS TRIGGER refuse_change;

-- command_receipts
ALTER TABLE kf.command_receipts OWNER TO kf_owner;
ALTER TABLE kf.command_receipts ALTER COLUMN idempotency_key_hash SET STORAGE EXTERNAL;
ALTER TABLE kf.command_receipts ALTER COLUMN payload_hash SET STORAGE EXTERNAL;
ALTER TABLE kf.command_receipts ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE kf.command_receipts ALTER COLUMN hash SET STORAGE EXTERNAL;
ALTER TABLE kf.command_receipts ALTER COLUMN signature SET STORAGE EXTERNAL;
ALTER TABLE kf.command_receipts ALTER COLUMN response SET STORAGE EXTERNAL;
CREATE STATISTICS kf.command_receipts_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.command_receipts;
ALTER TABLE kf.command_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.command_receipts FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.command_receipts FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.command_receipts FROM PUBLIC;
GRANT SELECT ON kf.command_receipts TO kf_command;
GRANT SELECT ON kf.command_receipts TO kf_read;
GRANT SELECT ON kf.command_receipts TO kf_ingest;
GRANT SELECT ON kf.command_receipts TO kf_worker;
GRANT INSERT ON kf.command_receipts TO kf_command;
GRANT INSERT ON kf.command_receipts TO kf_ingest;
GRANT INSERT ON kf.command_receipts TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.command_receipts FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.command_receipts FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.command_receipts ENABLE ALWAYS TRIGGER refuse_change;

-- domain_events
ALTER TABLE kf.domain_events OWNER TO kf_owner;
ALTER TABLE kf.domain_events ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE kf.domain_events ALTER COLUMN hash SET STORAGE EXTERNAL;
CREATE STATISTICS kf.domain_events_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.domain_events;
ALTER TABLE kf.domain_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.domain_events FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.domain_events FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.domain_events FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.domain_events FROM PUBLIC;
GRANT SELECT ON kf.domain_events TO kf_command;
GRANT SELECT ON kf.domain_events TO kf_read;
GRANT SELECT ON kf.domain_events TO kf_ingest;
GRANT SELECT ON kf.domain_events TO kf_worker;
GRANT INSERT ON kf.domain_events TO kf_command;
GRANT INSERT ON kf.domain_events TO kf_ingest;
GRANT INSERT ON kf.domain_events TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.domain_events FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.domain_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.domain_events ENABLE ALWAYS TRIGGER refuse_change;

-- log_pending
ALTER TABLE kf.log_pending OWNER TO kf_owner;
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
GRANT DELETE ON kf.log_pending TO kf_sequencer;

-- expiry_schedule
ALTER TABLE kf.expiry_schedule OWNER TO kf_owner;
CREATE STATISTICS kf.expiry_schedule_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.expiry_schedule;
ALTER TABLE kf.expiry_schedule ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.expiry_schedule FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.expiry_schedule FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.expiry_schedule FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY drain_select ON kf.expiry_schedule FOR SELECT TO kf_worker USING (true);
CREATE POLICY drain_delete ON kf.expiry_schedule FOR DELETE TO kf_worker USING (true);
REVOKE ALL ON kf.expiry_schedule FROM PUBLIC;
GRANT INSERT ON kf.expiry_schedule TO kf_command;
GRANT INSERT ON kf.expiry_schedule TO kf_ingest;
GRANT INSERT ON kf.expiry_schedule TO kf_worker;
GRANT SELECT ON kf.expiry_schedule TO kf_worker;
GRANT DELETE ON kf.expiry_schedule TO kf_worker;


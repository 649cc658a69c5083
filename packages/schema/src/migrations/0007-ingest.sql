-- Sources with presets, settings and mappings; claims on what they sent; and what waits in quarantine.

ALTER TABLE kf.ingest_sources
  ADD COLUMN settings text NOT NULL DEFAULT '{}',
  ADD COLUMN mapping_revision bigint NOT NULL DEFAULT 0;
ALTER TABLE kf.ingest_sources
  ALTER COLUMN settings DROP DEFAULT,
  ALTER COLUMN mapping_revision DROP DEFAULT;
ALTER TABLE kf.ingest_sources DROP CONSTRAINT ingest_sources_preset_known;
ALTER TABLE kf.ingest_sources ADD CONSTRAINT ingest_sources_preset_known CHECK (preset IN ('standard-webhooks', 'karmanflow', 'svix', 'shopify', 'stripe', 'github', 'square', 'generic-hmac'));
GRANT UPDATE (mapping_revision) ON kf.ingest_sources TO kf_command;

-- Ingest keeps what it could not process, encrypted, and reads it when a person has released it.
GRANT SELECT ON kf.personal_data TO kf_ingest;
GRANT INSERT ON kf.personal_data TO kf_ingest;
GRANT UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) ON kf.personal_data TO kf_ingest;

CREATE TABLE kf.ingest_quarantines (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  ingest_source_id uuid NOT NULL,
  held_messages bigint NOT NULL,
  held_bytes bigint NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT ingest_quarantines_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id),
  CONSTRAINT ingest_quarantines_messages_not_negative CHECK (held_messages >= 0),
  CONSTRAINT ingest_quarantines_bytes_not_negative CHECK (held_bytes >= 0)
);
CREATE TABLE kf.quarantined_messages (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  ingest_source_id uuid NOT NULL,
  message_id text NOT NULL,
  content_key text NOT NULL,
  reason text NOT NULL,
  stored_bytes bigint NOT NULL,
  payload_id uuid,
  outline_id uuid,
  received_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  status text NOT NULL,
  checked_at timestamptz,
  check_result text,
  outcome text,
  outcome_receipt_id uuid,
  ended_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT quarantined_messages_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT quarantined_messages_reason_known CHECK (reason IN ('payload_malformed', 'message_id_unreadable', 'mapping_missing', 'type_unknown', 'shape_mismatch', 'name_unknown', 'input_invalid', 'suspected_replay')),
  CONSTRAINT quarantined_messages_status_known CHECK (status IN ('HELD', 'CHECK_REQUESTED', 'RELEASE_REQUESTED', 'RELEASED', 'DISCARDED', 'EXPIRED'))
);
CREATE TABLE kf.ingest_mappings (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  ingest_source_id uuid NOT NULL,
  revision bigint NOT NULL,
  document text NOT NULL,
  set_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT ingest_mappings_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id, revision),
  CONSTRAINT ingest_mappings_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.ingest_claims (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  ingest_source_id uuid NOT NULL,
  message_key text NOT NULL,
  content_key text NOT NULL,
  body_key text NOT NULL,
  message_id text NOT NULL,
  outcome text NOT NULL,
  command_receipt_id uuid,
  subject text,
  claimed_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT ingest_claims_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id, message_key),
  CONSTRAINT ingest_claims_ingest_source_id_content_key_key UNIQUE (tenant_id, environment_id, ingest_source_id, content_key),
  CONSTRAINT ingest_claims_outcome_known CHECK (outcome IN ('PROCESSED', 'REFUSED', 'PAUSED', 'UNCHANGED', 'QUARANTINED'))
);

-- Checking a new foreign key reads the table that it points at, which the owner may while row security is not forced.
ALTER TABLE kf.environments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.personal_data NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_sources NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_quarantines ADD CONSTRAINT ingest_quarantines_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.ingest_quarantines ADD CONSTRAINT ingest_quarantines_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.quarantined_messages ADD CONSTRAINT quarantined_messages_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.quarantined_messages ADD CONSTRAINT quarantined_messages_payload_id_fkey FOREIGN KEY (tenant_id, environment_id, payload_id) REFERENCES kf.personal_data (tenant_id, environment_id, id);
ALTER TABLE kf.quarantined_messages ADD CONSTRAINT quarantined_messages_outline_id_fkey FOREIGN KEY (tenant_id, environment_id, outline_id) REFERENCES kf.personal_data (tenant_id, environment_id, id);
ALTER TABLE kf.quarantined_messages ADD CONSTRAINT quarantined_messages_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.ingest_mappings ADD CONSTRAINT ingest_mappings_ingest_source_id_fkey FOREIGN KEY (tenant_id, environment_id, ingest_source_id) REFERENCES kf.ingest_sources (tenant_id, environment_id, id);
ALTER TABLE kf.ingest_mappings ADD CONSTRAINT ingest_mappings_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.ingest_claims ADD CONSTRAINT ingest_claims_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.environments FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.personal_data FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_sources FORCE ROW LEVEL SECURITY;

-- ingest_quarantines
ALTER TABLE kf.ingest_quarantines OWNER TO kf_owner;
CREATE STATISTICS kf.ingest_quarantines_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.ingest_quarantines;
ALTER TABLE kf.ingest_quarantines ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_quarantines FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.ingest_quarantines FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.ingest_quarantines FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.ingest_quarantines FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.ingest_quarantines FROM PUBLIC;
GRANT SELECT ON kf.ingest_quarantines TO kf_command;
GRANT SELECT ON kf.ingest_quarantines TO kf_read;
GRANT SELECT ON kf.ingest_quarantines TO kf_ingest;
GRANT SELECT ON kf.ingest_quarantines TO kf_worker;
GRANT INSERT ON kf.ingest_quarantines TO kf_command;
GRANT INSERT ON kf.ingest_quarantines TO kf_ingest;
GRANT INSERT ON kf.ingest_quarantines TO kf_worker;
GRANT UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) ON kf.ingest_quarantines TO kf_command;
GRANT UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) ON kf.ingest_quarantines TO kf_ingest;
GRANT UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) ON kf.ingest_quarantines TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.ingest_quarantines FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.ingest_quarantines FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.ingest_quarantines ENABLE ALWAYS TRIGGER refuse_change;

-- quarantined_messages
ALTER TABLE kf.quarantined_messages OWNER TO kf_owner;
CREATE INDEX quarantined_messages_ingest_source_id_id_idx ON kf.quarantined_messages (tenant_id, environment_id, ingest_source_id, id);
CREATE INDEX quarantined_messages_expires_at_id_idx ON kf.quarantined_messages (tenant_id, environment_id, expires_at, id) WHERE ended_at IS NULL;
CREATE STATISTICS kf.quarantined_messages_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.quarantined_messages;
ALTER TABLE kf.quarantined_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.quarantined_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.quarantined_messages FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.quarantined_messages FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.quarantined_messages FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.quarantined_messages FROM PUBLIC;
GRANT SELECT ON kf.quarantined_messages TO kf_command;
GRANT SELECT ON kf.quarantined_messages TO kf_read;
GRANT SELECT ON kf.quarantined_messages TO kf_ingest;
GRANT SELECT ON kf.quarantined_messages TO kf_worker;
GRANT INSERT ON kf.quarantined_messages TO kf_command;
GRANT INSERT ON kf.quarantined_messages TO kf_ingest;
GRANT INSERT ON kf.quarantined_messages TO kf_worker;
GRANT UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in) ON kf.quarantined_messages TO kf_command;
GRANT UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in) ON kf.quarantined_messages TO kf_ingest;
GRANT UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in) ON kf.quarantined_messages TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.quarantined_messages FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.quarantined_messages FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.quarantined_messages ENABLE ALWAYS TRIGGER refuse_change;

-- ingest_mappings
ALTER TABLE kf.ingest_mappings OWNER TO kf_owner;
CREATE STATISTICS kf.ingest_mappings_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.ingest_mappings;
ALTER TABLE kf.ingest_mappings ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_mappings FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.ingest_mappings FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.ingest_mappings FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.ingest_mappings FROM PUBLIC;
GRANT SELECT ON kf.ingest_mappings TO kf_command;
GRANT SELECT ON kf.ingest_mappings TO kf_read;
GRANT SELECT ON kf.ingest_mappings TO kf_ingest;
GRANT INSERT ON kf.ingest_mappings TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.ingest_mappings FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.ingest_mappings FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.ingest_mappings ENABLE ALWAYS TRIGGER refuse_change;

-- ingest_claims
ALTER TABLE kf.ingest_claims OWNER TO kf_owner;
CREATE INDEX ingest_claims_ingest_source_id_subject_idx ON kf.ingest_claims (tenant_id, environment_id, ingest_source_id, subject) WHERE subject IS NOT NULL;
CREATE STATISTICS kf.ingest_claims_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.ingest_claims;
ALTER TABLE kf.ingest_claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.ingest_claims FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.ingest_claims FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.ingest_claims FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.ingest_claims FROM PUBLIC;
GRANT SELECT ON kf.ingest_claims TO kf_command;
GRANT SELECT ON kf.ingest_claims TO kf_read;
GRANT SELECT ON kf.ingest_claims TO kf_ingest;
GRANT INSERT ON kf.ingest_claims TO kf_command;
GRANT INSERT ON kf.ingest_claims TO kf_ingest;
REVOKE DELETE, TRUNCATE ON kf.ingest_claims FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.ingest_claims FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.ingest_claims ENABLE ALWAYS TRIGGER refuse_change;

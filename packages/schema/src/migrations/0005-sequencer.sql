-- What the sequencer writes: the order of events, the tree of each tenant, and who was its leader when.

CREATE TABLE kf.log_leaves (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  command_receipt_id uuid NOT NULL,
  leaf_index bigint NOT NULL,
  leaf_hash bytea NOT NULL,
  CONSTRAINT log_leaves_pkey PRIMARY KEY (tenant_id, environment_id, command_receipt_id),
  CONSTRAINT log_leaves_leaf_index_key UNIQUE (tenant_id, leaf_index),
  CONSTRAINT log_leaves_index_not_negative CHECK (leaf_index >= 0),
  CONSTRAINT log_leaves_hash_is_sha256 CHECK (octet_length(leaf_hash) = 32)
);
CREATE TABLE kf.stream_events (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  event_written_in xid8 NOT NULL,
  command_receipt_id uuid NOT NULL,
  CONSTRAINT stream_events_pkey PRIMARY KEY (tenant_id, environment_id, seq),
  CONSTRAINT stream_events_event_id_key UNIQUE (tenant_id, environment_id, event_id),
  CONSTRAINT stream_events_seq_positive CHECK (seq > 0)
);
CREATE TABLE kf.log_roots (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  tree_size bigint NOT NULL,
  root_hash bytea NOT NULL,
  frontier bytea NOT NULL,
  super_index bigint,
  decided_at timestamptz NOT NULL,
  CONSTRAINT log_roots_pkey PRIMARY KEY (tenant_id, environment_id, tree_size),
  CONSTRAINT log_roots_size_positive CHECK (tree_size > 0),
  CONSTRAINT log_roots_root_is_sha256 CHECK (octet_length(root_hash) = 32),
  CONSTRAINT log_roots_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.log_checkpoints (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  tree_size bigint NOT NULL,
  note text NOT NULL,
  published_at timestamptz NOT NULL,
  CONSTRAINT log_checkpoints_pkey PRIMARY KEY (tenant_id, environment_id, tree_size),
  CONSTRAINT log_checkpoints_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.sequencer_terms (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  epoch bigint NOT NULL,
  leader_id uuid NOT NULL,
  begun_at timestamptz NOT NULL,
  CONSTRAINT sequencer_terms_pkey PRIMARY KEY (tenant_id, environment_id, epoch),
  CONSTRAINT sequencer_terms_control_only CHECK (environment_id = tenant_id)
);

-- The sequencer reads receipts, in the context of their tenant, to hash them.
GRANT SELECT ON kf.command_receipts TO kf_sequencer;

-- log_leaves
ALTER TABLE kf.log_leaves OWNER TO kf_owner;
CREATE STATISTICS kf.log_leaves_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.log_leaves;
ALTER TABLE kf.log_leaves ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.log_leaves FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.log_leaves FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.log_leaves FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY overview_select ON kf.log_leaves FOR SELECT TO kf_sequencer USING (true);
REVOKE ALL ON kf.log_leaves FROM PUBLIC;
GRANT SELECT ON kf.log_leaves TO kf_command;
GRANT SELECT ON kf.log_leaves TO kf_read;
GRANT SELECT ON kf.log_leaves TO kf_sequencer;
GRANT INSERT ON kf.log_leaves TO kf_sequencer;
REVOKE DELETE, TRUNCATE ON kf.log_leaves FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.log_leaves FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.log_leaves ENABLE ALWAYS TRIGGER refuse_change;

-- stream_events
ALTER TABLE kf.stream_events OWNER TO kf_owner;
CREATE STATISTICS kf.stream_events_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.stream_events;
ALTER TABLE kf.stream_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.stream_events FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.stream_events FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.stream_events FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.stream_events FROM PUBLIC;
GRANT SELECT ON kf.stream_events TO kf_command;
GRANT SELECT ON kf.stream_events TO kf_read;
GRANT SELECT ON kf.stream_events TO kf_worker;
GRANT SELECT ON kf.stream_events TO kf_sequencer;
GRANT INSERT ON kf.stream_events TO kf_sequencer;
REVOKE DELETE, TRUNCATE ON kf.stream_events FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.stream_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.stream_events ENABLE ALWAYS TRIGGER refuse_change;

-- log_roots
ALTER TABLE kf.log_roots OWNER TO kf_owner;
CREATE STATISTICS kf.log_roots_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.log_roots;
ALTER TABLE kf.log_roots ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.log_roots FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.log_roots FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.log_roots FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY overview_select ON kf.log_roots FOR SELECT TO kf_sequencer USING (true);
REVOKE ALL ON kf.log_roots FROM PUBLIC;
GRANT SELECT ON kf.log_roots TO kf_command;
GRANT SELECT ON kf.log_roots TO kf_read;
GRANT SELECT ON kf.log_roots TO kf_sequencer;
GRANT INSERT ON kf.log_roots TO kf_sequencer;
REVOKE DELETE, TRUNCATE ON kf.log_roots FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.log_roots FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.log_roots ENABLE ALWAYS TRIGGER refuse_change;

-- log_checkpoints
ALTER TABLE kf.log_checkpoints OWNER TO kf_owner;
CREATE STATISTICS kf.log_checkpoints_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.log_checkpoints;
ALTER TABLE kf.log_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.log_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.log_checkpoints FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.log_checkpoints FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY overview_select ON kf.log_checkpoints FOR SELECT TO kf_sequencer USING (true);
REVOKE ALL ON kf.log_checkpoints FROM PUBLIC;
GRANT SELECT ON kf.log_checkpoints TO kf_command;
GRANT SELECT ON kf.log_checkpoints TO kf_read;
GRANT SELECT ON kf.log_checkpoints TO kf_sequencer;
GRANT INSERT ON kf.log_checkpoints TO kf_sequencer;
REVOKE DELETE, TRUNCATE ON kf.log_checkpoints FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.log_checkpoints ENABLE ALWAYS TRIGGER refuse_change;

-- sequencer_terms
ALTER TABLE kf.sequencer_terms OWNER TO kf_owner;
CREATE STATISTICS kf.sequencer_terms_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.sequencer_terms;
ALTER TABLE kf.sequencer_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.sequencer_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.sequencer_terms FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.sequencer_terms FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.sequencer_terms FROM PUBLIC;
GRANT SELECT ON kf.sequencer_terms TO kf_sequencer;
GRANT INSERT ON kf.sequencer_terms TO kf_sequencer;
REVOKE DELETE, TRUNCATE ON kf.sequencer_terms FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.sequencer_terms FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.sequencer_terms ENABLE ALWAYS TRIGGER refuse_change;

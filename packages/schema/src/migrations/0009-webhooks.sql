-- Subscriptions of partners to events, how far each has come in the stream, and what was sent when.

-- Delivery sees how far every stream has come, and reads the events themselves in the scope of each tenant.
GRANT SELECT ON kf.environments TO kf_delivery;
GRANT SELECT ON kf.stream_events TO kf_delivery;
CREATE POLICY overview_select ON kf.stream_events FOR SELECT TO kf_delivery USING (true);
GRANT SELECT ON kf.domain_events TO kf_delivery;

CREATE TABLE kf.webhook_subscriptions (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  url text NOT NULL,
  description text,
  event_types text[] NOT NULL,
  ordering text NOT NULL,
  headers text NOT NULL,
  rate_per_second integer NOT NULL,
  max_in_flight integer NOT NULL,
  is_asymmetric boolean NOT NULL,
  state text NOT NULL,
  secret_version integer NOT NULL,
  retiring_version integer,
  retiring_until timestamptz,
  generation integer NOT NULL,
  start_mode text NOT NULL,
  start_seq bigint,
  start_event_id uuid NOT NULL,
  health_epoch integer NOT NULL,
  health text NOT NULL,
  health_reason text NOT NULL,
  health_evidence text NOT NULL,
  health_since timestamptz NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT webhook_subscriptions_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT webhook_subscriptions_secret_version_positive CHECK (secret_version > 0),
  CONSTRAINT webhook_subscriptions_retiring_is_a_pair CHECK ((retiring_version IS NULL) = (retiring_until IS NULL)),
  CONSTRAINT webhook_subscriptions_retiring_before_current CHECK (retiring_version < secret_version),
  CONSTRAINT webhook_subscriptions_ordering_known CHECK (ordering IN ('UNORDERED', 'BY_ENTITY', 'STRICT')),
  CONSTRAINT webhook_subscriptions_state_known CHECK (state IN ('ENABLED', 'PAUSED', 'DELETED')),
  CONSTRAINT webhook_subscriptions_start_mode_known CHECK (start_mode IN ('FROM_NOW', 'LATEST_PER_ENTITY', 'FROM_SEQ')),
  CONSTRAINT webhook_subscriptions_health_known CHECK (health IN ('HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE'))
);
CREATE TABLE kf.webhook_roster (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT webhook_roster_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id),
  CONSTRAINT webhook_roster_status_known CHECK (status IN ('LIVE', 'ENDED'))
);
CREATE TABLE kf.webhook_recoveries (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  kind text NOT NULL,
  delivery_id uuid,
  from_seq bigint,
  to_seq bigint,
  event_types text[] NOT NULL,
  only_failed boolean NOT NULL,
  expected_count bigint NOT NULL,
  status text NOT NULL,
  done_count bigint NOT NULL,
  failed_count bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT webhook_recoveries_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT webhook_recoveries_done_not_negative CHECK (done_count >= 0),
  CONSTRAINT webhook_recoveries_failed_not_negative CHECK (failed_count >= 0),
  CONSTRAINT webhook_recoveries_never_more_than_expected CHECK (done_count + failed_count <= expected_count),
  CONSTRAINT webhook_recoveries_names_its_delivery CHECK ((kind = 'REPLAY') = (delivery_id IS NOT NULL)),
  CONSTRAINT webhook_recoveries_names_its_range CHECK ((kind = 'RECOVER') = (from_seq IS NOT NULL AND to_seq IS NOT NULL)),
  CONSTRAINT webhook_recoveries_kind_known CHECK (kind IN ('RECOVER', 'REPLAY')),
  CONSTRAINT webhook_recoveries_status_known CHECK (status IN ('RUNNING', 'CANCELLED', 'DONE', 'STOPPED_AT_BOUND'))
);
CREATE TABLE kf.webhook_cursors (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  roster_version bigint NOT NULL,
  generation integer NOT NULL,
  health_epoch integer NOT NULL,
  admitted_seq bigint NOT NULL,
  next_ordinal bigint NOT NULL,
  compact_until_seq bigint,
  follows boolean NOT NULL,
  next_due_at timestamptz,
  paced_until timestamptz,
  health text NOT NULL,
  health_since timestamptz NOT NULL,
  next_probe_at timestamptz,
  CONSTRAINT webhook_cursors_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id),
  CONSTRAINT webhook_cursors_admitted_not_negative CHECK (admitted_seq >= 0),
  CONSTRAINT webhook_cursors_ordinal_positive CHECK (next_ordinal > 0),
  CONSTRAINT webhook_cursors_health_known CHECK (health IN ('HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE', 'PAUSED'))
) WITH (fillfactor = 50);
CREATE TABLE kf.webhook_health (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  reason text NOT NULL,
  consecutive_failures integer NOT NULL,
  first_failure_at timestamptz,
  pace integer,
  evidence jsonb NOT NULL,
  CONSTRAINT webhook_health_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id),
  CONSTRAINT webhook_health_failures_not_negative CHECK (consecutive_failures >= 0)
) WITH (fillfactor = 50);
CREATE TABLE kf.webhook_deliveries (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  origin_id uuid NOT NULL,
  generation integer NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  event_written_in xid8 NOT NULL,
  event_type text NOT NULL,
  entity_type text NOT NULL,
  entity_id text NOT NULL,
  ordinal bigint,
  previous_ordinal bigint,
  order_keys text[] NOT NULL,
  predecessors uuid[] NOT NULL,
  behind uuid,
  is_probe boolean NOT NULL,
  traceparent text,
  lane text NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL,
  charged_attempts integer NOT NULL,
  next_attempt_at timestamptz,
  why text,
  lease_id uuid,
  lease_until timestamptz,
  admitted_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT webhook_deliveries_subscription_id_origin_id_generation_seq_key UNIQUE (tenant_id, environment_id, subscription_id, origin_id, generation, seq),
  CONSTRAINT webhook_deliveries_seq_positive CHECK (seq > 0),
  CONSTRAINT webhook_deliveries_attempts_not_negative CHECK (attempts >= 0 AND charged_attempts >= 0),
  CONSTRAINT webhook_deliveries_lease_is_a_pair CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
  CONSTRAINT webhook_deliveries_lane_known CHECK (lane IN ('FIRST', 'RETRY', 'REPLAY')),
  CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('WAITING', 'SENDING', 'DELIVERED', 'PARKED', 'EXHAUSTED', 'DROPPED'))
) WITH (fillfactor = 70);
CREATE TABLE kf.webhook_attempts (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  attempt integer NOT NULL,
  started_at timestamptz NOT NULL,
  total_milliseconds integer NOT NULL,
  is_probe boolean NOT NULL,
  outcome text NOT NULL,
  failure_code text,
  failure_phase text,
  failure_reason text,
  status_code integer,
  phases jsonb NOT NULL,
  address text,
  response_start text,
  response_truncated boolean NOT NULL,
  request_digest bytea,
  traceparent text NOT NULL,
  next_attempt_at timestamptz,
  why text,
  health_after text NOT NULL,
  CONSTRAINT webhook_attempts_pkey PRIMARY KEY (tenant_id, environment_id, delivery_id, attempt),
  CONSTRAINT webhook_attempts_attempt_positive CHECK (attempt > 0),
  CONSTRAINT webhook_attempts_digest_is_sha256 CHECK (request_digest IS NULL OR octet_length(request_digest) = 32),
  CONSTRAINT webhook_attempts_outcome_known CHECK (outcome IN ('DELIVERED', 'FAILED', 'SLOW_DOWN', 'GONE', 'NOT_CHARGED', 'UNSENDABLE')),
  CONSTRAINT webhook_attempts_health_after_known CHECK (health_after IN ('HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE', 'PAUSED'))
);
CREATE TABLE kf.webhook_recovery_progress (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  recovery_id uuid NOT NULL,
  through_seq bigint NOT NULL,
  admitted_count bigint NOT NULL,
  CONSTRAINT webhook_recovery_progress_pkey PRIMARY KEY (tenant_id, environment_id, recovery_id),
  CONSTRAINT webhook_recovery_progress_admitted_not_negative CHECK (admitted_count >= 0),
  CONSTRAINT webhook_recovery_progress_through_not_negative CHECK (through_seq >= 0)
);

-- Checking a new foreign key reads the table that it points at, which the owner may while row security is not forced.
ALTER TABLE kf.environments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_subscriptions ADD CONSTRAINT webhook_subscriptions_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments (tenant_id, id);
ALTER TABLE kf.webhook_subscriptions ADD CONSTRAINT webhook_subscriptions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.webhook_roster ADD CONSTRAINT webhook_roster_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_subscriptions (tenant_id, environment_id, id);
ALTER TABLE kf.webhook_roster ADD CONSTRAINT webhook_roster_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.webhook_recoveries ADD CONSTRAINT webhook_recoveries_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_subscriptions (tenant_id, environment_id, id);
ALTER TABLE kf.webhook_recoveries ADD CONSTRAINT webhook_recoveries_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.webhook_deliveries ADD CONSTRAINT webhook_deliveries_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_cursors (tenant_id, environment_id, subscription_id);
ALTER TABLE kf.webhook_attempts ADD CONSTRAINT webhook_attempts_delivery_id_fkey FOREIGN KEY (tenant_id, environment_id, delivery_id) REFERENCES kf.webhook_deliveries (tenant_id, environment_id, id);
ALTER TABLE kf.environments FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;

-- webhook_subscriptions
ALTER TABLE kf.webhook_subscriptions OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_subscriptions_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_subscriptions;
ALTER TABLE kf.webhook_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_subscriptions FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_subscriptions FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.webhook_subscriptions FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.webhook_subscriptions FROM PUBLIC;
GRANT SELECT ON kf.webhook_subscriptions TO kf_command;
GRANT SELECT ON kf.webhook_subscriptions TO kf_read;
GRANT SELECT ON kf.webhook_subscriptions TO kf_worker;
GRANT SELECT ON kf.webhook_subscriptions TO kf_delivery;
GRANT INSERT ON kf.webhook_subscriptions TO kf_command;
GRANT INSERT ON kf.webhook_subscriptions TO kf_worker;
GRANT UPDATE (url, description, event_types, ordering, headers, rate_per_second, max_in_flight, is_asymmetric, state, secret_version, retiring_version, retiring_until, generation, start_mode, start_seq, start_event_id, health_epoch, health, health_reason, health_evidence, health_since, version, updated_at, receipt_id, written_in) ON kf.webhook_subscriptions TO kf_command;
GRANT UPDATE (url, description, event_types, ordering, headers, rate_per_second, max_in_flight, is_asymmetric, state, secret_version, retiring_version, retiring_until, generation, start_mode, start_seq, start_event_id, health_epoch, health, health_reason, health_evidence, health_since, version, updated_at, receipt_id, written_in) ON kf.webhook_subscriptions TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.webhook_subscriptions FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_subscriptions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_subscriptions ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_roster
ALTER TABLE kf.webhook_roster OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_roster_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_roster;
ALTER TABLE kf.webhook_roster ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_roster FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_roster FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_roster FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.webhook_roster FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY overview_select ON kf.webhook_roster FOR SELECT TO kf_delivery USING (true);
REVOKE ALL ON kf.webhook_roster FROM PUBLIC;
GRANT SELECT ON kf.webhook_roster TO kf_command;
GRANT SELECT ON kf.webhook_roster TO kf_read;
GRANT SELECT ON kf.webhook_roster TO kf_worker;
GRANT SELECT ON kf.webhook_roster TO kf_delivery;
GRANT INSERT ON kf.webhook_roster TO kf_command;
GRANT INSERT ON kf.webhook_roster TO kf_worker;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.webhook_roster TO kf_command;
GRANT UPDATE (status, version, updated_at, receipt_id, written_in) ON kf.webhook_roster TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.webhook_roster FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_roster FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_roster ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_recoveries
ALTER TABLE kf.webhook_recoveries OWNER TO kf_owner;
CREATE INDEX webhook_recoveries_subscription_id_id_idx ON kf.webhook_recoveries (tenant_id, environment_id, subscription_id, id);
CREATE STATISTICS kf.webhook_recoveries_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_recoveries;
ALTER TABLE kf.webhook_recoveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_recoveries FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_recoveries FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_recoveries FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.webhook_recoveries FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.webhook_recoveries FROM PUBLIC;
GRANT SELECT ON kf.webhook_recoveries TO kf_command;
GRANT SELECT ON kf.webhook_recoveries TO kf_read;
GRANT SELECT ON kf.webhook_recoveries TO kf_worker;
GRANT SELECT ON kf.webhook_recoveries TO kf_delivery;
GRANT INSERT ON kf.webhook_recoveries TO kf_command;
GRANT INSERT ON kf.webhook_recoveries TO kf_worker;
GRANT UPDATE (status, done_count, failed_count, finished_at, version, updated_at, receipt_id, written_in) ON kf.webhook_recoveries TO kf_command;
GRANT UPDATE (status, done_count, failed_count, finished_at, version, updated_at, receipt_id, written_in) ON kf.webhook_recoveries TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.webhook_recoveries FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_recoveries FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_recoveries ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_cursors
ALTER TABLE kf.webhook_cursors OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_cursors_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_cursors;
ALTER TABLE kf.webhook_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_cursors FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_cursors FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_cursors FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.webhook_cursors FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY overview_select ON kf.webhook_cursors FOR SELECT TO kf_delivery USING (true);
REVOKE ALL ON kf.webhook_cursors FROM PUBLIC;
GRANT SELECT ON kf.webhook_cursors TO kf_command;
GRANT SELECT ON kf.webhook_cursors TO kf_read;
GRANT SELECT ON kf.webhook_cursors TO kf_delivery;
GRANT INSERT ON kf.webhook_cursors TO kf_delivery;
GRANT UPDATE (roster_version, generation, health_epoch, admitted_seq, next_ordinal, compact_until_seq, follows, next_due_at, paced_until, health, health_since, next_probe_at) ON kf.webhook_cursors TO kf_delivery;
REVOKE DELETE, TRUNCATE ON kf.webhook_cursors FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_cursors FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_cursors ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_health
ALTER TABLE kf.webhook_health OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_health_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_health;
ALTER TABLE kf.webhook_health ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_health FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_health FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_health FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.webhook_health FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.webhook_health FROM PUBLIC;
GRANT SELECT ON kf.webhook_health TO kf_command;
GRANT SELECT ON kf.webhook_health TO kf_read;
GRANT SELECT ON kf.webhook_health TO kf_delivery;
GRANT INSERT ON kf.webhook_health TO kf_delivery;
GRANT UPDATE (reason, consecutive_failures, first_failure_at, pace, evidence) ON kf.webhook_health TO kf_delivery;
REVOKE DELETE, TRUNCATE ON kf.webhook_health FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_health FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_health ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_deliveries
ALTER TABLE kf.webhook_deliveries OWNER TO kf_owner;
CREATE INDEX webhook_deliveries_subscription_id_id_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, id);
CREATE INDEX webhook_deliveries_subscription_id_state_id_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, state, id) WHERE state <> 'DELIVERED';
CREATE INDEX webhook_deliveries_subscription_id_lane_next_attempt_at_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, lane, next_attempt_at) WHERE state = 'WAITING';
CREATE INDEX webhook_deliveries_subscription_id_generation_ordinal_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, generation, ordinal);
CREATE INDEX webhook_deliveries_subscription_id_ordinal_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, ordinal) WHERE ended_at IS NULL;
CREATE INDEX webhook_deliveries_subscription_id_lease_until_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, lease_until) WHERE state = 'SENDING';
CREATE INDEX webhook_deliveries_behind_idx ON kf.webhook_deliveries (tenant_id, environment_id, behind) WHERE behind IS NOT NULL;
CREATE INDEX webhook_deliveries_subscription_id_generation_entity_type_entity_id_ordinal_idx ON kf.webhook_deliveries (tenant_id, environment_id, subscription_id, generation, entity_type, entity_id, ordinal);
CREATE STATISTICS kf.webhook_deliveries_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_deliveries;
ALTER TABLE kf.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_deliveries FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_deliveries FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.webhook_deliveries FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.webhook_deliveries FROM PUBLIC;
GRANT SELECT ON kf.webhook_deliveries TO kf_command;
GRANT SELECT ON kf.webhook_deliveries TO kf_read;
GRANT SELECT ON kf.webhook_deliveries TO kf_delivery;
GRANT INSERT ON kf.webhook_deliveries TO kf_delivery;
GRANT UPDATE (behind, is_probe, lane, state, attempts, charged_attempts, next_attempt_at, why, lease_id, lease_until, ended_at) ON kf.webhook_deliveries TO kf_delivery;
REVOKE DELETE, TRUNCATE ON kf.webhook_deliveries FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_deliveries ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_attempts
ALTER TABLE kf.webhook_attempts OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_attempts_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_attempts;
ALTER TABLE kf.webhook_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_attempts FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_attempts FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.webhook_attempts FROM PUBLIC;
GRANT SELECT ON kf.webhook_attempts TO kf_command;
GRANT SELECT ON kf.webhook_attempts TO kf_read;
GRANT SELECT ON kf.webhook_attempts TO kf_delivery;
GRANT INSERT ON kf.webhook_attempts TO kf_delivery;
REVOKE DELETE, TRUNCATE ON kf.webhook_attempts FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.webhook_attempts FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_attempts ENABLE ALWAYS TRIGGER refuse_change;

-- webhook_recovery_progress
ALTER TABLE kf.webhook_recovery_progress OWNER TO kf_owner;
CREATE STATISTICS kf.webhook_recovery_progress_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.webhook_recovery_progress;
ALTER TABLE kf.webhook_recovery_progress ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.webhook_recovery_progress FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.webhook_recovery_progress FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.webhook_recovery_progress FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.webhook_recovery_progress FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.webhook_recovery_progress FROM PUBLIC;
GRANT SELECT ON kf.webhook_recovery_progress TO kf_command;
GRANT SELECT ON kf.webhook_recovery_progress TO kf_read;
GRANT SELECT ON kf.webhook_recovery_progress TO kf_delivery;
GRANT INSERT ON kf.webhook_recovery_progress TO kf_delivery;
GRANT UPDATE (through_seq, admitted_count) ON kf.webhook_recovery_progress TO kf_delivery;
REVOKE DELETE, TRUNCATE ON kf.webhook_recovery_progress FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_recovery_progress FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_recovery_progress ENABLE ALWAYS TRIGGER refuse_change;

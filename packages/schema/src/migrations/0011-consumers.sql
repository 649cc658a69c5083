-- How far each durable consumer has come in the stream of each environment, and what it could not deal with.

-- The worker sees how far every stream has come, and reads the events themselves in the scope of each tenant.
ALTER POLICY overview_select ON kf.stream_events TO kf_delivery, kf_worker;

CREATE TABLE kf.consumer_tracks (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  consumer text NOT NULL,
  track text NOT NULL,
  state text NOT NULL,
  seq bigint NOT NULL,
  careful_seq bigint NOT NULL,
  tries integer NOT NULL,
  retries bigint NOT NULL,
  epoch bigint NOT NULL,
  owner_id uuid,
  lease_until timestamptz,
  moved_at timestamptz NOT NULL,
  CONSTRAINT consumer_tracks_pkey PRIMARY KEY (tenant_id, environment_id, consumer, track),
  CONSTRAINT consumer_tracks_consumer_plain CHECK (consumer ~ '^[a-z][a-z0-9_]{0,62}$'),
  CONSTRAINT consumer_tracks_counts_not_negative CHECK (seq >= 0 AND careful_seq >= 0 AND tries >= 0 AND retries >= 0 AND epoch >= 0),
  CONSTRAINT consumer_tracks_track_known CHECK (track IN ('PROJECTION', 'EFFECT')),
  CONSTRAINT consumer_tracks_state_known CHECK (state IN ('RUNNING', 'PAUSED', 'STOPPED'))
) WITH (fillfactor = 50);
CREATE TABLE kf.consumer_parked (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  consumer text NOT NULL,
  track text NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  tries integer NOT NULL,
  parked_at timestamptz NOT NULL,
  CONSTRAINT consumer_parked_pkey PRIMARY KEY (tenant_id, environment_id, consumer, track, seq),
  CONSTRAINT consumer_parked_track_known CHECK (track IN ('PROJECTION', 'EFFECT')),
  CONSTRAINT consumer_parked_state_known CHECK (state IN ('PARKED', 'RETRY', 'DONE'))
);

ALTER TABLE kf.consumer_parked ADD CONSTRAINT consumer_parked_consumer_track_fkey FOREIGN KEY (tenant_id, environment_id, consumer, track) REFERENCES kf.consumer_tracks (tenant_id, environment_id, consumer, track);

-- consumer_tracks
ALTER TABLE kf.consumer_tracks OWNER TO kf_owner;
CREATE STATISTICS kf.consumer_tracks_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.consumer_tracks;
ALTER TABLE kf.consumer_tracks ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.consumer_tracks FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.consumer_tracks FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.consumer_tracks FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.consumer_tracks FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY overview_select ON kf.consumer_tracks FOR SELECT TO kf_worker USING (true);
REVOKE ALL ON kf.consumer_tracks FROM PUBLIC;
GRANT SELECT ON kf.consumer_tracks TO kf_command;
GRANT SELECT ON kf.consumer_tracks TO kf_read;
GRANT SELECT ON kf.consumer_tracks TO kf_worker;
GRANT INSERT ON kf.consumer_tracks TO kf_worker;
GRANT UPDATE (state, seq, careful_seq, tries, retries, epoch, owner_id, lease_until, moved_at) ON kf.consumer_tracks TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.consumer_tracks FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.consumer_tracks FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.consumer_tracks ENABLE ALWAYS TRIGGER refuse_change;

-- consumer_parked
ALTER TABLE kf.consumer_parked OWNER TO kf_owner;
CREATE INDEX consumer_parked_consumer_track_state_seq_idx ON kf.consumer_parked (tenant_id, environment_id, consumer, track, state, seq);
CREATE STATISTICS kf.consumer_parked_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.consumer_parked;
ALTER TABLE kf.consumer_parked ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.consumer_parked FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.consumer_parked FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.consumer_parked FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_update ON kf.consumer_parked FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
REVOKE ALL ON kf.consumer_parked FROM PUBLIC;
GRANT SELECT ON kf.consumer_parked TO kf_command;
GRANT SELECT ON kf.consumer_parked TO kf_read;
GRANT SELECT ON kf.consumer_parked TO kf_worker;
GRANT INSERT ON kf.consumer_parked TO kf_worker;
GRANT UPDATE (state, reason, tries, parked_at) ON kf.consumer_parked TO kf_worker;
REVOKE DELETE, TRUNCATE ON kf.consumer_parked FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.consumer_parked FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.consumer_parked ENABLE ALWAYS TRIGGER refuse_change;

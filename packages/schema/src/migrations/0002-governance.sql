-- Approvals that are decided, policy of a tenant, and people who log in.

ALTER TABLE kf.approvals
  ADD COLUMN command_version bigint NOT NULL DEFAULT 1,
  ADD COLUMN requester_type text NOT NULL DEFAULT 'USER',
  ADD COLUMN credential_type text,
  ADD COLUMN credential_id text,
  ADD COLUMN correlation_id uuid,
  ADD COLUMN reason text,
  ADD COLUMN personal text NOT NULL DEFAULT '{}',
  ADD COLUMN quorum bigint NOT NULL DEFAULT 1,
  ADD COLUMN approvals bigint NOT NULL DEFAULT 0,
  ADD COLUMN decided_at timestamptz,
  ADD COLUMN execution_receipt_id uuid,
  ADD COLUMN failure text;
ALTER TABLE kf.approvals
  ALTER COLUMN command_version DROP DEFAULT,
  ALTER COLUMN requester_type DROP DEFAULT,
  ALTER COLUMN personal DROP DEFAULT,
  ALTER COLUMN quorum DROP DEFAULT,
  ALTER COLUMN approvals DROP DEFAULT;
ALTER TABLE kf.approvals ADD CONSTRAINT approvals_requester_type_known CHECK (requester_type IN ('USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'));
ALTER TABLE kf.approvals ADD CONSTRAINT approvals_id_requested_by_key UNIQUE (tenant_id, environment_id, id, requested_by);
CREATE INDEX approvals_expires_at_id_idx ON kf.approvals (tenant_id, environment_id, expires_at, id) WHERE status = 'REQUESTED';
GRANT UPDATE (status, approvals, decided_at, execution_receipt_id, failure, version, updated_at, receipt_id, written_in) ON kf.approvals TO kf_command;
GRANT UPDATE (status, approvals, decided_at, execution_receipt_id, failure, version, updated_at, receipt_id, written_in) ON kf.approvals TO kf_worker;

CREATE TABLE kf.tenant_policies (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  settings text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT tenant_policies_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT tenant_policies_is_itself CHECK (id = tenant_id),
  CONSTRAINT tenant_policies_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.principal_identities (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  identity_hash text NOT NULL,
  principal_id uuid NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT principal_identities_pkey PRIMARY KEY (tenant_id, environment_id, identity_hash),
  CONSTRAINT principal_identities_status_known CHECK (status IN ('LINKED', 'UNLINKED')),
  CONSTRAINT principal_identities_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.sessions (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  target_environment_id uuid NOT NULL,
  secret_hash bytea NOT NULL,
  authenticated_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, environment_id, id),
  CONSTRAINT sessions_secret_hash_is_sha256 CHECK (octet_length(secret_hash) = 32),
  CONSTRAINT sessions_control_only CHECK (environment_id = tenant_id)
);
CREATE TABLE kf.approval_votes (
  tenant_id uuid NOT NULL,
  environment_id uuid NOT NULL,
  approval_id uuid NOT NULL,
  voter_id uuid NOT NULL,
  requested_by uuid NOT NULL,
  vote text NOT NULL,
  reason text,
  voted_at timestamptz NOT NULL,
  receipt_id uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT approval_votes_pkey PRIMARY KEY (tenant_id, environment_id, approval_id, voter_id),
  CONSTRAINT approval_votes_nobody_votes_on_their_own CHECK (voter_id <> requested_by),
  CONSTRAINT approval_votes_vote_known CHECK (vote IN ('APPROVE', 'DENY'))
);

-- Checking a new foreign key reads the table that it points at, which the owner may while row security is not forced.
ALTER TABLE kf.tenants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.environments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.principals NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.approvals NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.tenant_policies ADD CONSTRAINT tenant_policies_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants (tenant_id, environment_id);
ALTER TABLE kf.tenant_policies ADD CONSTRAINT tenant_policies_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.principal_identities ADD CONSTRAINT principal_identities_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.principal_identities ADD CONSTRAINT principal_identities_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.sessions ADD CONSTRAINT sessions_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals (tenant_id, environment_id, id);
ALTER TABLE kf.sessions ADD CONSTRAINT sessions_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments (tenant_id, environment_id, id);
ALTER TABLE kf.sessions ADD CONSTRAINT sessions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.approval_votes ADD CONSTRAINT approval_votes_approval_id_requested_by_fkey FOREIGN KEY (tenant_id, environment_id, approval_id, requested_by) REFERENCES kf.approvals (tenant_id, environment_id, id, requested_by);
ALTER TABLE kf.approval_votes ADD CONSTRAINT approval_votes_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, environment_id, id, written_in);
ALTER TABLE kf.tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.environments FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.principals FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.approvals FORCE ROW LEVEL SECURITY;
ALTER TABLE kf.command_receipts FORCE ROW LEVEL SECURITY;

-- tenant_policies
ALTER TABLE kf.tenant_policies OWNER TO kf_owner;
CREATE STATISTICS kf.tenant_policies_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.tenant_policies;
ALTER TABLE kf.tenant_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.tenant_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.tenant_policies FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.tenant_policies FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.tenant_policies FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.tenant_policies FROM PUBLIC;
GRANT SELECT ON kf.tenant_policies TO kf_command;
GRANT SELECT ON kf.tenant_policies TO kf_read;
GRANT SELECT ON kf.tenant_policies TO kf_ingest;
GRANT SELECT ON kf.tenant_policies TO kf_worker;
GRANT INSERT ON kf.tenant_policies TO kf_command;
GRANT UPDATE (settings, version, updated_at, receipt_id, written_in) ON kf.tenant_policies TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.tenant_policies FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.tenant_policies FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.tenant_policies ENABLE ALWAYS TRIGGER refuse_change;

-- principal_identities
ALTER TABLE kf.principal_identities OWNER TO kf_owner;
CREATE STATISTICS kf.principal_identities_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.principal_identities;
ALTER TABLE kf.principal_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.principal_identities FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.principal_identities FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.principal_identities FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.principal_identities FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY lookup_select ON kf.principal_identities FOR SELECT TO kf_login USING (true);
REVOKE ALL ON kf.principal_identities FROM PUBLIC;
GRANT SELECT ON kf.principal_identities TO kf_command;
GRANT SELECT ON kf.principal_identities TO kf_read;
GRANT INSERT ON kf.principal_identities TO kf_command;
GRANT UPDATE (principal_id, status, version, updated_at, receipt_id, written_in) ON kf.principal_identities TO kf_command;
GRANT SELECT (tenant_id, environment_id, identity_hash, principal_id, status) ON kf.principal_identities TO kf_login;
REVOKE DELETE, TRUNCATE ON kf.principal_identities FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.principal_identities FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.principal_identities ENABLE ALWAYS TRIGGER refuse_change;

-- sessions
ALTER TABLE kf.sessions OWNER TO kf_owner;
CREATE INDEX sessions_principal_id_idx ON kf.sessions (tenant_id, environment_id, principal_id) WHERE revoked_at IS NULL;
CREATE STATISTICS kf.sessions_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.sessions;
ALTER TABLE kf.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.sessions FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.sessions FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
CREATE POLICY scope_update ON kf.sessions FOR UPDATE USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.sessions FROM PUBLIC;
GRANT SELECT ON kf.sessions TO kf_command;
GRANT SELECT ON kf.sessions TO kf_read;
GRANT INSERT ON kf.sessions TO kf_command;
GRANT UPDATE (revoked_at, version, updated_at, receipt_id, written_in) ON kf.sessions TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.sessions FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.sessions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.sessions ENABLE ALWAYS TRIGGER refuse_change;

-- approval_votes
ALTER TABLE kf.approval_votes OWNER TO kf_owner;
CREATE STATISTICS kf.approval_votes_scope (dependencies, ndistinct) ON tenant_id, environment_id FROM kf.approval_votes;
ALTER TABLE kf.approval_votes ENABLE ROW LEVEL SECURITY;
ALTER TABLE kf.approval_votes FORCE ROW LEVEL SECURITY;
CREATE POLICY scope_select ON kf.approval_votes FOR SELECT USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid);
CREATE POLICY scope_insert ON kf.approval_votes FOR INSERT WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and written_in = pg_current_xact_id());
REVOKE ALL ON kf.approval_votes FROM PUBLIC;
GRANT SELECT ON kf.approval_votes TO kf_command;
GRANT SELECT ON kf.approval_votes TO kf_read;
GRANT INSERT ON kf.approval_votes TO kf_command;
REVOKE DELETE, TRUNCATE ON kf.approval_votes FROM kf_owner;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.approval_votes FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.approval_votes ENABLE ALWAYS TRIGGER refuse_change;

-- tables
table allocations: owner kf_owner, row security t, forced t
table api_keys: owner kf_owner, row security t, forced t
table approval_votes: owner kf_owner, row security t, forced t
table approvals: owner kf_owner, row security t, forced t
table channel_locations: owner kf_owner, row security t, forced t
table command_receipts: owner kf_owner, row security t, forced t, toast_tuple_target=8160
table consumer_parked: owner kf_owner, row security t, forced t
table consumer_tracks: owner kf_owner, row security t, forced t, fillfactor=50
table domain_events: owner kf_owner, row security t, forced t, toast_tuple_target=8160
table environments: owner kf_owner, row security t, forced t
table expiry_schedule: owner kf_owner, row security t, forced t
table ingest_claims: owner kf_owner, row security t, forced t
table ingest_mappings: owner kf_owner, row security t, forced t
table ingest_quarantines: owner kf_owner, row security t, forced t
table ingest_sources: owner kf_owner, row security t, forced t
table inventory_levels: owner kf_owner, row security t, forced t, fillfactor=40
table locations: owner kf_owner, row security t, forced t
table log_checkpoints: owner kf_owner, row security t, forced t
table log_leaves: owner kf_owner, row security t, forced t
table log_pending: owner kf_owner, row security t, forced t
table log_roots: owner kf_owner, row security t, forced t
table mass_cancels: owner kf_owner, row security t, forced t
table oversell_applications: owner kf_owner, row security t, forced t
table oversell_policies: owner kf_owner, row security t, forced t
table oversell_revisions: owner kf_owner, row security t, forced t
table personal_data: owner kf_owner, row security t, forced t
table platform_tenants: owner kf_owner, row security t, forced t
table principal_identities: owner kf_owner, row security t, forced t
table principals: owner kf_owner, row security t, forced t
table quarantined_messages: owner kf_owner, row security t, forced t
table reservations: owner kf_owner, row security t, forced t, fillfactor=80
table role_grants: owner kf_owner, row security t, forced t
table sales_channels: owner kf_owner, row security t, forced t
table sequencer_terms: owner kf_owner, row security t, forced t
table sessions: owner kf_owner, row security t, forced t
table stock_movements: owner kf_owner, row security t, forced t
table stream_events: owner kf_owner, row security t, forced t
table tenant_policies: owner kf_owner, row security t, forced t
table tenants: owner kf_owner, row security t, forced t
table variants: owner kf_owner, row security t, forced t
table webhook_attempts: owner kf_owner, row security t, forced t
table webhook_cursors: owner kf_owner, row security t, forced t, fillfactor=50
table webhook_deliveries: owner kf_owner, row security t, forced t, fillfactor=70
table webhook_health: owner kf_owner, row security t, forced t, fillfactor=50
table webhook_recoveries: owner kf_owner, row security t, forced t
table webhook_recovery_progress: owner kf_owner, row security t, forced t
table webhook_roster: owner kf_owner, row security t, forced t
table webhook_subscriptions: owner kf_owner, row security t, forced t

-- columns
column allocations.tenant_id uuid not null
column allocations.environment_id uuid not null
column allocations.id uuid not null
column allocations.reservation_id uuid not null
column allocations.line_number integer not null
column allocations.variant_id uuid not null
column allocations.location_id uuid not null
column allocations.quantity bigint not null
column allocations.strategy text not null
column allocations.status text not null
column allocations.override_of uuid
column allocations.version bigint not null
column allocations.created_at timestamp with time zone not null
column allocations.updated_at timestamp with time zone not null
column allocations.receipt_id uuid not null
column allocations.written_in xid8 not null default pg_current_xact_id()
column api_keys.tenant_id uuid not null
column api_keys.environment_id uuid not null
column api_keys.id uuid not null
column api_keys.principal_id uuid not null
column api_keys.target_environment_id uuid not null
column api_keys.name text not null
column api_keys.secret_hash bytea not null
column api_keys.scopes text[] not null
column api_keys.risk_ceiling text not null
column api_keys.expires_at timestamp with time zone
column api_keys.revoked_at timestamp with time zone
column api_keys.version bigint not null
column api_keys.created_at timestamp with time zone not null
column api_keys.updated_at timestamp with time zone not null
column api_keys.receipt_id uuid not null
column api_keys.written_in xid8 not null default pg_current_xact_id()
column approval_votes.tenant_id uuid not null
column approval_votes.environment_id uuid not null
column approval_votes.approval_id uuid not null
column approval_votes.voter_id uuid not null
column approval_votes.requested_by uuid not null
column approval_votes.vote text not null
column approval_votes.reason text
column approval_votes.voted_at timestamp with time zone not null
column approval_votes.receipt_id uuid not null
column approval_votes.written_in xid8 not null default pg_current_xact_id()
column approvals.tenant_id uuid not null
column approvals.environment_id uuid not null
column approvals.id uuid not null
column approvals.command_type text not null
column approvals.command_hash bytea not null
column approvals.command_body bytea not null
column approvals.risk text not null
column approvals.status text not null
column approvals.requested_by uuid not null
column approvals.on_behalf_of uuid
column approvals.policy_hash text not null
column approvals.expires_at timestamp with time zone not null
column approvals.version bigint not null
column approvals.created_at timestamp with time zone not null
column approvals.updated_at timestamp with time zone not null
column approvals.receipt_id uuid not null
column approvals.written_in xid8 not null default pg_current_xact_id()
column approvals.command_version bigint not null
column approvals.requester_type text not null
column approvals.credential_type text
column approvals.credential_id text
column approvals.correlation_id uuid
column approvals.reason text
column approvals.personal text not null
column approvals.quorum bigint not null
column approvals.approvals bigint not null
column approvals.decided_at timestamp with time zone
column approvals.execution_receipt_id uuid
column approvals.failure text
column channel_locations.tenant_id uuid not null
column channel_locations.environment_id uuid not null
column channel_locations.sales_channel_id uuid not null
column channel_locations.location_id uuid not null
column channel_locations.buffer_quantity bigint not null
column channel_locations.version bigint not null
column channel_locations.created_at timestamp with time zone not null
column channel_locations.updated_at timestamp with time zone not null
column channel_locations.receipt_id uuid not null
column channel_locations.written_in xid8 not null default pg_current_xact_id()
column command_receipts.tenant_id uuid not null
column command_receipts.environment_id uuid not null
column command_receipts.id uuid not null
column command_receipts.command_type text not null
column command_receipts.status text not null
column command_receipts.actor_id uuid not null
column command_receipts.idempotency_key_hash bytea
column command_receipts.payload_hash bytea not null
column command_receipts.body bytea not null
column command_receipts.hash bytea not null
column command_receipts.signature bytea not null
column command_receipts.key_id text not null
column command_receipts.response bytea
column command_receipts.correlation_id uuid not null
column command_receipts.completed_at timestamp with time zone not null
column command_receipts.written_in xid8 not null default pg_current_xact_id()
column consumer_parked.tenant_id uuid not null
column consumer_parked.environment_id uuid not null
column consumer_parked.consumer text not null
column consumer_parked.track text not null
column consumer_parked.seq bigint not null
column consumer_parked.event_id uuid not null
column consumer_parked.state text not null
column consumer_parked.reason text not null
column consumer_parked.tries integer not null
column consumer_parked.parked_at timestamp with time zone not null
column consumer_tracks.tenant_id uuid not null
column consumer_tracks.environment_id uuid not null
column consumer_tracks.consumer text not null
column consumer_tracks.track text not null
column consumer_tracks.state text not null
column consumer_tracks.seq bigint not null
column consumer_tracks.careful_seq bigint not null
column consumer_tracks.tries integer not null
column consumer_tracks.retries bigint not null
column consumer_tracks.epoch bigint not null
column consumer_tracks.owner_id uuid
column consumer_tracks.lease_until timestamp with time zone
column consumer_tracks.moved_at timestamp with time zone not null
column domain_events.tenant_id uuid not null
column domain_events.environment_id uuid not null
column domain_events.id uuid not null
column domain_events.type text not null
column domain_events.body bytea not null
column domain_events.hash bytea not null
column domain_events.receipt_id uuid not null
column domain_events.written_in xid8 not null default pg_current_xact_id()
column environments.tenant_id uuid not null
column environments.environment_id uuid not null
column environments.id uuid not null
column environments.name text not null
column environments.kind text not null
column environments.status text not null
column environments.version bigint not null
column environments.created_at timestamp with time zone not null
column environments.updated_at timestamp with time zone not null
column environments.receipt_id uuid not null
column environments.written_in xid8 not null default pg_current_xact_id()
column expiry_schedule.tenant_id uuid not null
column expiry_schedule.environment_id uuid not null
column expiry_schedule.due_at timestamp with time zone not null
column ingest_claims.tenant_id uuid not null
column ingest_claims.environment_id uuid not null
column ingest_claims.ingest_source_id uuid not null
column ingest_claims.message_key text not null
column ingest_claims.content_key text not null
column ingest_claims.body_key text not null
column ingest_claims.message_id text not null
column ingest_claims.outcome text not null
column ingest_claims.command_receipt_id uuid
column ingest_claims.subject text
column ingest_claims.claimed_at timestamp with time zone not null
column ingest_claims.receipt_id uuid not null
column ingest_claims.written_in xid8 not null default pg_current_xact_id()
column ingest_mappings.tenant_id uuid not null
column ingest_mappings.environment_id uuid not null
column ingest_mappings.ingest_source_id uuid not null
column ingest_mappings.revision bigint not null
column ingest_mappings.document text not null
column ingest_mappings.set_at timestamp with time zone not null
column ingest_mappings.receipt_id uuid not null
column ingest_mappings.written_in xid8 not null default pg_current_xact_id()
column ingest_quarantines.tenant_id uuid not null
column ingest_quarantines.environment_id uuid not null
column ingest_quarantines.ingest_source_id uuid not null
column ingest_quarantines.held_messages bigint not null
column ingest_quarantines.held_bytes bigint not null
column ingest_quarantines.version bigint not null
column ingest_quarantines.created_at timestamp with time zone not null
column ingest_quarantines.updated_at timestamp with time zone not null
column ingest_quarantines.receipt_id uuid not null
column ingest_quarantines.written_in xid8 not null default pg_current_xact_id()
column ingest_sources.tenant_id uuid not null
column ingest_sources.environment_id uuid not null
column ingest_sources.id uuid not null
column ingest_sources.code text not null
column ingest_sources.principal_id uuid not null
column ingest_sources.target_environment_id uuid not null
column ingest_sources.preset text not null
column ingest_sources.secret_refs text[] not null
column ingest_sources.tolerance_seconds bigint not null
column ingest_sources.status text not null
column ingest_sources.version bigint not null
column ingest_sources.created_at timestamp with time zone not null
column ingest_sources.updated_at timestamp with time zone not null
column ingest_sources.receipt_id uuid not null
column ingest_sources.written_in xid8 not null default pg_current_xact_id()
column ingest_sources.settings text not null
column ingest_sources.mapping_revision bigint not null
column inventory_levels.tenant_id uuid not null
column inventory_levels.environment_id uuid not null
column inventory_levels.variant_id uuid not null
column inventory_levels.location_id uuid not null
column inventory_levels.on_hand bigint not null
column inventory_levels.reserved bigint not null
column inventory_levels.allocated bigint not null
column inventory_levels.damaged bigint not null
column inventory_levels.quality_control bigint not null
column inventory_levels.incoming bigint not null
column inventory_levels.safety_stock bigint not null
column inventory_levels.oversell_limit bigint not null
column inventory_levels.shortfall bigint not null
column inventory_levels.version bigint not null
column inventory_levels.created_at timestamp with time zone not null
column inventory_levels.updated_at timestamp with time zone not null
column inventory_levels.receipt_id uuid not null
column inventory_levels.written_in xid8 not null default pg_current_xact_id()
column locations.tenant_id uuid not null
column locations.environment_id uuid not null
column locations.id uuid not null
column locations.code text not null
column locations.name text not null
column locations.version bigint not null
column locations.created_at timestamp with time zone not null
column locations.updated_at timestamp with time zone not null
column locations.receipt_id uuid not null
column locations.written_in xid8 not null default pg_current_xact_id()
column log_checkpoints.tenant_id uuid not null
column log_checkpoints.environment_id uuid not null
column log_checkpoints.tree_size bigint not null
column log_checkpoints.note text not null
column log_checkpoints.published_at timestamp with time zone not null
column log_leaves.tenant_id uuid not null
column log_leaves.environment_id uuid not null
column log_leaves.command_receipt_id uuid not null
column log_leaves.leaf_index bigint not null
column log_leaves.leaf_hash bytea not null
column log_pending.tenant_id uuid not null
column log_pending.environment_id uuid not null
column log_pending.position bigint not null identity
column log_pending.receipt_ids uuid[] not null
column log_roots.tenant_id uuid not null
column log_roots.environment_id uuid not null
column log_roots.tree_size bigint not null
column log_roots.root_hash bytea not null
column log_roots.frontier bytea not null
column log_roots.super_index bigint
column log_roots.decided_at timestamp with time zone not null
column mass_cancels.tenant_id uuid not null
column mass_cancels.environment_id uuid not null
column mass_cancels.id uuid not null
column mass_cancels.sales_channel_id uuid
column mass_cancels.reference_prefix text
column mass_cancels.reservation_status text
column mass_cancels.created_before timestamp with time zone not null
column mass_cancels.expected_count bigint not null
column mass_cancels.cancelled_count bigint not null
column mass_cancels.status text not null
column mass_cancels.started_at timestamp with time zone not null
column mass_cancels.finished_at timestamp with time zone
column mass_cancels.version bigint not null
column mass_cancels.created_at timestamp with time zone not null
column mass_cancels.updated_at timestamp with time zone not null
column mass_cancels.receipt_id uuid not null
column mass_cancels.written_in xid8 not null default pg_current_xact_id()
column oversell_applications.tenant_id uuid not null
column oversell_applications.environment_id uuid not null
column oversell_applications.scope_key text not null
column oversell_applications.revision bigint not null
column oversell_applications.status text not null
column oversell_applications.started_at timestamp with time zone not null
column oversell_applications.version bigint not null
column oversell_applications.created_at timestamp with time zone not null
column oversell_applications.updated_at timestamp with time zone not null
column oversell_applications.receipt_id uuid not null
column oversell_applications.written_in xid8 not null default pg_current_xact_id()
column oversell_policies.tenant_id uuid not null
column oversell_policies.environment_id uuid not null
column oversell_policies.id uuid not null
column oversell_policies.scope_key text not null
column oversell_policies.scope text not null
column oversell_policies.variant_id uuid
column oversell_policies.location_id uuid
column oversell_policies.sales_channel_id uuid
column oversell_policies.mode text not null
column oversell_policies.quantity bigint not null
column oversell_policies.version bigint not null
column oversell_policies.created_at timestamp with time zone not null
column oversell_policies.updated_at timestamp with time zone not null
column oversell_policies.receipt_id uuid not null
column oversell_policies.written_in xid8 not null default pg_current_xact_id()
column oversell_revisions.tenant_id uuid not null
column oversell_revisions.environment_id uuid not null
column oversell_revisions.scope_key text not null
column oversell_revisions.revision bigint not null
column oversell_revisions.mode text not null
column oversell_revisions.quantity bigint not null
column oversell_revisions.set_at timestamp with time zone not null
column oversell_revisions.receipt_id uuid not null
column oversell_revisions.written_in xid8 not null default pg_current_xact_id()
column personal_data.tenant_id uuid not null
column personal_data.environment_id uuid not null
column personal_data.id uuid not null
column personal_data.field text not null
column personal_data.value text
column personal_data.erased_at timestamp with time zone
column personal_data.version bigint not null
column personal_data.created_at timestamp with time zone not null
column personal_data.updated_at timestamp with time zone not null
column personal_data.receipt_id uuid not null
column personal_data.written_in xid8 not null default pg_current_xact_id()
column platform_tenants.tenant_id uuid not null
column platform_tenants.environment_id uuid not null
column platform_tenants.id uuid not null
column platform_tenants.name text not null
column platform_tenants.request_hash bytea not null
column platform_tenants.status text not null
column platform_tenants.bootstrap_receipt_id uuid
column platform_tenants.version bigint not null
column platform_tenants.created_at timestamp with time zone not null
column platform_tenants.updated_at timestamp with time zone not null
column platform_tenants.receipt_id uuid not null
column platform_tenants.written_in xid8 not null default pg_current_xact_id()
column principal_identities.tenant_id uuid not null
column principal_identities.environment_id uuid not null
column principal_identities.identity_hash text not null
column principal_identities.principal_id uuid not null
column principal_identities.status text not null
column principal_identities.version bigint not null
column principal_identities.created_at timestamp with time zone not null
column principal_identities.updated_at timestamp with time zone not null
column principal_identities.receipt_id uuid not null
column principal_identities.written_in xid8 not null default pg_current_xact_id()
column principals.tenant_id uuid not null
column principals.environment_id uuid not null
column principals.id uuid not null
column principals.type text not null
column principals.handle text not null
column principals.owner_id uuid
column principals.personal_data_id uuid
column principals.status text not null
column principals.version bigint not null
column principals.created_at timestamp with time zone not null
column principals.updated_at timestamp with time zone not null
column principals.receipt_id uuid not null
column principals.written_in xid8 not null default pg_current_xact_id()
column quarantined_messages.tenant_id uuid not null
column quarantined_messages.environment_id uuid not null
column quarantined_messages.id uuid not null
column quarantined_messages.ingest_source_id uuid not null
column quarantined_messages.message_id text not null
column quarantined_messages.content_key text not null
column quarantined_messages.reason text not null
column quarantined_messages.stored_bytes bigint not null
column quarantined_messages.payload_id uuid
column quarantined_messages.outline_id uuid
column quarantined_messages.received_at timestamp with time zone not null
column quarantined_messages.expires_at timestamp with time zone not null
column quarantined_messages.status text not null
column quarantined_messages.checked_at timestamp with time zone
column quarantined_messages.check_result text
column quarantined_messages.outcome text
column quarantined_messages.outcome_receipt_id uuid
column quarantined_messages.ended_at timestamp with time zone
column quarantined_messages.version bigint not null
column quarantined_messages.created_at timestamp with time zone not null
column quarantined_messages.updated_at timestamp with time zone not null
column quarantined_messages.receipt_id uuid not null
column quarantined_messages.written_in xid8 not null default pg_current_xact_id()
column quarantined_messages.trial_mapping text
column reservations.tenant_id uuid not null
column reservations.environment_id uuid not null
column reservations.id uuid not null
column reservations.sales_channel_id uuid
column reservations.reference text
column reservations.created_by_event uuid not null
column reservations.status text not null
column reservations.expires_at timestamp with time zone not null
column reservations.extensions bigint not null
column reservations.resolved_at timestamp with time zone
column reservations.version bigint not null
column reservations.created_at timestamp with time zone not null
column reservations.updated_at timestamp with time zone not null
column reservations.receipt_id uuid not null
column reservations.written_in xid8 not null default pg_current_xact_id()
column role_grants.tenant_id uuid not null
column role_grants.environment_id uuid not null
column role_grants.id uuid not null
column role_grants.principal_id uuid not null
column role_grants.target_environment_id uuid
column role_grants.role text not null
column role_grants.valid_from timestamp with time zone not null
column role_grants.valid_until timestamp with time zone
column role_grants.revoked_at timestamp with time zone
column role_grants.version bigint not null
column role_grants.created_at timestamp with time zone not null
column role_grants.updated_at timestamp with time zone not null
column role_grants.receipt_id uuid not null
column role_grants.written_in xid8 not null default pg_current_xact_id()
column sales_channels.tenant_id uuid not null
column sales_channels.environment_id uuid not null
column sales_channels.id uuid not null
column sales_channels.code text not null
column sales_channels.name text not null
column sales_channels.version bigint not null
column sales_channels.created_at timestamp with time zone not null
column sales_channels.updated_at timestamp with time zone not null
column sales_channels.receipt_id uuid not null
column sales_channels.written_in xid8 not null default pg_current_xact_id()
column sequencer_terms.tenant_id uuid not null
column sequencer_terms.environment_id uuid not null
column sequencer_terms.epoch bigint not null
column sequencer_terms.leader_id uuid not null
column sequencer_terms.begun_at timestamp with time zone not null
column sessions.tenant_id uuid not null
column sessions.environment_id uuid not null
column sessions.id uuid not null
column sessions.principal_id uuid not null
column sessions.target_environment_id uuid not null
column sessions.secret_hash bytea not null
column sessions.authenticated_at timestamp with time zone not null
column sessions.expires_at timestamp with time zone not null
column sessions.revoked_at timestamp with time zone
column sessions.version bigint not null
column sessions.created_at timestamp with time zone not null
column sessions.updated_at timestamp with time zone not null
column sessions.receipt_id uuid not null
column sessions.written_in xid8 not null default pg_current_xact_id()
column stock_movements.tenant_id uuid not null
column stock_movements.environment_id uuid not null
column stock_movements.event_id uuid not null
column stock_movements.movement_number integer not null
column stock_movements.variant_id uuid not null
column stock_movements.location_id uuid not null
column stock_movements.from_state text not null
column stock_movements.to_state text not null
column stock_movements.quantity bigint not null
column stock_movements.reason text
column stock_movements.occurred_at timestamp with time zone not null
column stock_movements.receipt_id uuid not null
column stock_movements.written_in xid8 not null default pg_current_xact_id()
column stream_events.tenant_id uuid not null
column stream_events.environment_id uuid not null
column stream_events.seq bigint not null
column stream_events.event_id uuid not null
column stream_events.event_written_in xid8 not null
column stream_events.command_receipt_id uuid not null
column tenant_policies.tenant_id uuid not null
column tenant_policies.environment_id uuid not null
column tenant_policies.id uuid not null
column tenant_policies.settings text not null
column tenant_policies.version bigint not null
column tenant_policies.created_at timestamp with time zone not null
column tenant_policies.updated_at timestamp with time zone not null
column tenant_policies.receipt_id uuid not null
column tenant_policies.written_in xid8 not null default pg_current_xact_id()
column tenants.tenant_id uuid not null
column tenants.environment_id uuid not null
column tenants.id uuid not null
column tenants.name text not null
column tenants.status text not null
column tenants.version bigint not null
column tenants.created_at timestamp with time zone not null
column tenants.updated_at timestamp with time zone not null
column tenants.receipt_id uuid not null
column tenants.written_in xid8 not null default pg_current_xact_id()
column variants.tenant_id uuid not null
column variants.environment_id uuid not null
column variants.id uuid not null
column variants.sku text not null
column variants.name text not null
column variants.version bigint not null
column variants.created_at timestamp with time zone not null
column variants.updated_at timestamp with time zone not null
column variants.receipt_id uuid not null
column variants.written_in xid8 not null default pg_current_xact_id()
column webhook_attempts.tenant_id uuid not null
column webhook_attempts.environment_id uuid not null
column webhook_attempts.delivery_id uuid not null
column webhook_attempts.attempt integer not null
column webhook_attempts.started_at timestamp with time zone not null
column webhook_attempts.total_milliseconds integer not null
column webhook_attempts.is_probe boolean not null
column webhook_attempts.outcome text not null
column webhook_attempts.failure_code text
column webhook_attempts.failure_phase text
column webhook_attempts.failure_reason text
column webhook_attempts.status_code integer
column webhook_attempts.phases jsonb not null
column webhook_attempts.address text
column webhook_attempts.response_start text
column webhook_attempts.response_truncated boolean not null
column webhook_attempts.request_digest bytea
column webhook_attempts.traceparent text not null
column webhook_attempts.next_attempt_at timestamp with time zone
column webhook_attempts.why text
column webhook_attempts.health_after text not null
column webhook_cursors.tenant_id uuid not null
column webhook_cursors.environment_id uuid not null
column webhook_cursors.subscription_id uuid not null
column webhook_cursors.roster_version bigint not null
column webhook_cursors.generation integer not null
column webhook_cursors.health_epoch integer not null
column webhook_cursors.admitted_seq bigint not null
column webhook_cursors.next_ordinal bigint not null
column webhook_cursors.compact_until_seq bigint
column webhook_cursors.follows boolean not null
column webhook_cursors.next_due_at timestamp with time zone
column webhook_cursors.paced_until timestamp with time zone
column webhook_cursors.health text not null
column webhook_cursors.health_since timestamp with time zone not null
column webhook_cursors.next_probe_at timestamp with time zone
column webhook_deliveries.tenant_id uuid not null
column webhook_deliveries.environment_id uuid not null
column webhook_deliveries.id uuid not null
column webhook_deliveries.subscription_id uuid not null
column webhook_deliveries.origin_id uuid not null
column webhook_deliveries.generation integer not null
column webhook_deliveries.seq bigint not null
column webhook_deliveries.event_id uuid not null
column webhook_deliveries.event_written_in xid8 not null
column webhook_deliveries.event_type text not null
column webhook_deliveries.entity_type text not null
column webhook_deliveries.entity_id text not null
column webhook_deliveries.ordinal bigint
column webhook_deliveries.previous_ordinal bigint
column webhook_deliveries.order_keys text[] not null
column webhook_deliveries.predecessors uuid[] not null
column webhook_deliveries.behind uuid
column webhook_deliveries.is_probe boolean not null
column webhook_deliveries.traceparent text
column webhook_deliveries.lane text not null
column webhook_deliveries.state text not null
column webhook_deliveries.attempts integer not null
column webhook_deliveries.charged_attempts integer not null
column webhook_deliveries.next_attempt_at timestamp with time zone
column webhook_deliveries.why text
column webhook_deliveries.lease_id uuid
column webhook_deliveries.lease_until timestamp with time zone
column webhook_deliveries.admitted_at timestamp with time zone not null
column webhook_deliveries.ended_at timestamp with time zone
column webhook_health.tenant_id uuid not null
column webhook_health.environment_id uuid not null
column webhook_health.subscription_id uuid not null
column webhook_health.reason text not null
column webhook_health.consecutive_failures integer not null
column webhook_health.first_failure_at timestamp with time zone
column webhook_health.pace integer
column webhook_health.evidence jsonb not null
column webhook_recoveries.tenant_id uuid not null
column webhook_recoveries.environment_id uuid not null
column webhook_recoveries.id uuid not null
column webhook_recoveries.subscription_id uuid not null
column webhook_recoveries.kind text not null
column webhook_recoveries.delivery_id uuid
column webhook_recoveries.from_seq bigint
column webhook_recoveries.to_seq bigint
column webhook_recoveries.event_types text[] not null
column webhook_recoveries.only_failed boolean not null
column webhook_recoveries.expected_count bigint not null
column webhook_recoveries.status text not null
column webhook_recoveries.done_count bigint not null
column webhook_recoveries.failed_count bigint not null
column webhook_recoveries.started_at timestamp with time zone not null
column webhook_recoveries.finished_at timestamp with time zone
column webhook_recoveries.version bigint not null
column webhook_recoveries.created_at timestamp with time zone not null
column webhook_recoveries.updated_at timestamp with time zone not null
column webhook_recoveries.receipt_id uuid not null
column webhook_recoveries.written_in xid8 not null default pg_current_xact_id()
column webhook_recovery_progress.tenant_id uuid not null
column webhook_recovery_progress.environment_id uuid not null
column webhook_recovery_progress.recovery_id uuid not null
column webhook_recovery_progress.through_seq bigint not null
column webhook_recovery_progress.admitted_count bigint not null
column webhook_roster.tenant_id uuid not null
column webhook_roster.environment_id uuid not null
column webhook_roster.subscription_id uuid not null
column webhook_roster.status text not null
column webhook_roster.version bigint not null
column webhook_roster.created_at timestamp with time zone not null
column webhook_roster.updated_at timestamp with time zone not null
column webhook_roster.receipt_id uuid not null
column webhook_roster.written_in xid8 not null default pg_current_xact_id()
column webhook_subscriptions.tenant_id uuid not null
column webhook_subscriptions.environment_id uuid not null
column webhook_subscriptions.id uuid not null
column webhook_subscriptions.url text not null
column webhook_subscriptions.description text
column webhook_subscriptions.event_types text[] not null
column webhook_subscriptions.ordering text not null
column webhook_subscriptions.headers text not null
column webhook_subscriptions.rate_per_second integer not null
column webhook_subscriptions.max_in_flight integer not null
column webhook_subscriptions.is_asymmetric boolean not null
column webhook_subscriptions.state text not null
column webhook_subscriptions.secret_version integer not null
column webhook_subscriptions.retiring_version integer
column webhook_subscriptions.retiring_until timestamp with time zone
column webhook_subscriptions.generation integer not null
column webhook_subscriptions.start_mode text not null
column webhook_subscriptions.start_seq bigint
column webhook_subscriptions.start_event_id uuid not null
column webhook_subscriptions.health_epoch integer not null
column webhook_subscriptions.health text not null
column webhook_subscriptions.health_reason text not null
column webhook_subscriptions.health_evidence text not null
column webhook_subscriptions.health_since timestamp with time zone not null
column webhook_subscriptions.version bigint not null
column webhook_subscriptions.created_at timestamp with time zone not null
column webhook_subscriptions.updated_at timestamp with time zone not null
column webhook_subscriptions.receipt_id uuid not null
column webhook_subscriptions.written_in xid8 not null default pg_current_xact_id()

-- constraints
constraint allocations.allocations_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations(tenant_id, environment_id, id)
constraint allocations.allocations_override_of_fkey FOREIGN KEY (tenant_id, environment_id, override_of) REFERENCES kf.allocations(tenant_id, environment_id, id)
constraint allocations.allocations_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint allocations.allocations_quantity_positive CHECK ((quantity > 0))
constraint allocations.allocations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint allocations.allocations_reservation_id_fkey FOREIGN KEY (tenant_id, environment_id, reservation_id) REFERENCES kf.reservations(tenant_id, environment_id, id)
constraint allocations.allocations_status_known CHECK ((status = ANY (ARRAY['ALLOCATED'::text, 'MOVED'::text, 'RELEASED'::text])))
constraint allocations.allocations_strategy_known CHECK ((strategy = ANY (ARRAY['reserved_location'::text, 'fewest_locations'::text, 'most_available'::text, 'override'::text])))
constraint allocations.allocations_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants(tenant_id, environment_id, id)
constraint api_keys.api_keys_control_only CHECK ((environment_id = tenant_id))
constraint api_keys.api_keys_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint api_keys.api_keys_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint api_keys.api_keys_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint api_keys.api_keys_risk_ceiling_known CHECK ((risk_ceiling = ANY (ARRAY['R0'::text, 'R1'::text, 'R2'::text, 'R3'::text])))
constraint api_keys.api_keys_secret_hash_is_sha256 CHECK ((octet_length(secret_hash) = 32))
constraint api_keys.api_keys_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments(tenant_id, environment_id, id)
constraint approval_votes.approval_votes_approval_id_requested_by_fkey FOREIGN KEY (tenant_id, environment_id, approval_id, requested_by) REFERENCES kf.approvals(tenant_id, environment_id, id, requested_by)
constraint approval_votes.approval_votes_nobody_votes_on_their_own CHECK ((voter_id <> requested_by))
constraint approval_votes.approval_votes_pkey PRIMARY KEY (tenant_id, environment_id, approval_id, voter_id)
constraint approval_votes.approval_votes_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint approval_votes.approval_votes_vote_known CHECK ((vote = ANY (ARRAY['APPROVE'::text, 'DENY'::text])))
constraint approvals.approvals_command_hash_is_sha256 CHECK ((octet_length(command_hash) = 32))
constraint approvals.approvals_id_requested_by_key UNIQUE (tenant_id, environment_id, id, requested_by)
constraint approvals.approvals_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint approvals.approvals_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint approvals.approvals_requester_type_known CHECK ((requester_type = ANY (ARRAY['USER'::text, 'SERVICE'::text, 'SYSTEM'::text, 'CONNECTOR'::text, 'AGENT'::text])))
constraint approvals.approvals_risk_known CHECK ((risk = ANY (ARRAY['R0'::text, 'R1'::text, 'R2'::text, 'R3'::text])))
constraint approvals.approvals_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint approvals.approvals_status_known CHECK ((status = ANY (ARRAY['REQUESTED'::text, 'APPROVED'::text, 'DENIED'::text, 'EXPIRED'::text, 'CANCELLED'::text, 'SUPERSEDED'::text, 'EXECUTED'::text, 'FAILED'::text])))
constraint channel_locations.channel_locations_buffer_not_negative CHECK ((buffer_quantity >= 0))
constraint channel_locations.channel_locations_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations(tenant_id, environment_id, id)
constraint channel_locations.channel_locations_pkey PRIMARY KEY (tenant_id, environment_id, sales_channel_id, location_id)
constraint channel_locations.channel_locations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint channel_locations.channel_locations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels(tenant_id, environment_id, id)
constraint command_receipts.command_receipts_command_type_idempotency_key_hash_key UNIQUE (tenant_id, command_type, idempotency_key_hash)
constraint command_receipts.command_receipts_hash_is_sha256 CHECK ((octet_length(hash) = 32))
constraint command_receipts.command_receipts_id_written_in_key UNIQUE (tenant_id, environment_id, id, written_in)
constraint command_receipts.command_receipts_payload_hash_is_sha256 CHECK ((octet_length(payload_hash) = 32))
constraint command_receipts.command_receipts_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint command_receipts.command_receipts_signature_is_ed25519 CHECK ((octet_length(signature) = 64))
constraint command_receipts.command_receipts_status_known CHECK ((status = ANY (ARRAY['SUCCEEDED'::text, 'REFUSED'::text, 'DENIED'::text, 'PENDING_APPROVAL'::text])))
constraint consumer_parked.consumer_parked_consumer_track_fkey FOREIGN KEY (tenant_id, environment_id, consumer, track) REFERENCES kf.consumer_tracks(tenant_id, environment_id, consumer, track)
constraint consumer_parked.consumer_parked_pkey PRIMARY KEY (tenant_id, environment_id, consumer, track, seq)
constraint consumer_parked.consumer_parked_state_known CHECK ((state = ANY (ARRAY['PARKED'::text, 'RETRY'::text, 'DONE'::text])))
constraint consumer_parked.consumer_parked_track_known CHECK ((track = ANY (ARRAY['PROJECTION'::text, 'EFFECT'::text])))
constraint consumer_tracks.consumer_tracks_consumer_plain CHECK ((consumer ~ '^[a-z][a-z0-9_]{0,62}$'::text))
constraint consumer_tracks.consumer_tracks_counts_not_negative CHECK (((seq >= 0) AND (careful_seq >= 0) AND (tries >= 0) AND (retries >= 0) AND (epoch >= 0)))
constraint consumer_tracks.consumer_tracks_pkey PRIMARY KEY (tenant_id, environment_id, consumer, track)
constraint consumer_tracks.consumer_tracks_state_known CHECK ((state = ANY (ARRAY['RUNNING'::text, 'PAUSED'::text, 'STOPPED'::text])))
constraint consumer_tracks.consumer_tracks_track_known CHECK ((track = ANY (ARRAY['PROJECTION'::text, 'EFFECT'::text])))
constraint domain_events.domain_events_hash_is_sha256 CHECK ((octet_length(hash) = 32))
constraint domain_events.domain_events_pkey PRIMARY KEY (tenant_id, environment_id, written_in, id)
constraint domain_events.domain_events_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint environments.environments_control_only CHECK ((environment_id = tenant_id))
constraint environments.environments_id_key UNIQUE (tenant_id, id)
constraint environments.environments_kind_known CHECK ((kind = ANY (ARRAY['CONTROL'::text, 'SANDBOX'::text, 'PRODUCTION'::text])))
constraint environments.environments_name_key UNIQUE (tenant_id, environment_id, name)
constraint environments.environments_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint environments.environments_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint environments.environments_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants(tenant_id, environment_id)
constraint environments.environments_status_known CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'ARCHIVED'::text])))
constraint expiry_schedule.expiry_schedule_pkey PRIMARY KEY (tenant_id, environment_id, due_at)
constraint ingest_claims.ingest_claims_ingest_source_id_content_key_key UNIQUE (tenant_id, environment_id, ingest_source_id, content_key)
constraint ingest_claims.ingest_claims_outcome_known CHECK ((outcome = ANY (ARRAY['PROCESSED'::text, 'REFUSED'::text, 'PAUSED'::text, 'UNCHANGED'::text, 'QUARANTINED'::text])))
constraint ingest_claims.ingest_claims_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id, message_key)
constraint ingest_claims.ingest_claims_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint ingest_mappings.ingest_mappings_control_only CHECK ((environment_id = tenant_id))
constraint ingest_mappings.ingest_mappings_ingest_source_id_fkey FOREIGN KEY (tenant_id, environment_id, ingest_source_id) REFERENCES kf.ingest_sources(tenant_id, environment_id, id)
constraint ingest_mappings.ingest_mappings_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id, revision)
constraint ingest_mappings.ingest_mappings_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint ingest_quarantines.ingest_quarantines_bytes_not_negative CHECK ((held_bytes >= 0))
constraint ingest_quarantines.ingest_quarantines_messages_not_negative CHECK ((held_messages >= 0))
constraint ingest_quarantines.ingest_quarantines_pkey PRIMARY KEY (tenant_id, environment_id, ingest_source_id)
constraint ingest_quarantines.ingest_quarantines_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint ingest_quarantines.ingest_quarantines_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint ingest_sources.ingest_sources_code_key UNIQUE (tenant_id, environment_id, code)
constraint ingest_sources.ingest_sources_control_only CHECK ((environment_id = tenant_id))
constraint ingest_sources.ingest_sources_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint ingest_sources.ingest_sources_preset_known CHECK ((preset = ANY (ARRAY['standard-webhooks'::text, 'karmanflow'::text, 'svix'::text, 'shopify'::text, 'stripe'::text, 'github'::text, 'square'::text, 'generic-hmac'::text, 'http-signatures'::text])))
constraint ingest_sources.ingest_sources_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint ingest_sources.ingest_sources_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint ingest_sources.ingest_sources_status_known CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text])))
constraint ingest_sources.ingest_sources_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments(tenant_id, environment_id, id)
constraint inventory_levels.inventory_levels_allocated_not_negative CHECK ((allocated >= 0))
constraint inventory_levels.inventory_levels_damaged_not_negative CHECK ((damaged >= 0))
constraint inventory_levels.inventory_levels_incoming_not_negative CHECK ((incoming >= 0))
constraint inventory_levels.inventory_levels_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations(tenant_id, environment_id, id)
constraint inventory_levels.inventory_levels_never_oversold CHECK (((((((((on_hand - reserved) - allocated) - damaged) - quality_control) - safety_stock) + oversell_limit) + shortfall) >= 0))
constraint inventory_levels.inventory_levels_on_hand_not_negative CHECK ((on_hand >= 0))
constraint inventory_levels.inventory_levels_oversell_limit_not_negative CHECK ((oversell_limit >= 0))
constraint inventory_levels.inventory_levels_pkey PRIMARY KEY (tenant_id, environment_id, variant_id, location_id)
constraint inventory_levels.inventory_levels_quality_control_not_negative CHECK ((quality_control >= 0))
constraint inventory_levels.inventory_levels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint inventory_levels.inventory_levels_reserved_not_negative CHECK ((reserved >= 0))
constraint inventory_levels.inventory_levels_safety_stock_not_negative CHECK ((safety_stock >= 0))
constraint inventory_levels.inventory_levels_shortfall_not_negative CHECK ((shortfall >= 0))
constraint inventory_levels.inventory_levels_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants(tenant_id, environment_id, id)
constraint locations.locations_code_key UNIQUE (tenant_id, environment_id, code)
constraint locations.locations_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint locations.locations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint locations.locations_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint log_checkpoints.log_checkpoints_control_only CHECK ((environment_id = tenant_id))
constraint log_checkpoints.log_checkpoints_pkey PRIMARY KEY (tenant_id, environment_id, tree_size)
constraint log_leaves.log_leaves_hash_is_sha256 CHECK ((octet_length(leaf_hash) = 32))
constraint log_leaves.log_leaves_index_not_negative CHECK ((leaf_index >= 0))
constraint log_leaves.log_leaves_leaf_index_key UNIQUE (tenant_id, leaf_index)
constraint log_leaves.log_leaves_pkey PRIMARY KEY (tenant_id, environment_id, command_receipt_id)
constraint log_pending.log_pending_pkey PRIMARY KEY (tenant_id, environment_id, "position")
constraint log_roots.log_roots_control_only CHECK ((environment_id = tenant_id))
constraint log_roots.log_roots_pkey PRIMARY KEY (tenant_id, environment_id, tree_size)
constraint log_roots.log_roots_root_is_sha256 CHECK ((octet_length(root_hash) = 32))
constraint log_roots.log_roots_size_positive CHECK ((tree_size > 0))
constraint mass_cancels.mass_cancels_cancelled_not_negative CHECK ((cancelled_count >= 0))
constraint mass_cancels.mass_cancels_never_more_than_approved CHECK ((cancelled_count <= expected_count))
constraint mass_cancels.mass_cancels_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint mass_cancels.mass_cancels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint mass_cancels.mass_cancels_reservation_status_known CHECK ((reservation_status = ANY (ARRAY['ACTIVE'::text, 'COMMITTED'::text])))
constraint mass_cancels.mass_cancels_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels(tenant_id, environment_id, id)
constraint mass_cancels.mass_cancels_status_known CHECK ((status = ANY (ARRAY['RUNNING'::text, 'COMPLETED'::text, 'STOPPED_AT_BOUND'::text, 'STOPPED'::text])))
constraint oversell_applications.oversell_applications_pkey PRIMARY KEY (tenant_id, environment_id, scope_key)
constraint oversell_applications.oversell_applications_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint oversell_applications.oversell_applications_scope_key_fkey FOREIGN KEY (tenant_id, environment_id, scope_key) REFERENCES kf.oversell_policies(tenant_id, environment_id, scope_key)
constraint oversell_applications.oversell_applications_status_known CHECK ((status = ANY (ARRAY['RUNNING'::text, 'DONE'::text])))
constraint oversell_policies.oversell_policies_location_id_fkey FOREIGN KEY (tenant_id, environment_id, location_id) REFERENCES kf.locations(tenant_id, environment_id, id)
constraint oversell_policies.oversell_policies_mode_known CHECK ((mode = ANY (ARRAY['LIMIT'::text, 'BACKORDER'::text, 'STRICT'::text, 'INHERIT'::text])))
constraint oversell_policies.oversell_policies_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint oversell_policies.oversell_policies_quantity_not_negative CHECK ((quantity >= 0))
constraint oversell_policies.oversell_policies_quantity_only_of_a_bound CHECK (((quantity = 0) OR (mode = ANY (ARRAY['LIMIT'::text, 'BACKORDER'::text]))))
constraint oversell_policies.oversell_policies_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint oversell_policies.oversell_policies_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels(tenant_id, environment_id, id)
constraint oversell_policies.oversell_policies_scope_key_key UNIQUE (tenant_id, environment_id, scope_key)
constraint oversell_policies.oversell_policies_scope_known CHECK ((scope = ANY (ARRAY['VARIANT_LOCATION'::text, 'VARIANT'::text, 'LOCATION'::text, 'SALES_CHANNEL'::text])))
constraint oversell_policies.oversell_policies_variant_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id) REFERENCES kf.variants(tenant_id, environment_id, id)
constraint oversell_revisions.oversell_revisions_mode_known CHECK ((mode = ANY (ARRAY['LIMIT'::text, 'BACKORDER'::text, 'STRICT'::text, 'INHERIT'::text])))
constraint oversell_revisions.oversell_revisions_pkey PRIMARY KEY (tenant_id, environment_id, scope_key, revision)
constraint oversell_revisions.oversell_revisions_quantity_not_negative CHECK ((quantity >= 0))
constraint oversell_revisions.oversell_revisions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint oversell_revisions.oversell_revisions_scope_key_fkey FOREIGN KEY (tenant_id, environment_id, scope_key) REFERENCES kf.oversell_policies(tenant_id, environment_id, scope_key)
constraint personal_data.personal_data_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint personal_data.personal_data_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint personal_data.personal_data_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint platform_tenants.platform_tenants_control_only CHECK ((environment_id = tenant_id))
constraint platform_tenants.platform_tenants_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint platform_tenants.platform_tenants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint platform_tenants.platform_tenants_request_hash_is_sha256 CHECK ((octet_length(request_hash) = 32))
constraint platform_tenants.platform_tenants_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants(tenant_id, environment_id)
constraint platform_tenants.platform_tenants_status_known CHECK ((status = ANY (ARRAY['REQUESTED'::text, 'BOOTSTRAPPED'::text])))
constraint principal_identities.principal_identities_control_only CHECK ((environment_id = tenant_id))
constraint principal_identities.principal_identities_pkey PRIMARY KEY (tenant_id, environment_id, identity_hash)
constraint principal_identities.principal_identities_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint principal_identities.principal_identities_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint principal_identities.principal_identities_status_known CHECK ((status = ANY (ARRAY['LINKED'::text, 'UNLINKED'::text])))
constraint principals.principals_control_only CHECK ((environment_id = tenant_id))
constraint principals.principals_handle_key UNIQUE (tenant_id, environment_id, handle)
constraint principals.principals_owner_id_fkey FOREIGN KEY (tenant_id, environment_id, owner_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint principals.principals_personal_data_id_fkey FOREIGN KEY (tenant_id, environment_id, personal_data_id) REFERENCES kf.personal_data(tenant_id, environment_id, id)
constraint principals.principals_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint principals.principals_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint principals.principals_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants(tenant_id, environment_id)
constraint principals.principals_status_known CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'DISABLED'::text])))
constraint principals.principals_type_known CHECK ((type = ANY (ARRAY['USER'::text, 'SERVICE'::text, 'SYSTEM'::text, 'CONNECTOR'::text, 'AGENT'::text])))
constraint quarantined_messages.quarantined_messages_outline_id_fkey FOREIGN KEY (tenant_id, environment_id, outline_id) REFERENCES kf.personal_data(tenant_id, environment_id, id)
constraint quarantined_messages.quarantined_messages_payload_id_fkey FOREIGN KEY (tenant_id, environment_id, payload_id) REFERENCES kf.personal_data(tenant_id, environment_id, id)
constraint quarantined_messages.quarantined_messages_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint quarantined_messages.quarantined_messages_reason_known CHECK ((reason = ANY (ARRAY['payload_malformed'::text, 'message_id_unreadable'::text, 'mapping_missing'::text, 'type_unknown'::text, 'shape_mismatch'::text, 'name_unknown'::text, 'input_invalid'::text, 'suspected_replay'::text])))
constraint quarantined_messages.quarantined_messages_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint quarantined_messages.quarantined_messages_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint quarantined_messages.quarantined_messages_status_known CHECK ((status = ANY (ARRAY['HELD'::text, 'CHECK_REQUESTED'::text, 'RELEASE_REQUESTED'::text, 'RELEASED'::text, 'DISCARDED'::text, 'EXPIRED'::text])))
constraint reservations.reservations_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint reservations.reservations_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint reservations.reservations_sales_channel_id_fkey FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels(tenant_id, environment_id, id)
constraint reservations.reservations_status_known CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'COMMITTED'::text, 'EXPIRED'::text, 'CANCELLED'::text])))
constraint role_grants.role_grants_control_only CHECK ((environment_id = tenant_id))
constraint role_grants.role_grants_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint role_grants.role_grants_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint role_grants.role_grants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint role_grants.role_grants_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments(tenant_id, environment_id, id)
constraint sales_channels.sales_channels_code_key UNIQUE (tenant_id, environment_id, code)
constraint sales_channels.sales_channels_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint sales_channels.sales_channels_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint sales_channels.sales_channels_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint sequencer_terms.sequencer_terms_control_only CHECK ((environment_id = tenant_id))
constraint sequencer_terms.sequencer_terms_pkey PRIMARY KEY (tenant_id, environment_id, epoch)
constraint sessions.sessions_control_only CHECK ((environment_id = tenant_id))
constraint sessions.sessions_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint sessions.sessions_principal_id_fkey FOREIGN KEY (tenant_id, environment_id, principal_id) REFERENCES kf.principals(tenant_id, environment_id, id)
constraint sessions.sessions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint sessions.sessions_secret_hash_is_sha256 CHECK ((octet_length(secret_hash) = 32))
constraint sessions.sessions_target_environment_id_fkey FOREIGN KEY (tenant_id, environment_id, target_environment_id) REFERENCES kf.environments(tenant_id, environment_id, id)
constraint stock_movements.stock_movements_from_state_known CHECK ((from_state = ANY (ARRAY['EXTERNAL'::text, 'AVAILABLE'::text, 'RESERVED'::text, 'ALLOCATED'::text, 'DAMAGED'::text, 'QUALITY_CONTROL'::text, 'INCOMING'::text])))
constraint stock_movements.stock_movements_pkey PRIMARY KEY (tenant_id, environment_id, event_id, movement_number)
constraint stock_movements.stock_movements_quantity_positive CHECK ((quantity > 0))
constraint stock_movements.stock_movements_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint stock_movements.stock_movements_states_differ CHECK ((from_state <> to_state))
constraint stock_movements.stock_movements_to_state_known CHECK ((to_state = ANY (ARRAY['EXTERNAL'::text, 'AVAILABLE'::text, 'RESERVED'::text, 'ALLOCATED'::text, 'DAMAGED'::text, 'QUALITY_CONTROL'::text, 'INCOMING'::text])))
constraint stock_movements.stock_movements_variant_id_location_id_fkey FOREIGN KEY (tenant_id, environment_id, variant_id, location_id) REFERENCES kf.inventory_levels(tenant_id, environment_id, variant_id, location_id)
constraint stream_events.stream_events_event_id_key UNIQUE (tenant_id, environment_id, event_id)
constraint stream_events.stream_events_pkey PRIMARY KEY (tenant_id, environment_id, seq)
constraint stream_events.stream_events_seq_positive CHECK ((seq > 0))
constraint tenant_policies.tenant_policies_control_only CHECK ((environment_id = tenant_id))
constraint tenant_policies.tenant_policies_is_itself CHECK ((id = tenant_id))
constraint tenant_policies.tenant_policies_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint tenant_policies.tenant_policies_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint tenant_policies.tenant_policies_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.tenants(tenant_id, environment_id)
constraint tenants.tenants_control_only CHECK ((environment_id = tenant_id))
constraint tenants.tenants_is_itself CHECK ((id = tenant_id))
constraint tenants.tenants_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint tenants.tenants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint tenants.tenants_scope_key UNIQUE (tenant_id, environment_id)
constraint tenants.tenants_status_known CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text])))
constraint variants.variants_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint variants.variants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint variants.variants_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint variants.variants_sku_key UNIQUE (tenant_id, environment_id, sku)
constraint webhook_attempts.webhook_attempts_attempt_positive CHECK ((attempt > 0))
constraint webhook_attempts.webhook_attempts_delivery_id_fkey FOREIGN KEY (tenant_id, environment_id, delivery_id) REFERENCES kf.webhook_deliveries(tenant_id, environment_id, id)
constraint webhook_attempts.webhook_attempts_digest_is_sha256 CHECK (((request_digest IS NULL) OR (octet_length(request_digest) = 32)))
constraint webhook_attempts.webhook_attempts_health_after_known CHECK ((health_after = ANY (ARRAY['HEALTHY'::text, 'DEGRADED'::text, 'SUSPENDED'::text, 'GONE'::text, 'PAUSED'::text])))
constraint webhook_attempts.webhook_attempts_outcome_known CHECK ((outcome = ANY (ARRAY['DELIVERED'::text, 'FAILED'::text, 'SLOW_DOWN'::text, 'GONE'::text, 'NOT_CHARGED'::text, 'UNSENDABLE'::text])))
constraint webhook_attempts.webhook_attempts_pkey PRIMARY KEY (tenant_id, environment_id, delivery_id, attempt)
constraint webhook_cursors.webhook_cursors_admitted_not_negative CHECK ((admitted_seq >= 0))
constraint webhook_cursors.webhook_cursors_health_known CHECK ((health = ANY (ARRAY['HEALTHY'::text, 'DEGRADED'::text, 'SUSPENDED'::text, 'GONE'::text, 'PAUSED'::text])))
constraint webhook_cursors.webhook_cursors_ordinal_positive CHECK ((next_ordinal > 0))
constraint webhook_cursors.webhook_cursors_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id)
constraint webhook_deliveries.webhook_deliveries_attempts_not_negative CHECK (((attempts >= 0) AND (charged_attempts >= 0)))
constraint webhook_deliveries.webhook_deliveries_lane_known CHECK ((lane = ANY (ARRAY['FIRST'::text, 'RETRY'::text, 'REPLAY'::text])))
constraint webhook_deliveries.webhook_deliveries_lease_is_a_pair CHECK (((lease_id IS NULL) = (lease_until IS NULL)))
constraint webhook_deliveries.webhook_deliveries_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint webhook_deliveries.webhook_deliveries_seq_positive CHECK ((seq > 0))
constraint webhook_deliveries.webhook_deliveries_state_known CHECK ((state = ANY (ARRAY['WAITING'::text, 'SENDING'::text, 'DELIVERED'::text, 'PARKED'::text, 'EXHAUSTED'::text, 'DROPPED'::text])))
constraint webhook_deliveries.webhook_deliveries_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_cursors(tenant_id, environment_id, subscription_id)
constraint webhook_deliveries.webhook_deliveries_subscription_id_origin_id_generation_seq_key UNIQUE (tenant_id, environment_id, subscription_id, origin_id, generation, seq)
constraint webhook_health.webhook_health_failures_not_negative CHECK ((consecutive_failures >= 0))
constraint webhook_health.webhook_health_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id)
constraint webhook_recoveries.webhook_recoveries_done_not_negative CHECK ((done_count >= 0))
constraint webhook_recoveries.webhook_recoveries_failed_not_negative CHECK ((failed_count >= 0))
constraint webhook_recoveries.webhook_recoveries_kind_known CHECK ((kind = ANY (ARRAY['RECOVER'::text, 'REPLAY'::text])))
constraint webhook_recoveries.webhook_recoveries_names_its_delivery CHECK (((kind = 'REPLAY'::text) = (delivery_id IS NOT NULL)))
constraint webhook_recoveries.webhook_recoveries_names_its_range CHECK (((kind = 'RECOVER'::text) = ((from_seq IS NOT NULL) AND (to_seq IS NOT NULL))))
constraint webhook_recoveries.webhook_recoveries_never_more_than_expected CHECK (((done_count + failed_count) <= expected_count))
constraint webhook_recoveries.webhook_recoveries_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint webhook_recoveries.webhook_recoveries_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint webhook_recoveries.webhook_recoveries_status_known CHECK ((status = ANY (ARRAY['RUNNING'::text, 'CANCELLED'::text, 'DONE'::text, 'STOPPED_AT_BOUND'::text])))
constraint webhook_recoveries.webhook_recoveries_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_subscriptions(tenant_id, environment_id, id)
constraint webhook_recovery_progress.webhook_recovery_progress_admitted_not_negative CHECK ((admitted_count >= 0))
constraint webhook_recovery_progress.webhook_recovery_progress_pkey PRIMARY KEY (tenant_id, environment_id, recovery_id)
constraint webhook_recovery_progress.webhook_recovery_progress_through_not_negative CHECK ((through_seq >= 0))
constraint webhook_roster.webhook_roster_pkey PRIMARY KEY (tenant_id, environment_id, subscription_id)
constraint webhook_roster.webhook_roster_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint webhook_roster.webhook_roster_status_known CHECK ((status = ANY (ARRAY['LIVE'::text, 'ENDED'::text])))
constraint webhook_roster.webhook_roster_subscription_id_fkey FOREIGN KEY (tenant_id, environment_id, subscription_id) REFERENCES kf.webhook_subscriptions(tenant_id, environment_id, id)
constraint webhook_subscriptions.webhook_subscriptions_health_known CHECK ((health = ANY (ARRAY['HEALTHY'::text, 'DEGRADED'::text, 'SUSPENDED'::text, 'GONE'::text])))
constraint webhook_subscriptions.webhook_subscriptions_ordering_known CHECK ((ordering = ANY (ARRAY['UNORDERED'::text, 'BY_ENTITY'::text, 'STRICT'::text])))
constraint webhook_subscriptions.webhook_subscriptions_pkey PRIMARY KEY (tenant_id, environment_id, id)
constraint webhook_subscriptions.webhook_subscriptions_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, environment_id, receipt_id, written_in) REFERENCES kf.command_receipts(tenant_id, environment_id, id, written_in)
constraint webhook_subscriptions.webhook_subscriptions_retiring_before_current CHECK ((retiring_version < secret_version))
constraint webhook_subscriptions.webhook_subscriptions_retiring_is_a_pair CHECK (((retiring_version IS NULL) = (retiring_until IS NULL)))
constraint webhook_subscriptions.webhook_subscriptions_scope_fkey FOREIGN KEY (tenant_id, environment_id) REFERENCES kf.environments(tenant_id, id)
constraint webhook_subscriptions.webhook_subscriptions_secret_version_positive CHECK ((secret_version > 0))
constraint webhook_subscriptions.webhook_subscriptions_start_mode_known CHECK ((start_mode = ANY (ARRAY['FROM_NOW'::text, 'LATEST_PER_ENTITY'::text, 'FROM_SEQ'::text])))
constraint webhook_subscriptions.webhook_subscriptions_state_known CHECK ((state = ANY (ARRAY['ENABLED'::text, 'PAUSED'::text, 'DELETED'::text])))

-- indexes
CREATE INDEX allocations_location_id_id_idx ON kf.allocations USING btree (tenant_id, environment_id, location_id, id) WHERE (status = 'ALLOCATED'::text)
CREATE UNIQUE INDEX allocations_pkey ON kf.allocations USING btree (tenant_id, environment_id, id)
CREATE INDEX allocations_reservation_id_idx ON kf.allocations USING btree (tenant_id, environment_id, reservation_id)
CREATE UNIQUE INDEX api_keys_pkey ON kf.api_keys USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX approval_votes_pkey ON kf.approval_votes USING btree (tenant_id, environment_id, approval_id, voter_id)
CREATE INDEX approvals_expires_at_id_idx ON kf.approvals USING btree (tenant_id, environment_id, expires_at, id) WHERE (status = 'REQUESTED'::text)
CREATE UNIQUE INDEX approvals_id_requested_by_key ON kf.approvals USING btree (tenant_id, environment_id, id, requested_by)
CREATE UNIQUE INDEX approvals_pkey ON kf.approvals USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX channel_locations_pkey ON kf.channel_locations USING btree (tenant_id, environment_id, sales_channel_id, location_id)
CREATE INDEX command_receipts_actor_id_id_idx ON kf.command_receipts USING btree (tenant_id, environment_id, actor_id, id)
CREATE UNIQUE INDEX command_receipts_command_type_idempotency_key_hash_key ON kf.command_receipts USING btree (tenant_id, command_type, idempotency_key_hash)
CREATE INDEX command_receipts_correlation_id_id_idx ON kf.command_receipts USING btree (tenant_id, environment_id, correlation_id, id)
CREATE UNIQUE INDEX command_receipts_id_written_in_key ON kf.command_receipts USING btree (tenant_id, environment_id, id, written_in)
CREATE UNIQUE INDEX command_receipts_pkey ON kf.command_receipts USING btree (tenant_id, environment_id, id)
CREATE INDEX command_receipts_status_id_idx ON kf.command_receipts USING btree (tenant_id, environment_id, status, id) WHERE (status <> 'SUCCEEDED'::text)
CREATE INDEX consumer_parked_consumer_track_state_seq_idx ON kf.consumer_parked USING btree (tenant_id, environment_id, consumer, track, state, seq)
CREATE UNIQUE INDEX consumer_parked_pkey ON kf.consumer_parked USING btree (tenant_id, environment_id, consumer, track, seq)
CREATE UNIQUE INDEX consumer_tracks_pkey ON kf.consumer_tracks USING btree (tenant_id, environment_id, consumer, track)
CREATE UNIQUE INDEX domain_events_pkey ON kf.domain_events USING btree (tenant_id, environment_id, written_in, id)
CREATE UNIQUE INDEX environments_id_key ON kf.environments USING btree (tenant_id, id)
CREATE UNIQUE INDEX environments_name_key ON kf.environments USING btree (tenant_id, environment_id, name)
CREATE UNIQUE INDEX environments_pkey ON kf.environments USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX expiry_schedule_pkey ON kf.expiry_schedule USING btree (tenant_id, environment_id, due_at)
CREATE UNIQUE INDEX ingest_claims_ingest_source_id_content_key_key ON kf.ingest_claims USING btree (tenant_id, environment_id, ingest_source_id, content_key)
CREATE INDEX ingest_claims_ingest_source_id_subject_idx ON kf.ingest_claims USING btree (tenant_id, environment_id, ingest_source_id, subject) WHERE (subject IS NOT NULL)
CREATE UNIQUE INDEX ingest_claims_pkey ON kf.ingest_claims USING btree (tenant_id, environment_id, ingest_source_id, message_key)
CREATE UNIQUE INDEX ingest_mappings_pkey ON kf.ingest_mappings USING btree (tenant_id, environment_id, ingest_source_id, revision)
CREATE UNIQUE INDEX ingest_quarantines_pkey ON kf.ingest_quarantines USING btree (tenant_id, environment_id, ingest_source_id)
CREATE UNIQUE INDEX ingest_sources_code_key ON kf.ingest_sources USING btree (tenant_id, environment_id, code)
CREATE UNIQUE INDEX ingest_sources_pkey ON kf.ingest_sources USING btree (tenant_id, environment_id, id)
CREATE INDEX inventory_levels_location_id_variant_id_idx ON kf.inventory_levels USING btree (tenant_id, environment_id, location_id, variant_id)
CREATE UNIQUE INDEX inventory_levels_pkey ON kf.inventory_levels USING btree (tenant_id, environment_id, variant_id, location_id)
CREATE UNIQUE INDEX locations_code_key ON kf.locations USING btree (tenant_id, environment_id, code)
CREATE UNIQUE INDEX locations_pkey ON kf.locations USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX log_checkpoints_pkey ON kf.log_checkpoints USING btree (tenant_id, environment_id, tree_size)
CREATE UNIQUE INDEX log_leaves_leaf_index_key ON kf.log_leaves USING btree (tenant_id, leaf_index)
CREATE UNIQUE INDEX log_leaves_pkey ON kf.log_leaves USING btree (tenant_id, environment_id, command_receipt_id)
CREATE UNIQUE INDEX log_pending_pkey ON kf.log_pending USING btree (tenant_id, environment_id, "position")
CREATE UNIQUE INDEX log_roots_pkey ON kf.log_roots USING btree (tenant_id, environment_id, tree_size)
CREATE INDEX mass_cancels_id_idx ON kf.mass_cancels USING btree (tenant_id, environment_id, id) WHERE (status = 'RUNNING'::text)
CREATE UNIQUE INDEX mass_cancels_pkey ON kf.mass_cancels USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX oversell_applications_pkey ON kf.oversell_applications USING btree (tenant_id, environment_id, scope_key)
CREATE INDEX oversell_applications_started_at_scope_key_idx ON kf.oversell_applications USING btree (tenant_id, environment_id, started_at, scope_key) WHERE (status = 'RUNNING'::text)
CREATE UNIQUE INDEX oversell_policies_pkey ON kf.oversell_policies USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX oversell_policies_scope_key_key ON kf.oversell_policies USING btree (tenant_id, environment_id, scope_key)
CREATE UNIQUE INDEX oversell_revisions_pkey ON kf.oversell_revisions USING btree (tenant_id, environment_id, scope_key, revision)
CREATE UNIQUE INDEX personal_data_pkey ON kf.personal_data USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX platform_tenants_pkey ON kf.platform_tenants USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX principal_identities_pkey ON kf.principal_identities USING btree (tenant_id, environment_id, identity_hash)
CREATE UNIQUE INDEX principals_handle_key ON kf.principals USING btree (tenant_id, environment_id, handle)
CREATE UNIQUE INDEX principals_pkey ON kf.principals USING btree (tenant_id, environment_id, id)
CREATE INDEX quarantined_messages_expires_at_id_idx ON kf.quarantined_messages USING btree (tenant_id, environment_id, expires_at, id) WHERE (ended_at IS NULL)
CREATE INDEX quarantined_messages_ingest_source_id_content_key_idx ON kf.quarantined_messages USING btree (tenant_id, environment_id, ingest_source_id, content_key)
CREATE INDEX quarantined_messages_ingest_source_id_id_idx ON kf.quarantined_messages USING btree (tenant_id, environment_id, ingest_source_id, id)
CREATE INDEX quarantined_messages_ingest_source_id_status_id_idx ON kf.quarantined_messages USING btree (tenant_id, environment_id, ingest_source_id, status, id) WHERE (ended_at IS NULL)
CREATE UNIQUE INDEX quarantined_messages_pkey ON kf.quarantined_messages USING btree (tenant_id, environment_id, id)
CREATE INDEX reservations_expires_at_id_idx ON kf.reservations USING btree (tenant_id, environment_id, expires_at, id) WHERE (status = 'ACTIVE'::text)
CREATE UNIQUE INDEX reservations_pkey ON kf.reservations USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX role_grants_pkey ON kf.role_grants USING btree (tenant_id, environment_id, id)
CREATE INDEX role_grants_principal_id_idx ON kf.role_grants USING btree (tenant_id, environment_id, principal_id)
CREATE UNIQUE INDEX sales_channels_code_key ON kf.sales_channels USING btree (tenant_id, environment_id, code)
CREATE UNIQUE INDEX sales_channels_pkey ON kf.sales_channels USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX sequencer_terms_pkey ON kf.sequencer_terms USING btree (tenant_id, environment_id, epoch)
CREATE UNIQUE INDEX sessions_pkey ON kf.sessions USING btree (tenant_id, environment_id, id)
CREATE INDEX sessions_principal_id_idx ON kf.sessions USING btree (tenant_id, environment_id, principal_id) WHERE (revoked_at IS NULL)
CREATE UNIQUE INDEX stock_movements_pkey ON kf.stock_movements USING btree (tenant_id, environment_id, event_id, movement_number)
CREATE INDEX stock_movements_variant_id_location_id_event_id_idx ON kf.stock_movements USING btree (tenant_id, environment_id, variant_id, location_id, event_id)
CREATE UNIQUE INDEX stream_events_event_id_key ON kf.stream_events USING btree (tenant_id, environment_id, event_id)
CREATE UNIQUE INDEX stream_events_pkey ON kf.stream_events USING btree (tenant_id, environment_id, seq)
CREATE UNIQUE INDEX tenant_policies_pkey ON kf.tenant_policies USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX tenants_pkey ON kf.tenants USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX tenants_scope_key ON kf.tenants USING btree (tenant_id, environment_id)
CREATE UNIQUE INDEX variants_pkey ON kf.variants USING btree (tenant_id, environment_id, id)
CREATE UNIQUE INDEX variants_sku_key ON kf.variants USING btree (tenant_id, environment_id, sku)
CREATE UNIQUE INDEX webhook_attempts_pkey ON kf.webhook_attempts USING btree (tenant_id, environment_id, delivery_id, attempt)
CREATE UNIQUE INDEX webhook_cursors_pkey ON kf.webhook_cursors USING btree (tenant_id, environment_id, subscription_id)
CREATE INDEX webhook_deliveries_behind_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, behind) WHERE (behind IS NOT NULL)
CREATE UNIQUE INDEX webhook_deliveries_pkey ON kf.webhook_deliveries USING btree (tenant_id, environment_id, id)
CREATE INDEX webhook_deliveries_subscription_id_generation_entity_type_entit ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, generation, entity_type, entity_id, ordinal)
CREATE INDEX webhook_deliveries_subscription_id_generation_ordinal_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, generation, ordinal)
CREATE INDEX webhook_deliveries_subscription_id_id_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, id)
CREATE INDEX webhook_deliveries_subscription_id_lane_next_attempt_at_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, lane, next_attempt_at) WHERE (state = 'WAITING'::text)
CREATE INDEX webhook_deliveries_subscription_id_lease_until_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, lease_until) WHERE (state = 'SENDING'::text)
CREATE INDEX webhook_deliveries_subscription_id_ordinal_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, ordinal) WHERE (ended_at IS NULL)
CREATE UNIQUE INDEX webhook_deliveries_subscription_id_origin_id_generation_seq_key ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, origin_id, generation, seq)
CREATE INDEX webhook_deliveries_subscription_id_state_id_idx ON kf.webhook_deliveries USING btree (tenant_id, environment_id, subscription_id, state, id) WHERE (state <> 'DELIVERED'::text)
CREATE UNIQUE INDEX webhook_health_pkey ON kf.webhook_health USING btree (tenant_id, environment_id, subscription_id)
CREATE UNIQUE INDEX webhook_recoveries_pkey ON kf.webhook_recoveries USING btree (tenant_id, environment_id, id)
CREATE INDEX webhook_recoveries_subscription_id_id_idx ON kf.webhook_recoveries USING btree (tenant_id, environment_id, subscription_id, id)
CREATE UNIQUE INDEX webhook_recovery_progress_pkey ON kf.webhook_recovery_progress USING btree (tenant_id, environment_id, recovery_id)
CREATE UNIQUE INDEX webhook_roster_pkey ON kf.webhook_roster USING btree (tenant_id, environment_id, subscription_id)
CREATE UNIQUE INDEX webhook_subscriptions_pkey ON kf.webhook_subscriptions USING btree (tenant_id, environment_id, id)

-- statistics
CREATE STATISTICS kf.allocations_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.allocations
CREATE STATISTICS kf.api_keys_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.api_keys
CREATE STATISTICS kf.approval_votes_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.approval_votes
CREATE STATISTICS kf.approvals_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.approvals
CREATE STATISTICS kf.channel_locations_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.channel_locations
CREATE STATISTICS kf.command_receipts_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.command_receipts
CREATE STATISTICS kf.consumer_parked_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.consumer_parked
CREATE STATISTICS kf.consumer_tracks_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.consumer_tracks
CREATE STATISTICS kf.domain_events_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.domain_events
CREATE STATISTICS kf.environments_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.environments
CREATE STATISTICS kf.expiry_schedule_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.expiry_schedule
CREATE STATISTICS kf.ingest_claims_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.ingest_claims
CREATE STATISTICS kf.ingest_mappings_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.ingest_mappings
CREATE STATISTICS kf.ingest_quarantines_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.ingest_quarantines
CREATE STATISTICS kf.ingest_sources_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.ingest_sources
CREATE STATISTICS kf.inventory_levels_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.inventory_levels
CREATE STATISTICS kf.locations_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.locations
CREATE STATISTICS kf.log_checkpoints_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.log_checkpoints
CREATE STATISTICS kf.log_leaves_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.log_leaves
CREATE STATISTICS kf.log_pending_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.log_pending
CREATE STATISTICS kf.log_roots_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.log_roots
CREATE STATISTICS kf.mass_cancels_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.mass_cancels
CREATE STATISTICS kf.oversell_applications_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.oversell_applications
CREATE STATISTICS kf.oversell_policies_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.oversell_policies
CREATE STATISTICS kf.oversell_revisions_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.oversell_revisions
CREATE STATISTICS kf.personal_data_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.personal_data
CREATE STATISTICS kf.platform_tenants_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.platform_tenants
CREATE STATISTICS kf.principal_identities_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.principal_identities
CREATE STATISTICS kf.principals_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.principals
CREATE STATISTICS kf.quarantined_messages_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.quarantined_messages
CREATE STATISTICS kf.reservations_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.reservations
CREATE STATISTICS kf.role_grants_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.role_grants
CREATE STATISTICS kf.sales_channels_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.sales_channels
CREATE STATISTICS kf.sequencer_terms_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.sequencer_terms
CREATE STATISTICS kf.sessions_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.sessions
CREATE STATISTICS kf.stock_movements_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.stock_movements
CREATE STATISTICS kf.stream_events_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.stream_events
CREATE STATISTICS kf.tenant_policies_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.tenant_policies
CREATE STATISTICS kf.tenants_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.tenants
CREATE STATISTICS kf.variants_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.variants
CREATE STATISTICS kf.webhook_attempts_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_attempts
CREATE STATISTICS kf.webhook_cursors_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_cursors
CREATE STATISTICS kf.webhook_deliveries_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_deliveries
CREATE STATISTICS kf.webhook_health_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_health
CREATE STATISTICS kf.webhook_recoveries_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_recoveries
CREATE STATISTICS kf.webhook_recovery_progress_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_recovery_progress
CREATE STATISTICS kf.webhook_roster_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_roster
CREATE STATISTICS kf.webhook_subscriptions_scope (ndistinct, dependencies) ON tenant_id, environment_id FROM kf.webhook_subscriptions

-- policies
policy scope_insert on allocations for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on allocations for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on allocations for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on api_keys for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on api_keys for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on api_keys for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on approval_votes for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on approval_votes for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on approvals for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on approvals for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on approvals for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on channel_locations for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on channel_locations for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on channel_locations for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on command_receipts for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on command_receipts for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on consumer_parked for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on consumer_parked for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on consumer_parked for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on consumer_tracks for SELECT to kf_worker using true
policy scope_insert on consumer_tracks for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on consumer_tracks for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on consumer_tracks for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on domain_events for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on domain_events for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on environments for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on environments for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on environments for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy drain_delete on expiry_schedule for DELETE to kf_worker using true
policy drain_select on expiry_schedule for SELECT to kf_worker using true
policy scope_insert on expiry_schedule for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on expiry_schedule for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on ingest_claims for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on ingest_claims for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on ingest_mappings for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on ingest_mappings for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on ingest_quarantines for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on ingest_quarantines for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on ingest_quarantines for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on ingest_sources for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on ingest_sources for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on ingest_sources for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on inventory_levels for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on inventory_levels for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on inventory_levels for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on locations for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on locations for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on locations for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy overview_select on log_checkpoints for SELECT to kf_sequencer using true
policy scope_insert on log_checkpoints for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on log_checkpoints for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on log_leaves for SELECT to kf_sequencer using true
policy scope_insert on log_leaves for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on log_leaves for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy drain_delete on log_pending for DELETE to kf_sequencer using true
policy drain_select on log_pending for SELECT to kf_sequencer using true
policy scope_insert on log_pending for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on log_pending for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on log_roots for SELECT to kf_sequencer using true
policy scope_insert on log_roots for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on log_roots for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on mass_cancels for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on mass_cancels for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on mass_cancels for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on oversell_applications for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on oversell_applications for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on oversell_applications for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on oversell_policies for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on oversell_policies for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on oversell_policies for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on oversell_revisions for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on oversell_revisions for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on personal_data for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on personal_data for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on personal_data for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on platform_tenants for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on platform_tenants for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on platform_tenants for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy lookup_select on principal_identities for SELECT to kf_login using true
policy scope_insert on principal_identities for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on principal_identities for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on principal_identities for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on principals for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on principals for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on principals for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on quarantined_messages for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on quarantined_messages for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on quarantined_messages for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on reservations for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on reservations for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on reservations for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on role_grants for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on role_grants for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on role_grants for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on sales_channels for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on sales_channels for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on sales_channels for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on sequencer_terms for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on sequencer_terms for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on sessions for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on sessions for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on sessions for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on stock_movements for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on stock_movements for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on stream_events for SELECT to kf_delivery, kf_worker using true
policy scope_insert on stream_events for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on stream_events for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on tenant_policies for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on tenant_policies for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on tenant_policies for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on tenants for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on tenants for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on tenants for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on variants for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on variants for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on variants for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy expiry_delete on webhook_attempts for DELETE to kf_delivery using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (started_at < (now() - '120:00:00'::interval)))
policy scope_insert on webhook_attempts for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on webhook_attempts for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on webhook_cursors for SELECT to kf_delivery using true
policy scope_insert on webhook_cursors for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on webhook_cursors for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_cursors for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy expiry_delete on webhook_deliveries for DELETE to kf_delivery using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (ended_at < (now() - '120:00:00'::interval)))
policy scope_insert on webhook_deliveries for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on webhook_deliveries for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_deliveries for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on webhook_health for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on webhook_health for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_health for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_insert on webhook_recoveries for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on webhook_recoveries for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_recoveries for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on webhook_recovery_progress for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_select on webhook_recovery_progress for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_recovery_progress for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy overview_select on webhook_roster for SELECT to kf_delivery using true
policy scope_insert on webhook_roster for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on webhook_roster for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_roster for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_insert on webhook_subscriptions for INSERT to public with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))
policy scope_select on webhook_subscriptions for SELECT to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid))
policy scope_update on webhook_subscriptions for UPDATE to public using ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid)) with check ((tenant_id = (NULLIF(current_setting('kf.tenant_id'::text, true), ''::text))::uuid) AND (environment_id = (NULLIF(current_setting('kf.environment_id'::text, true), ''::text))::uuid) AND (written_in = pg_current_xact_id()))

-- triggers
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.allocations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.api_keys FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.approval_votes FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.approvals FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.channel_locations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.command_receipts FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.consumer_parked FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.consumer_tracks FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.domain_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.environments FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.ingest_claims FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.ingest_mappings FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.ingest_quarantines FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.ingest_sources FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.inventory_levels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.locations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.log_leaves FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.log_roots FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.mass_cancels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.oversell_applications FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.oversell_policies FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.oversell_revisions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.personal_data FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.platform_tenants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.principal_identities FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.principals FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.quarantined_messages FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.reservations FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.role_grants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.sales_channels FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.sequencer_terms FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.sessions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.stock_movements FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON kf.stream_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.tenant_policies FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.tenants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.variants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE UPDATE OR TRUNCATE ON kf.webhook_attempts FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_cursors FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE TRUNCATE ON kf.webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_health FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_recoveries FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_recovery_progress FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_roster FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.webhook_subscriptions FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change(); enabled A

-- functions
function kf.refuse_change() owner kf_owner security definer f body 770dd4373a5fb808b2860910d0ab4bf9

-- grants
grant INSERT on allocations to kf_command
grant SELECT on allocations to kf_command
grant INSERT on allocations to kf_owner
grant REFERENCES on allocations to kf_owner
grant SELECT on allocations to kf_owner
grant TRIGGER on allocations to kf_owner
grant UPDATE on allocations to kf_owner
grant SELECT on allocations to kf_read
grant INSERT on allocations to kf_worker
grant SELECT on allocations to kf_worker
grant INSERT on api_keys to kf_command
grant SELECT on api_keys to kf_command
grant INSERT on api_keys to kf_owner
grant REFERENCES on api_keys to kf_owner
grant SELECT on api_keys to kf_owner
grant TRIGGER on api_keys to kf_owner
grant UPDATE on api_keys to kf_owner
grant SELECT on api_keys to kf_read
grant INSERT on approval_votes to kf_command
grant SELECT on approval_votes to kf_command
grant INSERT on approval_votes to kf_owner
grant REFERENCES on approval_votes to kf_owner
grant SELECT on approval_votes to kf_owner
grant TRIGGER on approval_votes to kf_owner
grant UPDATE on approval_votes to kf_owner
grant SELECT on approval_votes to kf_read
grant INSERT on approvals to kf_command
grant SELECT on approvals to kf_command
grant INSERT on approvals to kf_ingest
grant SELECT on approvals to kf_ingest
grant INSERT on approvals to kf_owner
grant REFERENCES on approvals to kf_owner
grant SELECT on approvals to kf_owner
grant TRIGGER on approvals to kf_owner
grant UPDATE on approvals to kf_owner
grant SELECT on approvals to kf_read
grant INSERT on approvals to kf_worker
grant SELECT on approvals to kf_worker
grant INSERT on channel_locations to kf_command
grant SELECT on channel_locations to kf_command
grant SELECT on channel_locations to kf_ingest
grant INSERT on channel_locations to kf_owner
grant REFERENCES on channel_locations to kf_owner
grant SELECT on channel_locations to kf_owner
grant TRIGGER on channel_locations to kf_owner
grant UPDATE on channel_locations to kf_owner
grant SELECT on channel_locations to kf_read
grant INSERT on command_receipts to kf_command
grant SELECT on command_receipts to kf_command
grant INSERT on command_receipts to kf_ingest
grant SELECT on command_receipts to kf_ingest
grant INSERT on command_receipts to kf_owner
grant REFERENCES on command_receipts to kf_owner
grant SELECT on command_receipts to kf_owner
grant TRIGGER on command_receipts to kf_owner
grant UPDATE on command_receipts to kf_owner
grant SELECT on command_receipts to kf_read
grant SELECT on command_receipts to kf_sequencer
grant INSERT on command_receipts to kf_worker
grant SELECT on command_receipts to kf_worker
grant SELECT on consumer_parked to kf_command
grant INSERT on consumer_parked to kf_owner
grant REFERENCES on consumer_parked to kf_owner
grant SELECT on consumer_parked to kf_owner
grant TRIGGER on consumer_parked to kf_owner
grant UPDATE on consumer_parked to kf_owner
grant SELECT on consumer_parked to kf_read
grant INSERT on consumer_parked to kf_worker
grant SELECT on consumer_parked to kf_worker
grant SELECT on consumer_tracks to kf_command
grant INSERT on consumer_tracks to kf_owner
grant REFERENCES on consumer_tracks to kf_owner
grant SELECT on consumer_tracks to kf_owner
grant TRIGGER on consumer_tracks to kf_owner
grant UPDATE on consumer_tracks to kf_owner
grant SELECT on consumer_tracks to kf_read
grant INSERT on consumer_tracks to kf_worker
grant SELECT on consumer_tracks to kf_worker
grant INSERT on domain_events to kf_command
grant SELECT on domain_events to kf_command
grant SELECT on domain_events to kf_delivery
grant INSERT on domain_events to kf_ingest
grant SELECT on domain_events to kf_ingest
grant INSERT on domain_events to kf_owner
grant REFERENCES on domain_events to kf_owner
grant SELECT on domain_events to kf_owner
grant TRIGGER on domain_events to kf_owner
grant UPDATE on domain_events to kf_owner
grant SELECT on domain_events to kf_read
grant INSERT on domain_events to kf_worker
grant SELECT on domain_events to kf_worker
grant INSERT on environments to kf_command
grant SELECT on environments to kf_command
grant SELECT on environments to kf_delivery
grant SELECT on environments to kf_ingest
grant INSERT on environments to kf_owner
grant REFERENCES on environments to kf_owner
grant SELECT on environments to kf_owner
grant TRIGGER on environments to kf_owner
grant UPDATE on environments to kf_owner
grant SELECT on environments to kf_read
grant SELECT on environments to kf_worker
grant INSERT on expiry_schedule to kf_command
grant INSERT on expiry_schedule to kf_ingest
grant DELETE on expiry_schedule to kf_owner
grant INSERT on expiry_schedule to kf_owner
grant REFERENCES on expiry_schedule to kf_owner
grant SELECT on expiry_schedule to kf_owner
grant TRIGGER on expiry_schedule to kf_owner
grant TRUNCATE on expiry_schedule to kf_owner
grant UPDATE on expiry_schedule to kf_owner
grant DELETE on expiry_schedule to kf_worker
grant INSERT on expiry_schedule to kf_worker
grant SELECT on expiry_schedule to kf_worker
grant INSERT on ingest_claims to kf_command
grant SELECT on ingest_claims to kf_command
grant INSERT on ingest_claims to kf_ingest
grant SELECT on ingest_claims to kf_ingest
grant INSERT on ingest_claims to kf_owner
grant REFERENCES on ingest_claims to kf_owner
grant SELECT on ingest_claims to kf_owner
grant TRIGGER on ingest_claims to kf_owner
grant UPDATE on ingest_claims to kf_owner
grant SELECT on ingest_claims to kf_read
grant INSERT on ingest_mappings to kf_command
grant SELECT on ingest_mappings to kf_command
grant SELECT on ingest_mappings to kf_ingest
grant INSERT on ingest_mappings to kf_owner
grant REFERENCES on ingest_mappings to kf_owner
grant SELECT on ingest_mappings to kf_owner
grant TRIGGER on ingest_mappings to kf_owner
grant UPDATE on ingest_mappings to kf_owner
grant SELECT on ingest_mappings to kf_read
grant INSERT on ingest_quarantines to kf_command
grant SELECT on ingest_quarantines to kf_command
grant INSERT on ingest_quarantines to kf_ingest
grant SELECT on ingest_quarantines to kf_ingest
grant INSERT on ingest_quarantines to kf_owner
grant REFERENCES on ingest_quarantines to kf_owner
grant SELECT on ingest_quarantines to kf_owner
grant TRIGGER on ingest_quarantines to kf_owner
grant UPDATE on ingest_quarantines to kf_owner
grant SELECT on ingest_quarantines to kf_read
grant INSERT on ingest_quarantines to kf_worker
grant SELECT on ingest_quarantines to kf_worker
grant INSERT on ingest_sources to kf_command
grant SELECT on ingest_sources to kf_command
grant SELECT on ingest_sources to kf_ingest
grant INSERT on ingest_sources to kf_owner
grant REFERENCES on ingest_sources to kf_owner
grant SELECT on ingest_sources to kf_owner
grant TRIGGER on ingest_sources to kf_owner
grant UPDATE on ingest_sources to kf_owner
grant SELECT on ingest_sources to kf_read
grant INSERT on inventory_levels to kf_command
grant SELECT on inventory_levels to kf_command
grant INSERT on inventory_levels to kf_ingest
grant SELECT on inventory_levels to kf_ingest
grant INSERT on inventory_levels to kf_owner
grant REFERENCES on inventory_levels to kf_owner
grant SELECT on inventory_levels to kf_owner
grant TRIGGER on inventory_levels to kf_owner
grant UPDATE on inventory_levels to kf_owner
grant SELECT on inventory_levels to kf_read
grant INSERT on inventory_levels to kf_worker
grant SELECT on inventory_levels to kf_worker
grant INSERT on locations to kf_command
grant SELECT on locations to kf_command
grant SELECT on locations to kf_ingest
grant INSERT on locations to kf_owner
grant REFERENCES on locations to kf_owner
grant SELECT on locations to kf_owner
grant TRIGGER on locations to kf_owner
grant UPDATE on locations to kf_owner
grant SELECT on locations to kf_read
grant SELECT on log_checkpoints to kf_command
grant INSERT on log_checkpoints to kf_owner
grant REFERENCES on log_checkpoints to kf_owner
grant SELECT on log_checkpoints to kf_owner
grant TRIGGER on log_checkpoints to kf_owner
grant UPDATE on log_checkpoints to kf_owner
grant SELECT on log_checkpoints to kf_read
grant INSERT on log_checkpoints to kf_sequencer
grant SELECT on log_checkpoints to kf_sequencer
grant SELECT on log_leaves to kf_command
grant INSERT on log_leaves to kf_owner
grant REFERENCES on log_leaves to kf_owner
grant SELECT on log_leaves to kf_owner
grant TRIGGER on log_leaves to kf_owner
grant UPDATE on log_leaves to kf_owner
grant SELECT on log_leaves to kf_read
grant INSERT on log_leaves to kf_sequencer
grant SELECT on log_leaves to kf_sequencer
grant INSERT on log_pending to kf_command
grant INSERT on log_pending to kf_ingest
grant DELETE on log_pending to kf_owner
grant INSERT on log_pending to kf_owner
grant REFERENCES on log_pending to kf_owner
grant SELECT on log_pending to kf_owner
grant TRIGGER on log_pending to kf_owner
grant TRUNCATE on log_pending to kf_owner
grant UPDATE on log_pending to kf_owner
grant DELETE on log_pending to kf_sequencer
grant SELECT on log_pending to kf_sequencer
grant INSERT on log_pending to kf_worker
grant SELECT on log_roots to kf_command
grant INSERT on log_roots to kf_owner
grant REFERENCES on log_roots to kf_owner
grant SELECT on log_roots to kf_owner
grant TRIGGER on log_roots to kf_owner
grant UPDATE on log_roots to kf_owner
grant SELECT on log_roots to kf_read
grant INSERT on log_roots to kf_sequencer
grant SELECT on log_roots to kf_sequencer
grant INSERT on mass_cancels to kf_command
grant SELECT on mass_cancels to kf_command
grant INSERT on mass_cancels to kf_owner
grant REFERENCES on mass_cancels to kf_owner
grant SELECT on mass_cancels to kf_owner
grant TRIGGER on mass_cancels to kf_owner
grant UPDATE on mass_cancels to kf_owner
grant SELECT on mass_cancels to kf_read
grant INSERT on mass_cancels to kf_worker
grant SELECT on mass_cancels to kf_worker
grant INSERT on oversell_applications to kf_command
grant SELECT on oversell_applications to kf_command
grant INSERT on oversell_applications to kf_owner
grant REFERENCES on oversell_applications to kf_owner
grant SELECT on oversell_applications to kf_owner
grant TRIGGER on oversell_applications to kf_owner
grant UPDATE on oversell_applications to kf_owner
grant SELECT on oversell_applications to kf_read
grant INSERT on oversell_applications to kf_worker
grant SELECT on oversell_applications to kf_worker
grant INSERT on oversell_policies to kf_command
grant SELECT on oversell_policies to kf_command
grant INSERT on oversell_policies to kf_owner
grant REFERENCES on oversell_policies to kf_owner
grant SELECT on oversell_policies to kf_owner
grant TRIGGER on oversell_policies to kf_owner
grant UPDATE on oversell_policies to kf_owner
grant SELECT on oversell_policies to kf_read
grant SELECT on oversell_policies to kf_worker
grant INSERT on oversell_revisions to kf_command
grant SELECT on oversell_revisions to kf_command
grant SELECT on oversell_revisions to kf_ingest
grant INSERT on oversell_revisions to kf_owner
grant REFERENCES on oversell_revisions to kf_owner
grant SELECT on oversell_revisions to kf_owner
grant TRIGGER on oversell_revisions to kf_owner
grant UPDATE on oversell_revisions to kf_owner
grant SELECT on oversell_revisions to kf_read
grant SELECT on oversell_revisions to kf_worker
grant INSERT on personal_data to kf_command
grant SELECT on personal_data to kf_command
grant INSERT on personal_data to kf_ingest
grant SELECT on personal_data to kf_ingest
grant INSERT on personal_data to kf_owner
grant REFERENCES on personal_data to kf_owner
grant SELECT on personal_data to kf_owner
grant TRIGGER on personal_data to kf_owner
grant UPDATE on personal_data to kf_owner
grant SELECT on personal_data to kf_read
grant INSERT on platform_tenants to kf_command
grant SELECT on platform_tenants to kf_command
grant INSERT on platform_tenants to kf_owner
grant REFERENCES on platform_tenants to kf_owner
grant SELECT on platform_tenants to kf_owner
grant TRIGGER on platform_tenants to kf_owner
grant UPDATE on platform_tenants to kf_owner
grant SELECT on platform_tenants to kf_read
grant INSERT on principal_identities to kf_command
grant SELECT on principal_identities to kf_command
grant INSERT on principal_identities to kf_owner
grant REFERENCES on principal_identities to kf_owner
grant SELECT on principal_identities to kf_owner
grant TRIGGER on principal_identities to kf_owner
grant UPDATE on principal_identities to kf_owner
grant SELECT on principal_identities to kf_read
grant INSERT on principals to kf_command
grant SELECT on principals to kf_command
grant SELECT on principals to kf_ingest
grant INSERT on principals to kf_owner
grant REFERENCES on principals to kf_owner
grant SELECT on principals to kf_owner
grant TRIGGER on principals to kf_owner
grant UPDATE on principals to kf_owner
grant SELECT on principals to kf_read
grant SELECT on principals to kf_worker
grant INSERT on quarantined_messages to kf_command
grant SELECT on quarantined_messages to kf_command
grant INSERT on quarantined_messages to kf_ingest
grant SELECT on quarantined_messages to kf_ingest
grant INSERT on quarantined_messages to kf_owner
grant REFERENCES on quarantined_messages to kf_owner
grant SELECT on quarantined_messages to kf_owner
grant TRIGGER on quarantined_messages to kf_owner
grant UPDATE on quarantined_messages to kf_owner
grant SELECT on quarantined_messages to kf_read
grant INSERT on quarantined_messages to kf_worker
grant SELECT on quarantined_messages to kf_worker
grant INSERT on reservations to kf_command
grant SELECT on reservations to kf_command
grant INSERT on reservations to kf_ingest
grant SELECT on reservations to kf_ingest
grant INSERT on reservations to kf_owner
grant REFERENCES on reservations to kf_owner
grant SELECT on reservations to kf_owner
grant TRIGGER on reservations to kf_owner
grant UPDATE on reservations to kf_owner
grant SELECT on reservations to kf_read
grant INSERT on reservations to kf_worker
grant SELECT on reservations to kf_worker
grant INSERT on role_grants to kf_command
grant SELECT on role_grants to kf_command
grant SELECT on role_grants to kf_ingest
grant INSERT on role_grants to kf_owner
grant REFERENCES on role_grants to kf_owner
grant SELECT on role_grants to kf_owner
grant TRIGGER on role_grants to kf_owner
grant UPDATE on role_grants to kf_owner
grant SELECT on role_grants to kf_read
grant INSERT on sales_channels to kf_command
grant SELECT on sales_channels to kf_command
grant SELECT on sales_channels to kf_ingest
grant INSERT on sales_channels to kf_owner
grant REFERENCES on sales_channels to kf_owner
grant SELECT on sales_channels to kf_owner
grant TRIGGER on sales_channels to kf_owner
grant UPDATE on sales_channels to kf_owner
grant SELECT on sales_channels to kf_read
grant INSERT on sequencer_terms to kf_owner
grant REFERENCES on sequencer_terms to kf_owner
grant SELECT on sequencer_terms to kf_owner
grant TRIGGER on sequencer_terms to kf_owner
grant UPDATE on sequencer_terms to kf_owner
grant INSERT on sequencer_terms to kf_sequencer
grant SELECT on sequencer_terms to kf_sequencer
grant INSERT on sessions to kf_command
grant SELECT on sessions to kf_command
grant INSERT on sessions to kf_owner
grant REFERENCES on sessions to kf_owner
grant SELECT on sessions to kf_owner
grant TRIGGER on sessions to kf_owner
grant UPDATE on sessions to kf_owner
grant SELECT on sessions to kf_read
grant INSERT on stock_movements to kf_command
grant SELECT on stock_movements to kf_command
grant INSERT on stock_movements to kf_ingest
grant SELECT on stock_movements to kf_ingest
grant INSERT on stock_movements to kf_owner
grant REFERENCES on stock_movements to kf_owner
grant SELECT on stock_movements to kf_owner
grant TRIGGER on stock_movements to kf_owner
grant UPDATE on stock_movements to kf_owner
grant SELECT on stock_movements to kf_read
grant INSERT on stock_movements to kf_worker
grant SELECT on stock_movements to kf_worker
grant SELECT on stream_events to kf_command
grant SELECT on stream_events to kf_delivery
grant INSERT on stream_events to kf_owner
grant REFERENCES on stream_events to kf_owner
grant SELECT on stream_events to kf_owner
grant TRIGGER on stream_events to kf_owner
grant UPDATE on stream_events to kf_owner
grant SELECT on stream_events to kf_read
grant INSERT on stream_events to kf_sequencer
grant SELECT on stream_events to kf_sequencer
grant SELECT on stream_events to kf_worker
grant INSERT on tenant_policies to kf_command
grant SELECT on tenant_policies to kf_command
grant SELECT on tenant_policies to kf_ingest
grant INSERT on tenant_policies to kf_owner
grant REFERENCES on tenant_policies to kf_owner
grant SELECT on tenant_policies to kf_owner
grant TRIGGER on tenant_policies to kf_owner
grant UPDATE on tenant_policies to kf_owner
grant SELECT on tenant_policies to kf_read
grant SELECT on tenant_policies to kf_worker
grant INSERT on tenants to kf_command
grant SELECT on tenants to kf_command
grant SELECT on tenants to kf_ingest
grant INSERT on tenants to kf_owner
grant REFERENCES on tenants to kf_owner
grant SELECT on tenants to kf_owner
grant TRIGGER on tenants to kf_owner
grant UPDATE on tenants to kf_owner
grant SELECT on tenants to kf_read
grant SELECT on tenants to kf_worker
grant INSERT on variants to kf_command
grant SELECT on variants to kf_command
grant SELECT on variants to kf_ingest
grant INSERT on variants to kf_owner
grant REFERENCES on variants to kf_owner
grant SELECT on variants to kf_owner
grant TRIGGER on variants to kf_owner
grant UPDATE on variants to kf_owner
grant SELECT on variants to kf_read
grant SELECT on webhook_attempts to kf_command
grant DELETE on webhook_attempts to kf_delivery
grant INSERT on webhook_attempts to kf_delivery
grant SELECT on webhook_attempts to kf_delivery
grant INSERT on webhook_attempts to kf_owner
grant REFERENCES on webhook_attempts to kf_owner
grant SELECT on webhook_attempts to kf_owner
grant TRIGGER on webhook_attempts to kf_owner
grant UPDATE on webhook_attempts to kf_owner
grant SELECT on webhook_attempts to kf_read
grant SELECT on webhook_cursors to kf_command
grant INSERT on webhook_cursors to kf_delivery
grant SELECT on webhook_cursors to kf_delivery
grant INSERT on webhook_cursors to kf_owner
grant REFERENCES on webhook_cursors to kf_owner
grant SELECT on webhook_cursors to kf_owner
grant TRIGGER on webhook_cursors to kf_owner
grant UPDATE on webhook_cursors to kf_owner
grant SELECT on webhook_cursors to kf_read
grant SELECT on webhook_deliveries to kf_command
grant DELETE on webhook_deliveries to kf_delivery
grant INSERT on webhook_deliveries to kf_delivery
grant SELECT on webhook_deliveries to kf_delivery
grant INSERT on webhook_deliveries to kf_owner
grant REFERENCES on webhook_deliveries to kf_owner
grant SELECT on webhook_deliveries to kf_owner
grant TRIGGER on webhook_deliveries to kf_owner
grant UPDATE on webhook_deliveries to kf_owner
grant SELECT on webhook_deliveries to kf_read
grant SELECT on webhook_health to kf_command
grant INSERT on webhook_health to kf_delivery
grant SELECT on webhook_health to kf_delivery
grant INSERT on webhook_health to kf_owner
grant REFERENCES on webhook_health to kf_owner
grant SELECT on webhook_health to kf_owner
grant TRIGGER on webhook_health to kf_owner
grant UPDATE on webhook_health to kf_owner
grant SELECT on webhook_health to kf_read
grant INSERT on webhook_recoveries to kf_command
grant SELECT on webhook_recoveries to kf_command
grant SELECT on webhook_recoveries to kf_delivery
grant INSERT on webhook_recoveries to kf_owner
grant REFERENCES on webhook_recoveries to kf_owner
grant SELECT on webhook_recoveries to kf_owner
grant TRIGGER on webhook_recoveries to kf_owner
grant UPDATE on webhook_recoveries to kf_owner
grant SELECT on webhook_recoveries to kf_read
grant INSERT on webhook_recoveries to kf_worker
grant SELECT on webhook_recoveries to kf_worker
grant SELECT on webhook_recovery_progress to kf_command
grant INSERT on webhook_recovery_progress to kf_delivery
grant SELECT on webhook_recovery_progress to kf_delivery
grant INSERT on webhook_recovery_progress to kf_owner
grant REFERENCES on webhook_recovery_progress to kf_owner
grant SELECT on webhook_recovery_progress to kf_owner
grant TRIGGER on webhook_recovery_progress to kf_owner
grant UPDATE on webhook_recovery_progress to kf_owner
grant SELECT on webhook_recovery_progress to kf_read
grant INSERT on webhook_roster to kf_command
grant SELECT on webhook_roster to kf_command
grant SELECT on webhook_roster to kf_delivery
grant INSERT on webhook_roster to kf_owner
grant REFERENCES on webhook_roster to kf_owner
grant SELECT on webhook_roster to kf_owner
grant TRIGGER on webhook_roster to kf_owner
grant UPDATE on webhook_roster to kf_owner
grant SELECT on webhook_roster to kf_read
grant INSERT on webhook_roster to kf_worker
grant SELECT on webhook_roster to kf_worker
grant INSERT on webhook_subscriptions to kf_command
grant SELECT on webhook_subscriptions to kf_command
grant SELECT on webhook_subscriptions to kf_delivery
grant INSERT on webhook_subscriptions to kf_owner
grant REFERENCES on webhook_subscriptions to kf_owner
grant SELECT on webhook_subscriptions to kf_owner
grant TRIGGER on webhook_subscriptions to kf_owner
grant UPDATE on webhook_subscriptions to kf_owner
grant SELECT on webhook_subscriptions to kf_read
grant INSERT on webhook_subscriptions to kf_worker
grant SELECT on webhook_subscriptions to kf_worker

-- column grants
grant UPDATE (status, version, updated_at, receipt_id, written_in) on allocations to kf_command
grant UPDATE (status, version, updated_at, receipt_id, written_in) on allocations to kf_worker
grant UPDATE (expires_at, revoked_at, version, updated_at, receipt_id, written_in) on api_keys to kf_command
grant UPDATE (status, version, updated_at, receipt_id, written_in, approvals, decided_at, execution_receipt_id, failure) on approvals to kf_command
grant UPDATE (status, version, updated_at, receipt_id, written_in, approvals, decided_at, execution_receipt_id, failure) on approvals to kf_worker
grant UPDATE (buffer_quantity, version, updated_at, receipt_id, written_in) on channel_locations to kf_command
grant UPDATE (state, reason, tries, parked_at) on consumer_parked to kf_worker
grant UPDATE (state, seq, careful_seq, tries, retries, epoch, owner_id, lease_until, moved_at) on consumer_tracks to kf_worker
grant UPDATE (status, version, updated_at, receipt_id, written_in) on environments to kf_command
grant UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) on ingest_quarantines to kf_command
grant UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) on ingest_quarantines to kf_ingest
grant UPDATE (held_messages, held_bytes, version, updated_at, receipt_id, written_in) on ingest_quarantines to kf_worker
grant UPDATE (secret_refs, tolerance_seconds, status, version, updated_at, receipt_id, written_in, settings, mapping_revision) on ingest_sources to kf_command
grant UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) on inventory_levels to kf_command
grant UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) on inventory_levels to kf_ingest
grant UPDATE (on_hand, reserved, allocated, damaged, quality_control, incoming, safety_stock, oversell_limit, shortfall, version, updated_at, receipt_id, written_in) on inventory_levels to kf_worker
grant UPDATE (name, version, updated_at, receipt_id, written_in) on locations to kf_command
grant UPDATE (cancelled_count, status, finished_at, version, updated_at, receipt_id, written_in) on mass_cancels to kf_command
grant UPDATE (cancelled_count, status, finished_at, version, updated_at, receipt_id, written_in) on mass_cancels to kf_worker
grant UPDATE (revision, status, started_at, version, updated_at, receipt_id, written_in) on oversell_applications to kf_command
grant UPDATE (revision, status, started_at, version, updated_at, receipt_id, written_in) on oversell_applications to kf_worker
grant UPDATE (mode, quantity, version, updated_at, receipt_id, written_in) on oversell_policies to kf_command
grant UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) on personal_data to kf_command
grant UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) on personal_data to kf_ingest
grant SELECT (tenant_id, environment_id, id, version) on personal_data to kf_worker
grant UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) on personal_data to kf_worker
grant UPDATE (status, bootstrap_receipt_id, version, updated_at, receipt_id, written_in) on platform_tenants to kf_command
grant UPDATE (principal_id, status, version, updated_at, receipt_id, written_in) on principal_identities to kf_command
grant SELECT (tenant_id, environment_id, identity_hash, principal_id, status) on principal_identities to kf_login
grant UPDATE (personal_data_id, status, version, updated_at, receipt_id, written_in) on principals to kf_command
grant UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in, trial_mapping) on quarantined_messages to kf_command
grant UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in, trial_mapping) on quarantined_messages to kf_ingest
grant UPDATE (payload_id, outline_id, status, checked_at, check_result, outcome, outcome_receipt_id, ended_at, version, updated_at, receipt_id, written_in, trial_mapping) on quarantined_messages to kf_worker
grant UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) on reservations to kf_command
grant UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) on reservations to kf_ingest
grant UPDATE (status, expires_at, extensions, resolved_at, version, updated_at, receipt_id, written_in) on reservations to kf_worker
grant UPDATE (valid_until, revoked_at, version, updated_at, receipt_id, written_in) on role_grants to kf_command
grant UPDATE (name, version, updated_at, receipt_id, written_in) on sales_channels to kf_command
grant UPDATE (revoked_at, version, updated_at, receipt_id, written_in) on sessions to kf_command
grant UPDATE (settings, version, updated_at, receipt_id, written_in) on tenant_policies to kf_command
grant UPDATE (name, status, version, updated_at, receipt_id, written_in) on tenants to kf_command
grant UPDATE (name, version, updated_at, receipt_id, written_in) on variants to kf_command
grant UPDATE (roster_version, generation, health_epoch, admitted_seq, next_ordinal, compact_until_seq, follows, next_due_at, paced_until, health, health_since, next_probe_at) on webhook_cursors to kf_delivery
grant UPDATE (behind, is_probe, lane, state, attempts, charged_attempts, next_attempt_at, why, lease_id, lease_until, ended_at) on webhook_deliveries to kf_delivery
grant UPDATE (reason, consecutive_failures, first_failure_at, pace, evidence) on webhook_health to kf_delivery
grant UPDATE (status, done_count, failed_count, finished_at, version, updated_at, receipt_id, written_in) on webhook_recoveries to kf_command
grant UPDATE (status, done_count, failed_count, finished_at, version, updated_at, receipt_id, written_in) on webhook_recoveries to kf_worker
grant UPDATE (through_seq, admitted_count) on webhook_recovery_progress to kf_delivery
grant UPDATE (status, version, updated_at, receipt_id, written_in) on webhook_roster to kf_command
grant UPDATE (status, version, updated_at, receipt_id, written_in) on webhook_roster to kf_worker
grant UPDATE (url, description, event_types, ordering, headers, rate_per_second, max_in_flight, is_asymmetric, state, secret_version, retiring_version, retiring_until, generation, start_mode, start_seq, start_event_id, health_epoch, health, health_reason, health_evidence, health_since, version, updated_at, receipt_id, written_in) on webhook_subscriptions to kf_command
grant UPDATE (url, description, event_types, ordering, headers, rate_per_second, max_in_flight, is_asymmetric, state, secret_version, retiring_version, retiring_until, generation, start_mode, start_seq, start_event_id, health_epoch, health, health_reason, health_evidence, health_since, version, updated_at, receipt_id, written_in) on webhook_subscriptions to kf_worker

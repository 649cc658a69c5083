-- Senders that sign by RFC 9421; and what ingest looks up in a quarantine whose past keeps growing.

ALTER TABLE kf.ingest_sources DROP CONSTRAINT ingest_sources_preset_known;
ALTER TABLE kf.ingest_sources ADD CONSTRAINT ingest_sources_preset_known CHECK (preset IN ('standard-webhooks', 'karmanflow', 'svix', 'shopify', 'stripe', 'github', 'square', 'generic-hmac', 'http-signatures'));

CREATE INDEX quarantined_messages_ingest_source_id_content_key_idx ON kf.quarantined_messages (tenant_id, environment_id, ingest_source_id, content_key);
CREATE INDEX quarantined_messages_ingest_source_id_status_id_idx ON kf.quarantined_messages (tenant_id, environment_id, ingest_source_id, status, id) WHERE ended_at IS NULL;

-- Receipts are searched by who acted, by what belongs together, and by how they ended where they did not succeed.

CREATE INDEX command_receipts_actor_id_id_idx ON kf.command_receipts (tenant_id, environment_id, actor_id, id);
CREATE INDEX command_receipts_correlation_id_id_idx ON kf.command_receipts (tenant_id, environment_id, correlation_id, id);
CREATE INDEX command_receipts_status_id_idx ON kf.command_receipts (tenant_id, environment_id, status, id) WHERE status <> 'SUCCEEDED';

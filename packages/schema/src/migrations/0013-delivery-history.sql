-- Deliveries that were over long ago are removed with their attempts, by whoever delivers, and never before five days have passed.

DROP TRIGGER refuse_change ON kf.webhook_deliveries;
CREATE TRIGGER refuse_change BEFORE TRUNCATE ON kf.webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_deliveries ENABLE ALWAYS TRIGGER refuse_change;
CREATE POLICY expiry_delete ON kf.webhook_deliveries FOR DELETE TO kf_delivery USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and ended_at < now() - interval '120 hours');
GRANT DELETE ON kf.webhook_deliveries TO kf_delivery;

DROP TRIGGER refuse_change ON kf.webhook_attempts;
CREATE TRIGGER refuse_change BEFORE UPDATE OR TRUNCATE ON kf.webhook_attempts FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change();
ALTER TABLE kf.webhook_attempts ENABLE ALWAYS TRIGGER refuse_change;
CREATE POLICY expiry_delete ON kf.webhook_attempts FOR DELETE TO kf_delivery USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid and started_at < now() - interval '120 hours');
GRANT DELETE ON kf.webhook_attempts TO kf_delivery;

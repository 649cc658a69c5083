-- The sweeper erases what a request kept for a command that will never run. It finds the row, and cannot read the value.
GRANT SELECT (tenant_id, environment_id, id, version) ON kf.personal_data TO kf_worker;
GRANT UPDATE (value, erased_at, version, updated_at, receipt_id, written_in) ON kf.personal_data TO kf_worker;

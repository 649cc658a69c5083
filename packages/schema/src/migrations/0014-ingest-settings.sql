-- Settings of a source change after its registration; and a mapping that nobody has set is tried on a held message.

GRANT UPDATE (settings) ON kf.ingest_sources TO kf_command;

ALTER TABLE kf.quarantined_messages ADD COLUMN trial_mapping text;
GRANT UPDATE (trial_mapping) ON kf.quarantined_messages TO kf_command;
GRANT UPDATE (trial_mapping) ON kf.quarantined_messages TO kf_ingest;
GRANT UPDATE (trial_mapping) ON kf.quarantined_messages TO kf_worker;

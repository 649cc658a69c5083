-- What the worker carries out in parts it also writes: a changed row goes through INSERT … ON CONFLICT on its key.

GRANT INSERT ON kf.oversell_applications TO kf_worker;
GRANT INSERT ON kf.mass_cancels TO kf_worker;
GRANT INSERT ON kf.allocations TO kf_worker;

CREATE INDEX inventory_levels_location_id_variant_id_idx ON kf.inventory_levels (tenant_id, environment_id, location_id, variant_id);

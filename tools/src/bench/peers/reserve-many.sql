-- As much as these rows allow: all requests that wait, in one call and one transaction, written as sets, decided by one UPDATE.
-- Fails as a whole where a key was used or stock is missing; requests are then reserved one by one.
CREATE FUNCTION bench.reserve_many(
  p_tenant uuid, p_environment uuid, p_actor uuid, p_key_id text, p_hash bytea, p_signature bytea,
  p_receipts uuid[], p_key_hashes bytea[], p_payload_hashes bytea[], p_bodies bytea[], p_responses bytea[], p_correlations uuid[],
  p_nows timestamptz[], p_events uuid[], p_event_bodies bytea[], p_reservations uuid[], p_channels uuid[], p_references text[],
  p_expiries timestamptz[], p_line_requests int[], p_line_numbers int[], p_variants uuid[], p_locations uuid[], p_quantities bigint[]
) RETURNS void LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
  wanted bigint;
  changed bigint;
BEGIN
  EXECUTE format('SET LOCAL kf.tenant_id = %L', p_tenant);
  EXECUTE format('SET LOCAL kf.environment_id = %L', p_environment);
  INSERT INTO kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, idempotency_key_hash,
    payload_hash, body, hash, signature, key_id, response, correlation_id, completed_at)
  SELECT p_tenant, p_environment, r.receipt, 'reservation.create', 'SUCCEEDED', p_actor, r.key_hash, r.payload_hash, r.body,
    p_hash, p_signature, p_key_id, r.response, r.correlation, r.at
  FROM unnest(p_receipts, p_key_hashes, p_payload_hashes, p_bodies, p_responses, p_correlations, p_nows)
    AS r (receipt, key_hash, payload_hash, body, response, correlation, at);
  INSERT INTO kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
  SELECT p_tenant, p_environment, r.event, 'inventory.reservation.created', r.body, p_hash, r.receipt
  FROM unnest(p_events, p_event_bodies, p_receipts) AS r (event, body, receipt);
  INSERT INTO kf.log_pending (tenant_id, environment_id, receipt_ids) VALUES (p_tenant, p_environment, p_receipts);
  INSERT INTO kf.expiry_schedule (tenant_id, environment_id, due_at)
  SELECT DISTINCT p_tenant, p_environment, date_trunc('minute', r.expires_at) FROM unnest(p_expiries) AS r (expires_at)
  ON CONFLICT DO NOTHING;
  INSERT INTO kf.reservations (tenant_id, environment_id, id, sales_channel_id, reference, created_by_event, status, expires_at,
    extensions, resolved_at, version, created_at, updated_at, receipt_id)
  SELECT p_tenant, p_environment, r.id, r.channel, r.reference, r.event, 'ACTIVE', r.expires_at, 0, NULL, 1, r.at, r.at, r.receipt
  FROM unnest(p_reservations, p_channels, p_references, p_events, p_expiries, p_nows, p_receipts)
    AS r (id, channel, reference, event, expires_at, at, receipt);
  SELECT count(DISTINCT (l.variant, l.location)) INTO wanted FROM unnest(p_variants, p_locations) AS l (variant, location);
  UPDATE kf.inventory_levels AS l
  SET reserved = l.reserved + d.quantity, version = l.version + d.lines, updated_at = p_nows[d.request],
    receipt_id = p_receipts[d.request], written_in = pg_current_xact_id()
  FROM (
    SELECT variant, location, sum(quantity)::bigint AS quantity, count(*) AS lines, max(request) AS request
    FROM unnest(p_line_requests, p_variants, p_locations, p_quantities) AS r (request, variant, location, quantity)
    GROUP BY variant, location
  ) AS d
  WHERE l.tenant_id = p_tenant AND l.environment_id = p_environment AND l.variant_id = d.variant AND l.location_id = d.location
    AND l.on_hand - l.reserved - l.allocated - l.damaged - l.quality_control - l.safety_stock + l.oversell_limit >= d.quantity;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> wanted THEN
    RAISE EXCEPTION 'stock_insufficient' USING ERRCODE = 'KF409';
  END IF;
  INSERT INTO kf.stock_movements (tenant_id, environment_id, event_id, movement_number, variant_id, location_id,
    from_state, to_state, quantity, reason, occurred_at, receipt_id)
  SELECT p_tenant, p_environment, p_events[r.request], r.number, r.variant, r.location, 'AVAILABLE', 'RESERVED', r.quantity, NULL,
    p_nows[r.request], p_receipts[r.request]
  FROM unnest(p_line_requests, p_line_numbers, p_variants, p_locations, p_quantities)
    AS r (request, number, variant, location, quantity);
END $$;
GRANT EXECUTE ON FUNCTION bench.reserve_many TO kf_command;

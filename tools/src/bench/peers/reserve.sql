-- What a good engineer writes instead of a service: one call, one transaction, the rows that a command of ours writes.
-- The contended row is locked last, so that its lock lasts for the least time before the commit.
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO kf_command;

CREATE FUNCTION bench.reserve(
  p_tenant uuid, p_environment uuid, p_receipt uuid, p_actor uuid, p_key_hash bytea, p_payload_hash bytea, p_body bytea,
  p_hash bytea, p_signature bytea, p_key_id text, p_response bytea, p_correlation uuid, p_now timestamptz, p_event uuid,
  p_event_body bytea, p_event_hash bytea, p_reservation uuid, p_channel uuid, p_reference text, p_expires_at timestamptz,
  p_variants uuid[], p_locations uuid[], p_quantities bigint[]
) RETURNS void LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
  EXECUTE format('SET LOCAL kf.tenant_id = %L', p_tenant);
  EXECUTE format('SET LOCAL kf.environment_id = %L', p_environment);
  -- A used key fails here, on the unique constraint, before anything is locked.
  INSERT INTO kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, idempotency_key_hash,
    payload_hash, body, hash, signature, key_id, response, correlation_id, completed_at)
  VALUES (p_tenant, p_environment, p_receipt, 'reservation.create', 'SUCCEEDED', p_actor, p_key_hash,
    p_payload_hash, p_body, p_hash, p_signature, p_key_id, p_response, p_correlation, p_now);
  INSERT INTO kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
  VALUES (p_tenant, p_environment, p_event, 'inventory.reservation.created', p_event_body, p_event_hash, p_receipt);
  INSERT INTO kf.log_pending (tenant_id, environment_id, receipt_ids) VALUES (p_tenant, p_environment, ARRAY[p_receipt]);
  INSERT INTO kf.expiry_schedule (tenant_id, environment_id, due_at)
  VALUES (p_tenant, p_environment, date_trunc('minute', p_expires_at)) ON CONFLICT DO NOTHING;
  INSERT INTO kf.reservations (tenant_id, environment_id, id, sales_channel_id, reference, created_by_event, status, expires_at,
    extensions, resolved_at, version, created_at, updated_at, receipt_id)
  VALUES (p_tenant, p_environment, p_reservation, p_channel, p_reference, p_event, 'ACTIVE', p_expires_at,
    0, NULL, 1, p_now, p_now, p_receipt);
  FOR line IN 1 .. array_length(p_variants, 1) LOOP
    UPDATE kf.inventory_levels
    SET reserved = reserved + p_quantities[line], version = version + 1, updated_at = p_now, receipt_id = p_receipt,
      written_in = pg_current_xact_id()
    WHERE tenant_id = p_tenant AND environment_id = p_environment AND variant_id = p_variants[line]
      AND location_id = p_locations[line]
      AND on_hand - reserved - allocated - damaged - quality_control - safety_stock + oversell_limit >= p_quantities[line];
    IF NOT FOUND THEN
      RAISE EXCEPTION 'stock_insufficient' USING ERRCODE = 'KF409';
    END IF;
    INSERT INTO kf.stock_movements (tenant_id, environment_id, event_id, movement_number, variant_id, location_id,
      from_state, to_state, quantity, reason, occurred_at, receipt_id)
    VALUES (p_tenant, p_environment, p_event, line - 1, p_variants[line], p_locations[line], 'AVAILABLE', 'RESERVED',
      p_quantities[line], NULL, p_now, p_receipt);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION bench.reserve TO kf_command;

-- The receipt of a refusal: the transaction of `reserve` was rolled back.
CREATE FUNCTION bench.refuse(
  p_tenant uuid, p_environment uuid, p_receipt uuid, p_actor uuid, p_key_hash bytea, p_payload_hash bytea, p_body bytea,
  p_hash bytea, p_signature bytea, p_key_id text, p_correlation uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
  EXECUTE format('SET LOCAL kf.tenant_id = %L', p_tenant);
  EXECUTE format('SET LOCAL kf.environment_id = %L', p_environment);
  INSERT INTO kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, idempotency_key_hash,
    payload_hash, body, hash, signature, key_id, response, correlation_id, completed_at)
  VALUES (p_tenant, p_environment, p_receipt, 'reservation.create', 'REFUSED', p_actor, p_key_hash,
    p_payload_hash, p_body, p_hash, p_signature, p_key_id, NULL, p_correlation, p_now);
  INSERT INTO kf.log_pending (tenant_id, environment_id, receipt_ids) VALUES (p_tenant, p_environment, ARRAY[p_receipt]);
END $$;
GRANT EXECUTE ON FUNCTION bench.refuse TO kf_command;

CREATE FUNCTION bench.find_receipt(p_tenant uuid, p_environment uuid, p_key_hash bytea)
RETURNS TABLE (payload_hash bytea, status text, body bytea, response bytea) LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
  EXECUTE format('SET LOCAL kf.tenant_id = %L', p_tenant);
  EXECUTE format('SET LOCAL kf.environment_id = %L', p_environment);
  RETURN QUERY SELECT r.payload_hash, r.status, r.body, r.response FROM kf.command_receipts AS r
    WHERE r.tenant_id = p_tenant AND r.environment_id = p_environment AND r.command_type = 'reservation.create'
      AND r.idempotency_key_hash = p_key_hash;
END $$;
GRANT EXECUTE ON FUNCTION bench.find_receipt TO kf_command;

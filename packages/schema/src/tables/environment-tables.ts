import { bytes, count, mutable, nullable, oneOf, ordinal, text, time, uuid } from './definition.ts';
import { catalogue, define, everyExecutor, everyExecutorUpdates, hash32 } from './grants.ts';

const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;
const quarantineReasons = [
  'payload_malformed',
  'message_id_unreadable',
  'mapping_missing',
  'type_unknown',
  'shape_mismatch',
  'name_unknown',
  'input_invalid',
  'suspected_replay',
] as const;
const strategies = ['reserved_location', 'fewest_locations', 'most_available', 'override'] as const;
/** What people decide and the worker carries out in parts. */
const carriedOut = {
  read: ['kf_command', 'kf_read', 'kf_worker'],
  // A row that changes goes through INSERT … ON CONFLICT, so who updates it inserts it too.
  insert: ['kf_command', 'kf_worker'],
  update: ['kf_command', 'kf_worker'],
} as const;

/** What ingest keeps of a message that became no command, and what people decide about it. */
const quarantine = {
  read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'],
  insert: ['kf_command', 'kf_ingest', 'kf_worker'],
  update: ['kf_command', 'kf_ingest', 'kf_worker'],
} as const;

/** Entities of an environment. */
export const environmentTables = {
  locations: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    unique: [{ columns: ['code'] }],
    references: [{ columns: [], table: 'environments' }],
    grants: catalogue,
    columns: { id: uuid(), code: text(), name: mutable(text()) },
  }),
  sales_channels: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    unique: [{ columns: ['code'] }],
    references: [{ columns: [], table: 'environments' }],
    grants: catalogue,
    columns: { id: uuid(), code: text(), name: mutable(text()) },
  }),
  channel_locations: define({
    kind: 'entity',
    scope: 'environment',
    key: ['sales_channel_id', 'location_id'],
    references: [
      { columns: ['sales_channel_id'], table: 'sales_channels' },
      { columns: ['location_id'], table: 'locations' },
    ],
    grants: catalogue,
    columns: { sales_channel_id: uuid(), location_id: uuid(), buffer_quantity: mutable(count()) },
    checks: { buffer_not_negative: 'buffer_quantity >= 0' },
  }),
  variants: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    unique: [{ columns: ['sku'] }],
    references: [{ columns: [], table: 'environments' }],
    grants: catalogue,
    columns: { id: uuid(), sku: text(), name: mutable(text()) },
  }),
  approvals: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    // For votes, which repeat who asked, so that the schema itself refuses one's own.
    unique: [{ columns: ['id', 'requested_by'] }],
    references: [{ columns: [], table: 'environments' }],
    indexes: [{ columns: ['expires_at', 'id'], where: "status = 'REQUESTED'" }],
    checks: { command_hash_is_sha256: hash32('command_hash') },
    grants: { ...everyExecutor, update: ['kf_command', 'kf_worker'] },
    columns: {
      id: uuid(),
      command_type: text(),
      command_hash: bytes(),
      command_body: bytes(),
      risk: oneOf(riskClasses),
      status: mutable(
        oneOf(['REQUESTED', 'APPROVED', 'DENIED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED', 'EXECUTED', 'FAILED']),
      ),
      requested_by: uuid(),
      on_behalf_of: nullable(uuid()),
      policy_hash: text(),
      expires_at: time(),
      command_version: count(),
      requester_type: oneOf(actorTypes),
      credential_type: nullable(text()),
      credential_id: nullable(text()),
      correlation_id: nullable(uuid()),
      reason: nullable(text()),
      // References to the personal values of the command, as a JSON object by the name of the field.
      personal: text(),
      quorum: count(),
      approvals: mutable(count()),
      decided_at: mutable(nullable(time())),
      execution_receipt_id: mutable(nullable(uuid())),
      failure: mutable(nullable(text())),
    },
  }),
  oversell_policies: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    unique: [{ columns: ['scope_key'] }],
    references: [
      { columns: ['variant_id'], table: 'variants' },
      { columns: ['location_id'], table: 'locations' },
      { columns: ['sales_channel_id'], table: 'sales_channels' },
    ],
    checks: {
      quantity_not_negative: 'quantity >= 0',
      quantity_only_of_a_bound: "quantity = 0 OR mode IN ('LIMIT', 'BACKORDER')",
    },
    grants: { ...carriedOut, insert: ['kf_command'], update: ['kf_command'] },
    columns: {
      id: uuid(),
      // The ids that it is for, joined: what two people who set the same policy at once contend for.
      scope_key: text(),
      scope: oneOf(['VARIANT_LOCATION', 'VARIANT', 'LOCATION', 'SALES_CHANNEL']),
      variant_id: nullable(uuid()),
      location_id: nullable(uuid()),
      sales_channel_id: nullable(uuid()),
      mode: mutable(oneOf(['LIMIT', 'BACKORDER', 'STRICT', 'INHERIT'])),
      quantity: mutable(count()),
    },
  }),
  oversell_applications: define({
    kind: 'entity',
    scope: 'environment',
    key: ['scope_key'],
    references: [{ columns: ['scope_key'], table: 'oversell_policies', target: ['scope_key'] }],
    indexes: [{ columns: ['started_at', 'scope_key'], where: "status = 'RUNNING'" }],
    grants: carriedOut,
    columns: {
      scope_key: text(),
      revision: mutable(count()),
      status: mutable(oneOf(['RUNNING', 'DONE'])),
      started_at: mutable(time()),
    },
  }),
  mass_cancels: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: ['sales_channel_id'], table: 'sales_channels' }],
    indexes: [{ columns: ['id'], where: "status = 'RUNNING'" }],
    checks: {
      cancelled_not_negative: 'cancelled_count >= 0',
      // What was approved is a number of reservations, and no more than that is ever cancelled under it.
      never_more_than_approved: 'cancelled_count <= expected_count',
    },
    grants: carriedOut,
    columns: {
      id: uuid(),
      sales_channel_id: nullable(uuid()),
      reference_prefix: nullable(text()),
      reservation_status: nullable(oneOf(['ACTIVE', 'COMMITTED'])),
      created_before: time(),
      expected_count: count(),
      cancelled_count: mutable(count()),
      status: mutable(oneOf(['RUNNING', 'COMPLETED', 'STOPPED_AT_BOUND', 'STOPPED'])),
      started_at: time(),
      finished_at: mutable(nullable(time())),
    },
  }),
  // How much of a source is held: one row for each source, so that two processes cannot exceed its cap together.
  ingest_quarantines: define({
    kind: 'entity',
    scope: 'environment',
    key: ['ingest_source_id'],
    references: [{ columns: [], table: 'environments' }],
    checks: { messages_not_negative: 'held_messages >= 0', bytes_not_negative: 'held_bytes >= 0' },
    grants: quarantine,
    columns: { ingest_source_id: uuid(), held_messages: mutable(count()), held_bytes: mutable(count()) },
  }),
  quarantined_messages: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [
      { columns: [], table: 'environments' },
      { columns: ['payload_id'], table: 'personal_data' },
      { columns: ['outline_id'], table: 'personal_data' },
    ],
    indexes: [{ columns: ['ingest_source_id', 'id'] }, { columns: ['expires_at', 'id'], where: 'ended_at IS NULL' }],
    grants: quarantine,
    columns: {
      id: uuid(),
      ingest_source_id: uuid(),
      message_id: text(),
      content_key: text(),
      reason: oneOf(quarantineReasons),
      stored_bytes: count(),
      // Encrypted bytes of the message, and its shape without its values: both cease when it is over.
      payload_id: mutable(nullable(uuid())),
      outline_id: mutable(nullable(uuid())),
      received_at: time(),
      expires_at: time(),
      status: mutable(oneOf(['HELD', 'CHECK_REQUESTED', 'RELEASE_REQUESTED', 'RELEASED', 'DISCARDED', 'EXPIRED'])),
      // What the last look at it with the secrets and the mapping of that time found.
      checked_at: mutable(nullable(time())),
      check_result: mutable(nullable(text())),
      outcome: mutable(nullable(text())),
      outcome_receipt_id: mutable(nullable(uuid())),
      ended_at: mutable(nullable(time())),
    },
  }),
  reservations: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: ['sales_channel_id'], table: 'sales_channels' }],
    indexes: [{ columns: ['expires_at', 'id'], where: "status = 'ACTIVE'" }],
    fillFactorPercent: 80,
    grants: everyExecutorUpdates,
    columns: {
      id: uuid(),
      sales_channel_id: nullable(uuid()),
      reference: nullable(text()),
      // Its lines are the movements of this event: what it took from which level.
      created_by_event: uuid(),
      status: mutable(oneOf(['ACTIVE', 'COMMITTED', 'EXPIRED', 'CANCELLED'])),
      expires_at: mutable(time()),
      extensions: mutable(count()),
      resolved_at: mutable(nullable(time())),
    },
  }),
  allocations: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [
      { columns: ['reservation_id'], table: 'reservations' },
      { columns: ['variant_id'], table: 'variants' },
      { columns: ['location_id'], table: 'locations' },
      { columns: ['override_of'], table: 'allocations' },
    ],
    indexes: [{ columns: ['reservation_id'] }, { columns: ['location_id', 'id'], where: "status = 'ALLOCATED'" }],
    checks: { quantity_positive: 'quantity > 0' },
    grants: carriedOut,
    columns: {
      id: uuid(),
      reservation_id: uuid(),
      line_number: ordinal(),
      variant_id: uuid(),
      location_id: uuid(),
      quantity: count(),
      strategy: oneOf(strategies),
      status: mutable(oneOf(['ALLOCATED', 'MOVED', 'RELEASED'])),
      override_of: nullable(uuid()),
    },
  }),
  inventory_levels: define({
    kind: 'entity',
    scope: 'environment',
    key: ['variant_id', 'location_id'],
    references: [
      { columns: ['variant_id'], table: 'variants' },
      { columns: ['location_id'], table: 'locations' },
    ],
    // What a policy for a location has to reach. Neither column ever changes, so updates of the counters stay heap-only.
    indexes: [{ columns: ['location_id', 'variant_id'] }],
    checks: {
      on_hand_not_negative: 'on_hand >= 0',
      reserved_not_negative: 'reserved >= 0',
      allocated_not_negative: 'allocated >= 0',
      damaged_not_negative: 'damaged >= 0',
      quality_control_not_negative: 'quality_control >= 0',
      incoming_not_negative: 'incoming >= 0',
      safety_stock_not_negative: 'safety_stock >= 0',
      oversell_limit_not_negative: 'oversell_limit >= 0',
      shortfall_not_negative: 'shortfall >= 0',
      // The oversell guard of last resort: only an adjustment writes shortfall, so a reservation that does not fit fails here.
      never_oversold:
        'on_hand - reserved - allocated - damaged - quality_control - safety_stock + oversell_limit + shortfall >= 0',
    },
    // Counters change on every reservation: room on the page keeps those updates heap-only.
    fillFactorPercent: 40,
    grants: everyExecutorUpdates,
    columns: {
      variant_id: uuid(),
      location_id: uuid(),
      on_hand: mutable(count()),
      reserved: mutable(count()),
      allocated: mutable(count()),
      damaged: mutable(count()),
      quality_control: mutable(count()),
      incoming: mutable(count()),
      safety_stock: mutable(count()),
      oversell_limit: mutable(count()),
      shortfall: mutable(count()),
    },
  }),
} as const;

import { bytes, count, mutable, nullable, oneOf, text, time, uuid } from './definition.ts';
import { catalogue, define, everyExecutor, everyExecutorUpdates, hash32 } from './grants.ts';

const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;

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
  inventory_levels: define({
    kind: 'entity',
    scope: 'environment',
    key: ['variant_id', 'location_id'],
    references: [
      { columns: ['variant_id'], table: 'variants' },
      { columns: ['location_id'], table: 'locations' },
    ],
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

import {
  bytes,
  type Column,
  type ColumnValue,
  count,
  type Grant,
  mutable,
  nullable,
  oneOf,
  ordinal,
  type Table,
  text,
  textList,
  time,
  uuid,
} from './definition.ts';

/**
 * The table registry: the one place that says what exists, what belongs to a tenant as a whole or to an environment, what
 * is append-only, who may do what. The first migration was generated from it; every later one is checked against it.
 */

/** What the API reads and writes. Ingest and worker write only what their commands touch. */
const operatorWrites: Grant = { read: ['kf_command', 'kf_read'], insert: ['kf_command'], update: ['kf_command'] };
const catalogue: Grant = {
  read: ['kf_command', 'kf_read', 'kf_ingest'],
  insert: ['kf_command'],
  update: ['kf_command'],
};
const everyExecutor: Grant = {
  read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'],
  insert: ['kf_command', 'kf_ingest', 'kf_worker'],
};
const everyExecutorUpdates: Grant = { ...everyExecutor, update: ['kf_command', 'kf_ingest', 'kf_worker'] };

const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;
const hash32 = (name: string): string => `octet_length(${name}) = 32`;

function define<const T extends Table>(table: T): T {
  return table;
}

export const tables = {
  // ---- the tenant as a whole: rows of the control environment ------------------------------------------------------
  tenants: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: [] }],
    checks: { is_itself: 'id = tenant_id' },
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    columns: { id: uuid(), name: mutable(text()), status: mutable(oneOf(['ACTIVE', 'SUSPENDED'])) },
  }),
  environments: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['name'] }, { columns: ['id'], acrossEnvironments: true }],
    references: [{ columns: [], table: 'tenants', target: [] }],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    columns: {
      id: uuid(),
      name: text(),
      kind: oneOf(['CONTROL', 'SANDBOX', 'PRODUCTION']),
      status: mutable(oneOf(['ACTIVE', 'ARCHIVED'])),
    },
  }),
  personal_data: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: [], table: 'environments' }],
    grants: operatorWrites,
    outsideEvents: true,
    columns: { id: uuid(), field: text(), value: mutable(nullable(text())), erased_at: mutable(nullable(time())) },
  }),
  principals: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['handle'] }],
    references: [
      { columns: ['owner_id'], table: 'principals' },
      { columns: ['personal_data_id'], table: 'personal_data' },
      { columns: [], table: 'tenants', target: [] },
    ],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    columns: {
      id: uuid(),
      type: oneOf(actorTypes),
      handle: text(),
      owner_id: nullable(uuid()),
      personal_data_id: nullable(uuid()),
      status: mutable(oneOf(['ACTIVE', 'DISABLED'])),
    },
  }),
  role_grants: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    indexes: [{ columns: ['principal_id'] }],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest'] },
    columns: {
      id: uuid(),
      principal_id: uuid(),
      target_environment_id: nullable(uuid()),
      role: text(),
      valid_from: time(),
      valid_until: mutable(nullable(time())),
      revoked_at: mutable(nullable(time())),
    },
  }),
  api_keys: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    checks: { secret_hash_is_sha256: hash32('secret_hash') },
    grants: operatorWrites,
    columns: {
      id: uuid(),
      principal_id: uuid(),
      target_environment_id: uuid(),
      name: text(),
      secret_hash: bytes(),
      scopes: textList(),
      risk_ceiling: oneOf(riskClasses),
      expires_at: mutable(nullable(time())),
      revoked_at: mutable(nullable(time())),
    },
  }),
  ingest_sources: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['code'] }],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest'] },
    columns: {
      id: uuid(),
      code: text(),
      principal_id: uuid(),
      target_environment_id: uuid(),
      preset: oneOf(['standard-webhooks']),
      secret_refs: mutable(textList()),
      tolerance_seconds: mutable(count()),
      status: mutable(oneOf(['ACTIVE', 'PAUSED'])),
    },
  }),

  // ---- entities of an environment ---------------------------------------------------------------------------------
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
    references: [{ columns: [], table: 'environments' }],
    checks: { command_hash_is_sha256: hash32('command_hash') },
    grants: { ...everyExecutor, update: ['kf_command'] },
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

  // ---- append-only ------------------------------------------------------------------------------------------------
  reservation_lines: define({
    kind: 'ledger',
    scope: 'environment',
    key: ['reservation_id', 'line_number'],
    references: [
      { columns: ['reservation_id'], table: 'reservations' },
      { columns: ['variant_id', 'location_id'], table: 'inventory_levels' },
    ],
    checks: { quantity_positive: 'quantity > 0' },
    grants: everyExecutor,
    columns: {
      reservation_id: uuid(),
      line_number: ordinal(),
      variant_id: uuid(),
      location_id: uuid(),
      quantity: count(),
    },
  }),
  stock_movements: define({
    kind: 'ledger',
    scope: 'environment',
    key: ['event_id', 'movement_number'],
    references: [{ columns: ['variant_id', 'location_id'], table: 'inventory_levels' }],
    indexes: [{ columns: ['variant_id', 'location_id', 'event_id'] }],
    checks: { quantity_positive: 'quantity > 0', states_differ: 'from_state <> to_state' },
    grants: everyExecutor,
    columns: {
      event_id: uuid(),
      movement_number: ordinal(),
      variant_id: uuid(),
      location_id: uuid(),
      from_state: oneOf(['EXTERNAL', 'AVAILABLE', 'RESERVED', 'ALLOCATED', 'DAMAGED', 'QUALITY_CONTROL', 'INCOMING']),
      to_state: oneOf(['EXTERNAL', 'AVAILABLE', 'RESERVED', 'ALLOCATED', 'DAMAGED', 'QUALITY_CONTROL', 'INCOMING']),
      quantity: count(),
      reason: nullable(text()),
      occurred_at: time(),
    },
  }),
  command_receipts: define({
    kind: 'receipt',
    scope: 'environment',
    key: ['id'],
    unique: [
      { columns: ['command_type', 'idempotency_key_hash'], acrossEnvironments: true },
      { columns: ['id', 'written_in'] },
    ],
    checks: {
      hash_is_sha256: hash32('hash'),
      payload_hash_is_sha256: hash32('payload_hash'),
      signature_is_ed25519: 'octet_length(signature) = 64',
    },
    grants: everyExecutor,
    columns: {
      id: uuid(),
      command_type: text(),
      status: oneOf(['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL']),
      actor_id: uuid(),
      idempotency_key_hash: nullable(bytes()),
      payload_hash: bytes(),
      body: bytes(),
      hash: bytes(),
      signature: bytes(),
      key_id: text(),
      response: nullable(bytes()),
      correlation_id: uuid(),
      completed_at: time(),
    },
  }),
  domain_events: define({
    kind: 'ledger',
    scope: 'environment',
    key: ['id'],
    indexes: [{ columns: ['written_in', 'id'] }],
    grants: everyExecutor,
    columns: { id: uuid(), type: text(), body: bytes(), hash: bytes() },
    checks: { hash_is_sha256: hash32('hash') },
  }),

  // ---- queues: ids, positions and due times only ------------------------------------------------------------------
  log_pending: define({
    kind: 'queue',
    scope: 'environment',
    key: ['position'],
    grants: { insert: ['kf_command', 'kf_ingest', 'kf_worker'], drain: 'kf_sequencer' },
    columns: { position: { type: 'bigint', nullable: false, identity: true, fixed: true }, receipt_id: uuid() },
  }),
  expiry_schedule: define({
    kind: 'queue',
    scope: 'environment',
    key: ['due_at'],
    grants: { insert: ['kf_command', 'kf_ingest', 'kf_worker'], drain: 'kf_worker' },
    columns: { due_at: time() },
  }),
} as const;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[]; // Object.keys widens to string[]; the keys are exactly these.

/** Columns that every row has, and those that bind a row to its receipt. */
export const scopeColumns = {
  tenant_id: uuid(),
  environment_id: uuid(),
} as const;

export const guardColumns = {
  receipt_id: { type: 'uuid', nullable: false },
  written_in: { type: 'xid8', nullable: false },
} as const satisfies Record<string, Column>;

/** What an entity keeps about its own history; times come from the events that changed it. */
export const historyColumns = {
  version: { type: 'bigint', nullable: false },
  created_at: { type: 'timestamptz', nullable: false, fixed: true },
  updated_at: { type: 'timestamptz', nullable: false },
} as const satisfies Record<string, Column>;

type ExtraColumns<Kind> = Kind extends 'entity'
  ? typeof historyColumns & typeof guardColumns
  : Kind extends 'ledger'
    ? typeof guardColumns
    : Kind extends 'receipt'
      ? { written_in: (typeof guardColumns)['written_in'] }
      : object;

type AllColumns<T extends Table> = typeof scopeColumns & T['columns'] & ExtraColumns<T['kind']>;

/** A row as it is read: uuids without prefix, times as RFC 3339 text, bigint as a safe integer. */
export type Row<Name extends TableName> = {
  [C in keyof AllColumns<(typeof tables)[Name]>]: ColumnValue<AllColumns<(typeof tables)[Name]>[C]>;
};

/** The Kysely database type. It follows from the registry, and a test proves the registry equal to the catalogue. */
export type DatabaseTables = { [Name in TableName]: Row<Name> };

/** The declaration of a table, with what is optional spelled out. */
export function tableOf(name: TableName): Table {
  return tables[name];
}

/** All columns of a table in their order in the database. */
export function columnsOf(name: TableName): Record<string, Column> {
  const table = tableOf(name);
  const extra: Record<string, Column> = {
    entity: { ...historyColumns, ...guardColumns },
    ledger: guardColumns,
    receipt: { written_in: guardColumns.written_in },
    queue: {},
  }[table.kind];
  return { ...scopeColumns, ...table.columns, ...extra };
}

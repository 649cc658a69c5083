import { bytes, count, nullable, oneOf, ordinal, text, time, uuid } from './definition.ts';
import { define, everyExecutor, hash32 } from './grants.ts';

/** What is append-only. */
export const ledgerTables = {
  approval_votes: define({
    kind: 'ledger',
    scope: 'environment',
    // One vote for each human, whatever the votes say.
    key: ['approval_id', 'voter_id'],
    references: [{ columns: ['approval_id', 'requested_by'], table: 'approvals', target: ['id', 'requested_by'] }],
    checks: { nobody_votes_on_their_own: 'voter_id <> requested_by' },
    grants: { read: ['kf_command', 'kf_read'], insert: ['kf_command'] },
    columns: {
      approval_id: uuid(),
      voter_id: uuid(),
      requested_by: uuid(),
      vote: oneOf(['APPROVE', 'DENY']),
      reason: nullable(text()),
      voted_at: time(),
    },
  }),
  oversell_revisions: define({
    kind: 'ledger',
    scope: 'environment',
    key: ['scope_key', 'revision'],
    references: [{ columns: ['scope_key'], table: 'oversell_policies', target: ['scope_key'] }],
    checks: { quantity_not_negative: 'quantity >= 0' },
    // Read wherever stock is promised, and without a lock, which is why they are facts and not the policy's own row.
    grants: { read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'], insert: ['kf_command'] },
    columns: {
      scope_key: text(),
      revision: count(),
      mode: oneOf(['LIMIT', 'BACKORDER', 'STRICT', 'INHERIT']),
      quantity: count(),
      set_at: time(),
    },
  }),
  ingest_mappings: define({
    kind: 'ledger',
    scope: 'control',
    key: ['ingest_source_id', 'revision'],
    references: [{ columns: ['ingest_source_id'], table: 'ingest_sources' }],
    grants: { read: ['kf_command', 'kf_read', 'kf_ingest'], insert: ['kf_command'] },
    // Canonical JSON: a template with its settings, or rules.
    columns: { ingest_source_id: uuid(), revision: count(), document: text(), set_at: time() },
  }),
  // Each message of a source once, by what its sender calls it and by what was signed. Written by the command that it became.
  ingest_claims: define({
    kind: 'ledger',
    scope: 'environment',
    key: ['ingest_source_id', 'message_key'],
    unique: [{ columns: ['ingest_source_id', 'content_key'] }],
    indexes: [{ columns: ['ingest_source_id', 'subject'], where: 'subject IS NOT NULL' }],
    grants: { read: ['kf_command', 'kf_read', 'kf_ingest'], insert: ['kf_command', 'kf_ingest'] },
    columns: {
      ingest_source_id: uuid(),
      message_key: text(),
      content_key: text(),
      body_key: text(),
      message_id: text(),
      outcome: oneOf(['PROCESSED', 'REFUSED', 'PAUSED', 'UNCHANGED', 'QUARANTINED']),
      // The command's own receipt where the claim was written beside it; null where it stands on the same receipt.
      command_receipt_id: nullable(uuid()),
      subject: nullable(text()),
      claimed_at: time(),
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
    inlineDocuments: true,
    key: ['id'],
    unique: [
      { columns: ['command_type', 'idempotency_key_hash'], acrossEnvironments: true },
      { columns: ['id', 'written_in'] },
    ],
    // What is searched for; the rest is walked from the newest on. Each one more costs every command.
    indexes: [
      { columns: ['actor_id', 'id'] },
      { columns: ['correlation_id', 'id'] },
      { columns: ['status', 'id'], where: "status <> 'SUCCEEDED'" },
    ],
    checks: {
      hash_is_sha256: hash32('hash'),
      payload_hash_is_sha256: hash32('payload_hash'),
      signature_is_ed25519: 'octet_length(signature) = 64',
    },
    // The sequencer reads a tenant's receipts, in that tenant's context, to hash them into its log.
    grants: { ...everyExecutor, read: [...everyExecutor.read, 'kf_sequencer'] },
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
    inlineDocuments: true,
    // By transaction first: it is the order in which they are read, and one index for every event is enough.
    key: ['written_in', 'id'],
    grants: { ...everyExecutor, read: [...everyExecutor.read, 'kf_delivery'] },
    columns: { id: uuid(), type: text(), body: bytes(), hash: bytes() },
    checks: { hash_is_sha256: hash32('hash') },
  }),
} as const;

import { bytes, count, nullable, text, time, uuid, type Column } from './definition.ts';
import { define, hash32 } from './grants.ts';

const fixedTransaction = { type: 'xid8', nullable: false, fixed: true } as const satisfies Column;

/**
 * Ids, hashes and positions only, since the sequencer sees those of the log across tenants, and delivery those of the stream. Nobody ever changes one. They have
 * no foreign keys: what they name was read in the same transaction and can never be removed, and checking would cost as much
 * as writing them.
 */
export const sequenceTables = {
  // The log of a tenant spans its environments: an index is unique in the tenant, and each leaf stands beside its receipt.
  log_leaves: define({
    kind: 'sequence',
    scope: 'environment',
    key: ['command_receipt_id'],
    unique: [{ columns: ['leaf_index'], acrossEnvironments: true }],
    checks: { index_not_negative: 'leaf_index >= 0', hash_is_sha256: hash32('leaf_hash') },
    grants: { read: ['kf_command', 'kf_read', 'kf_sequencer'], insert: ['kf_sequencer'], overview: ['kf_sequencer'] },
    columns: { command_receipt_id: uuid(), leaf_index: count(), leaf_hash: bytes() },
  }),
  stream_events: define({
    kind: 'sequence',
    scope: 'environment',
    key: ['seq'],
    unique: [{ columns: ['event_id'] }],
    checks: { seq_positive: 'seq > 0' },
    // Who follows the streams sees how far each has come, without looking into them one by one.
    grants: {
      read: ['kf_command', 'kf_read', 'kf_worker', 'kf_sequencer', 'kf_delivery'],
      insert: ['kf_sequencer'],
      overview: ['kf_delivery', 'kf_worker'],
    },
    // With the event's own transaction, so that its row is found by the primary key of domain_events.
    columns: { seq: count(), event_id: uuid(), event_written_in: fixedTransaction, command_receipt_id: uuid() },
  }),
  // A size of the tree that is to be published; decided here first, so that a crash later changes nothing about it.
  log_roots: define({
    kind: 'sequence',
    scope: 'control',
    key: ['tree_size'],
    checks: { size_positive: 'tree_size > 0', root_is_sha256: hash32('root_hash') },
    grants: { read: ['kf_command', 'kf_read', 'kf_sequencer'], insert: ['kf_sequencer'], overview: ['kf_sequencer'] },
    columns: {
      tree_size: count(),
      root_hash: bytes(),
      // The hashes of the complete subtrees, one after the other: all that is needed to extend the tree.
      frontier: bytes(),
      // Where this root stands in the log of roots, which one signature covers; null for the root of that log itself.
      super_index: nullable(count()),
      decided_at: time(),
    },
  }),
  // Published: signed, and in the archive with everything that it covers.
  log_checkpoints: define({
    kind: 'sequence',
    scope: 'control',
    key: ['tree_size'],
    grants: { read: ['kf_command', 'kf_read', 'kf_sequencer'], insert: ['kf_sequencer'], overview: ['kf_sequencer'] },
    columns: { tree_size: count(), note: text(), published_at: time() },
  }),
  // One row for each time that a sequencer took over. Its rows belong to the platform, under the tenant whose UUID is zero.
  sequencer_terms: define({
    kind: 'sequence',
    scope: 'control',
    key: ['epoch'],
    grants: { read: ['kf_sequencer'], insert: ['kf_sequencer'] },
    columns: { epoch: count(), leader_id: uuid(), begun_at: time() },
  }),
} as const;

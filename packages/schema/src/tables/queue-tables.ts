import { time } from './definition.ts';
import { define } from './grants.ts';

/** Queues: ids, positions and due times only, since a system role sees them across tenants. */
export const queueTables = {
  log_pending: define({
    kind: 'queue',
    scope: 'environment',
    key: ['position'],
    grants: { insert: ['kf_command', 'kf_ingest', 'kf_worker'], drain: 'kf_sequencer' },
    // One row for each transaction, with its receipts in the order in which they were decided.
    columns: {
      position: { type: 'bigint', nullable: false, identity: true, fixed: true },
      receipt_ids: { type: 'uuid[]', nullable: false, fixed: true },
    },
  }),
  expiry_schedule: define({
    kind: 'queue',
    scope: 'environment',
    key: ['due_at'],
    grants: { insert: ['kf_command', 'kf_ingest', 'kf_worker'], drain: 'kf_worker' },
    columns: { due_at: time() },
  }),
} as const;

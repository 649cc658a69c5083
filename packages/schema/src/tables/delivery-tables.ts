import {
  bytes,
  type Column,
  count,
  flag,
  json,
  mutable,
  nullable,
  oneOf,
  ordinal,
  text,
  textList,
  time,
  uuid,
  uuidList,
} from './definition.ts';
import { define } from './grants.ts';

const fixedTransaction = { type: 'xid8', nullable: false, fixed: true } as const satisfies Column;

const healthStates = ['HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE', 'PAUSED'] as const;

/** A projection: written by whoever delivers, read by the operator's API, and no business of commands. */
const projected = { read: ['kf_command', 'kf_read', 'kf_delivery'], insert: ['kf_delivery'] } as const;
const carriedOn = { ...projected, update: ['kf_delivery'] } as const;

/**
 * How far webhooks have come in the stream, what was sent when, and what came of it. Like positions of the sequencer these rows
 * have no foreign keys to what commands write: what they name was read in the same scope, and can never be removed.
 * Deliveries and their attempts themselves are history: what was over long ago goes.
 */
export const deliveryTables = {
  // Ids, positions and due times only: whoever delivers sees from these, across tenants, where there is something to do.
  webhook_cursors: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['subscription_id'],
    checks: { admitted_not_negative: 'admitted_seq >= 0', ordinal_positive: 'next_ordinal > 0' },
    fillFactorPercent: 50,
    grants: { ...carriedOn, overview: ['kf_delivery'] },
    columns: {
      subscription_id: uuid(),
      // Of the subscription and its place in the roster, as taken over here last.
      roster_version: mutable(count()),
      generation: mutable(ordinal()),
      health_epoch: mutable(ordinal()),
      // The last position of the stream that was looked at: whatever it had to become has a row.
      admitted_seq: mutable(count()),
      next_ordinal: mutable(count()),
      // While only the latest of each entity is taken: up to this position.
      compact_until_seq: mutable(nullable(count())),
      // Whether new events wake it; not while it is stopped, suspended or full.
      follows: mutable(flag()),
      // The earliest thing to do besides new events: a retry, a lease that ends, a probe.
      next_due_at: mutable(nullable(time())),
      paced_until: mutable(nullable(time())),
      health: mutable(oneOf(healthStates)),
      health_since: mutable(time()),
      next_probe_at: mutable(nullable(time())),
    },
  }),
  webhook_health: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['subscription_id'],
    checks: { failures_not_negative: 'consecutive_failures >= 0' },
    fillFactorPercent: 50,
    grants: carriedOn,
    columns: {
      subscription_id: uuid(),
      reason: mutable(text()),
      consecutive_failures: mutable(ordinal()),
      first_failure_at: mutable(nullable(time())),
      // How many deliveries the receiver can take at a time at the moment; null before the first attempt.
      pace: mutable(nullable(ordinal())),
      // The whole state of the health machine.
      evidence: mutable(json()),
    },
  }),
  webhook_deliveries: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['id'],
    // Nothing is admitted twice, whatever crashed. `origin_id` is the subscription, or the recovery that asked again.
    unique: [{ columns: ['subscription_id', 'origin_id', 'generation', 'seq'] }],
    references: [{ columns: ['subscription_id'], table: 'webhook_cursors' }],
    indexes: [
      { columns: ['subscription_id', 'id'] },
      { columns: ['subscription_id', 'state', 'id'], where: "state <> 'DELIVERED'" },
      { columns: ['subscription_id', 'lane', 'next_attempt_at'], where: "state = 'WAITING'" },
      { columns: ['subscription_id', 'generation', 'ordinal'] },
      { columns: ['subscription_id', 'ordinal'], where: 'ended_at IS NULL' },
      { columns: ['subscription_id', 'lease_until'], where: "state = 'SENDING'" },
      { columns: ['behind'], where: 'behind IS NOT NULL' },
      { columns: ['subscription_id', 'generation', 'entity_type', 'entity_id', 'ordinal'] },
    ],
    checks: {
      seq_positive: 'seq > 0',
      attempts_not_negative: 'attempts >= 0 AND charged_attempts >= 0',
      lease_is_a_pair: '(lease_id IS NULL) = (lease_until IS NULL)',
    },
    fillFactorPercent: 70,
    grants: { ...carriedOn, expire: { role: 'kf_delivery', since: 'ended_at' } },
    columns: {
      id: uuid(),
      subscription_id: uuid(),
      origin_id: uuid(),
      generation: ordinal(),
      seq: count(),
      event_id: uuid(),
      event_written_in: fixedTransaction,
      event_type: text(),
      entity_type: text(),
      entity_id: text(),
      // Its number in the generation, 1, 2, 3 … without a gap; null where a recovery sends what never had one.
      ordinal: nullable(count()),
      // What the receiver must have had before; null where the order does not ask for anything.
      previous_ordinal: nullable(count()),
      // Every entity of the event, and the deliveries that come before this one for their sake.
      order_keys: textList(),
      predecessors: uuidList(),
      behind: mutable(nullable(uuid())),
      is_probe: mutable(flag()),
      traceparent: nullable(text()),
      lane: mutable(oneOf(['FIRST', 'RETRY', 'REPLAY'])),
      state: mutable(oneOf(['WAITING', 'SENDING', 'DELIVERED', 'PARKED', 'EXHAUSTED', 'DROPPED'])),
      // All requests that were made, and those of them that count against the schedule.
      attempts: mutable(ordinal()),
      charged_attempts: mutable(ordinal()),
      next_attempt_at: mutable(nullable(time())),
      why: mutable(nullable(text())),
      lease_id: mutable(nullable(uuid())),
      lease_until: mutable(nullable(time())),
      admitted_at: time(),
      ended_at: mutable(nullable(time())),
    },
  }),
  // Evidence: what was done and what came back. Never changed, and removed with its delivery only.
  webhook_attempts: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['delivery_id', 'attempt'],
    references: [{ columns: ['delivery_id'], table: 'webhook_deliveries' }],
    checks: {
      attempt_positive: 'attempt > 0',
      digest_is_sha256: 'request_digest IS NULL OR octet_length(request_digest) = 32',
    },
    grants: { ...projected, expire: { role: 'kf_delivery', since: 'started_at' } },
    columns: {
      delivery_id: uuid(),
      attempt: ordinal(),
      started_at: time(),
      total_milliseconds: ordinal(),
      is_probe: flag(),
      outcome: oneOf(['DELIVERED', 'FAILED', 'SLOW_DOWN', 'GONE', 'NOT_CHARGED', 'UNSENDABLE']),
      failure_code: nullable(text()),
      failure_phase: nullable(text()),
      failure_reason: nullable(text()),
      status_code: nullable(ordinal()),
      // Milliseconds by phase.
      phases: json(),
      address: nullable(text()),
      response_start: nullable(text()),
      response_truncated: flag(),
      request_digest: nullable(bytes()),
      traceparent: text(),
      next_attempt_at: nullable(time()),
      why: nullable(text()),
      health_after: oneOf(healthStates),
    },
  }),
  webhook_recovery_progress: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['recovery_id'],
    checks: { admitted_not_negative: 'admitted_count >= 0', through_not_negative: 'through_seq >= 0' },
    grants: carriedOn,
    columns: {
      recovery_id: uuid(),
      // The last position that was looked at, and how many deliveries came of it.
      through_seq: mutable(count()),
      admitted_count: mutable(count()),
    },
  }),
} as const;

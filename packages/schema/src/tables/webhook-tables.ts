import { count, flag, mutable, nullable, oneOf, ordinal, text, textList, time, uuid } from './definition.ts';
import { carriedOut, define } from './grants.ts';

/** Whoever delivers reads them in the scope of each, and writes none of them. */
const deliveredFrom = { ...carriedOut, read: [...carriedOut.read, 'kf_delivery'] } as const;

/** What partners are to be told of, as people decided. How far it has come stands in the tables of delivery. */
export const webhookTables = {
  webhook_subscriptions: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: [], table: 'environments' }],
    checks: {
      secret_version_positive: 'secret_version > 0',
      // The oldest secret that still signs, and until when: both or neither.
      retiring_is_a_pair: '(retiring_version IS NULL) = (retiring_until IS NULL)',
      retiring_before_current: 'retiring_version < secret_version',
    },
    grants: deliveredFrom,
    columns: {
      id: uuid(),
      url: mutable(text()),
      description: mutable(nullable(text())),
      // Exact types, or `inventory.*`, or `*`.
      event_types: mutable(textList()),
      ordering: mutable(oneOf(['UNORDERED', 'BY_ENTITY', 'STRICT'])),
      // Canonical JSON of an object from name to value.
      headers: mutable(text()),
      rate_per_second: mutable(ordinal()),
      max_in_flight: mutable(ordinal()),
      is_asymmetric: mutable(flag()),
      state: mutable(oneOf(['ENABLED', 'PAUSED', 'DELETED'])),
      secret_version: mutable(ordinal()),
      retiring_version: mutable(nullable(ordinal())),
      retiring_until: mutable(nullable(time())),
      // One more each time that delivery begins elsewhere than where it stopped: sequence numbers begin again with it.
      generation: mutable(ordinal()),
      // How this generation began; resuming where it stopped begins none.
      start_mode: mutable(oneOf(['FROM_NOW', 'LATEST_PER_ENTITY', 'FROM_SEQ'])),
      start_seq: mutable(nullable(count())),
      // The event of the stream at which the generation begins: what "now" was.
      start_event_id: mutable(uuid()),
      // One more each time that a person gave the endpoint a fresh start; what was seen before says nothing any more.
      health_epoch: mutable(ordinal()),
      health: mutable(oneOf(['HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE'])),
      health_reason: mutable(text()),
      // Canonical JSON.
      health_evidence: mutable(text()),
      health_since: mutable(time()),
    },
  }),
  // Ids only: what whoever delivers sees of every tenant. Its version tells that something was decided.
  webhook_roster: define({
    kind: 'entity',
    scope: 'environment',
    key: ['subscription_id'],
    references: [{ columns: ['subscription_id'], table: 'webhook_subscriptions' }],
    grants: { ...deliveredFrom, overview: ['kf_delivery'] },
    columns: { subscription_id: uuid(), status: mutable(oneOf(['LIVE', 'ENDED'])) },
  }),
  webhook_recoveries: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: ['subscription_id'], table: 'webhook_subscriptions' }],
    indexes: [{ columns: ['subscription_id', 'id'] }],
    checks: {
      done_not_negative: 'done_count >= 0',
      failed_not_negative: 'failed_count >= 0',
      never_more_than_expected: 'done_count + failed_count <= expected_count',
      names_its_delivery: "(kind = 'REPLAY') = (delivery_id IS NOT NULL)",
      names_its_range: "(kind = 'RECOVER') = (from_seq IS NOT NULL AND to_seq IS NOT NULL)",
    },
    grants: deliveredFrom,
    columns: {
      id: uuid(),
      subscription_id: uuid(),
      kind: oneOf(['RECOVER', 'REPLAY']),
      delivery_id: nullable(uuid()),
      // Both positions included.
      from_seq: nullable(count()),
      to_seq: nullable(count()),
      // As in a subscription; none: those of the subscription.
      event_types: textList(),
      only_failed: flag(),
      expected_count: count(),
      status: mutable(oneOf(['RUNNING', 'CANCELLED', 'DONE', 'STOPPED_AT_BOUND'])),
      done_count: mutable(count()),
      failed_count: mutable(count()),
      started_at: time(),
      finished_at: mutable(nullable(time())),
    },
  }),
} as const;

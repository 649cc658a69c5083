import { count, mutable, nullable, oneOf, ordinal, text, time, uuid } from './definition.ts';
import { define } from './grants.ts';

/** Written by whoever follows the streams of every tenant, read by the operator's API, and no business of commands. */
const followed = {
  read: ['kf_command', 'kf_read', 'kf_worker'],
  insert: ['kf_worker'],
  update: ['kf_worker'],
} as const;
/** A name that the code gives, and nothing of a tenant: it is seen across tenants. */
const nameIsPlain = "consumer ~ '^[a-z][a-z0-9_]{0,62}$'";
const tracks = ['PROJECTION', 'EFFECT'] as const;

/** How far each durable consumer has come in the stream of an environment, and what it could not deal with. */
export const consumerTables = {
  consumer_tracks: define({
    kind: 'delivery',
    scope: 'environment',
    // What a consumer writes into the database and what it does outside have each a checkpoint of their own.
    key: ['consumer', 'track'],
    checks: {
      consumer_plain: nameIsPlain,
      counts_not_negative: 'seq >= 0 AND careful_seq >= 0 AND tries >= 0 AND retries >= 0 AND epoch >= 0',
    },
    fillFactorPercent: 50,
    grants: { ...followed, overview: ['kf_worker'] },
    columns: {
      consumer: text(),
      track: oneOf(tracks),
      state: mutable(oneOf(['RUNNING', 'PAUSED', 'STOPPED'])),
      // The checkpoint: everything up to it is done, or parked.
      seq: mutable(count()),
      // Up to here events are taken one by one, since a batch among them failed.
      careful_seq: mutable(count()),
      // Failed tries of the event behind the checkpoint.
      tries: mutable(ordinal()),
      // Parked events that are to be tried again.
      retries: mutable(count()),
      // Raised by whoever takes over: nothing is written under an earlier one.
      epoch: mutable(count()),
      owner_id: mutable(nullable(uuid())),
      lease_until: mutable(nullable(time())),
      moved_at: mutable(time()),
    },
  }),
  consumer_parked: define({
    kind: 'delivery',
    scope: 'environment',
    key: ['consumer', 'track', 'seq'],
    references: [{ columns: ['consumer', 'track'], table: 'consumer_tracks' }],
    indexes: [{ columns: ['consumer', 'track', 'state', 'seq'] }],
    grants: followed,
    columns: {
      consumer: text(),
      track: oneOf(tracks),
      seq: count(),
      event_id: uuid(),
      state: mutable(oneOf(['PARKED', 'RETRY', 'DONE'])),
      reason: mutable(text()),
      tries: mutable(ordinal()),
      parked_at: mutable(time()),
    },
  }),
} as const;

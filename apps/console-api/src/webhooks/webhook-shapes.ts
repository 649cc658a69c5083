import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { PollPage } from './poll-deliveries.ts';
import type { VerificationKeys } from './verification-keys.ts';

const range = v.strictObject({ from: v.number(), to: v.number() });

export const pollPageShape = v.strictObject({
  messages: v.array(v.strictObject({ headers: v.record(v.string(), v.string()), body: v.string() })),
  /** Where to go on. */
  cursor: v.string(),
  hasMore: v.boolean(),
  behind: v.number(),
  state: v.string(),
  health: v.string(),
  gaps: v.strictObject({
    endedGeneration: v.nullable(v.number()),
    missing: v.array(range),
    undelivered: v.array(range),
    undeliveredMore: v.boolean(),
  }),
}) satisfies v.GenericSchema<unknown, { [Field in keyof PollPage]: unknown }>;

export const verificationKeysShape = v.strictObject({
  subscriptionId: idShape('webhookSubscription'),
  keys: v.array(
    v.strictObject({
      secretVersion: v.number(),
      publicKey: v.string(),
      /** null for the key of now. */
      validUntil: v.nullable(timestampShape),
    }),
  ),
}) satisfies v.GenericSchema<unknown, { [Field in keyof VerificationKeys]: unknown }>;

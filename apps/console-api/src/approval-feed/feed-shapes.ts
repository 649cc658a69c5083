import { approval } from '@karmanflow/commands';
import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';

/** The data of the messages of the feed, by the name of the message. */

export const snapshotShape = v.strictObject({
  approvals: v.array(approval.approvalShape),
  /** More wait than are shown, all of which end later; approval.list has them. */
  hasMore: v.boolean(),
});

/** Of requested, voted and ended. The approval is as it stood when the change was read: its version says which came last. */
export const changeShape = v.strictObject({
  eventId: idShape('event'),
  occurredAt: timestampShape,
  vote: v.nullable(
    v.strictObject({
      voterId: idShape('principal'),
      vote: v.picklist(['APPROVE', 'DENY']),
      reason: v.nullable(v.string()),
    }),
  ),
  approval: approval.approvalShape,
});

export const endShape = v.strictObject({
  reason: v.picklist(['draining', 'slow', 'no_longer_allowed', 'database_unavailable']),
});

export const feedDataShape = v.union([snapshotShape, changeShape, endShape]);

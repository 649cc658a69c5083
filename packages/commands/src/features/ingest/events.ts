import { defineEvent } from '@karmanflow/events';
import { idShape, tables, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { ingestBounds } from './ingest-bounds.ts';

/** SHA-256 in lower-case hex. */
export const keyShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
);

/** What a sender calls a message: visible ASCII. */
export const messageIdShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(ingestBounds.messageIdCharacters),
  v.regex(/^[!-~]+$/, 'must be visible ASCII characters'),
);

/** What a message is about, in its sender's words: an order, by which a later message names it again. */
export const subjectShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(ingestBounds.subjectCharacters),
  v.regex(/^[!-~]+$/, 'must be visible ASCII characters'),
);

export const claimOutcomes = tables.ingest_claims.columns.outcome.values;
export type ClaimOutcome = (typeof claimOutcomes)[number];
export const quarantineReasons = tables.quarantined_messages.columns.reason.values;
export type QuarantineReason = (typeof quarantineReasons)[number];
export const quarantineStatuses = tables.quarantined_messages.columns.status.values;
export type QuarantineStatus = (typeof quarantineStatuses)[number];

const ingestSourceId = idShape('ingestSource');
const quarantinedMessageId = idShape('quarantinedMessage');

export const claimFields = {
  ingestSourceId,
  /** SHA-256 of the sender's id; with the type of message where neither is signed. */
  messageKey: keyShape,
  /** SHA-256 of what was signed; with the id where the source says that the same content may come again. */
  contentKey: keyShape,
  bodyKey: keyShape,
  messageId: messageIdShape,
  subject: v.nullable(subjectShape),
};

/** A message was taken, and is never taken again. On the receipt of the command that it became, whenever that had an effect. */
export const messageClaimed = defineEvent({
  type: 'ingest.message.claimed',
  version: 1,
  data: v.strictObject({
    ...claimFields,
    outcome: v.picklist(claimOutcomes),
    /** The command's receipt; null: the receipt that this event stands on. */
    commandReceiptId: v.nullable(idShape('receipt')),
  }),
  touches: ({ ingestSourceId: source, messageKey }) => [
    { entity: 'ingest_claim', key: { ingestSourceId: source, messageKey } },
  ],
});
export type MessageClaimed = v.InferOutput<typeof messageClaimed.data>;

interface OfMessage {
  readonly quarantinedMessageId: string;
  readonly ingestSourceId: string;
}
const touchesMessage = ({ quarantinedMessageId: id }: OfMessage) => ({ entity: 'quarantined_message', key: { id } });
/** Comes to an end, or begins: the source's count of what it holds changes too. */
const touchesBoth = (data: OfMessage) => [
  { entity: 'ingest_quarantine', key: { ingestSourceId: data.ingestSourceId } },
  touchesMessage(data),
];

/** References and counts: the bytes themselves are where they can be erased. */
export const messageQuarantined = defineEvent({
  type: 'ingest.message.quarantined',
  version: 1,
  data: v.strictObject({
    quarantinedMessageId,
    ingestSourceId,
    messageId: messageIdShape,
    contentKey: keyShape,
    reason: v.picklist(quarantineReasons),
    storedBytes: v.number(),
    payloadId: v.nullable(idShape('personalData')),
    outlineId: v.nullable(idShape('personalData')),
    expiresAt: timestampShape,
  }),
  touches: touchesBoth,
  dueAt: ({ expiresAt }) => expiresAt,
});
export type MessageQuarantined = v.InferOutput<typeof messageQuarantined.data>;

export const messageCheckRequested = defineEvent({
  type: 'ingest.message.check_requested',
  version: 1,
  data: v.strictObject({ quarantinedMessageId, ingestSourceId }),
  touches: (data) => [touchesMessage(data)],
});

/** It is to be tried on a mapping that its source does not have: `mapping` is that mapping as canonical JSON. */
export const messageTrialRequested = defineEvent({
  type: 'ingest.message.trial_requested',
  version: 1,
  data: v.strictObject({ quarantinedMessageId, ingestSourceId, mapping: v.string() }),
  touches: (data) => [touchesMessage(data)],
});
export type MessageTrialRequested = v.InferOutput<typeof messageTrialRequested.data>;

export const messageReleaseRequested = defineEvent({
  type: 'ingest.message.release_requested',
  version: 1,
  data: v.strictObject({ quarantinedMessageId, ingestSourceId }),
  touches: (data) => [touchesMessage(data)],
});

/** It was looked at again, and stays where it is. */
export const messageChecked = defineEvent({
  type: 'ingest.message.checked',
  version: 1,
  data: v.strictObject({ quarantinedMessageId, ingestSourceId, result: v.string() }),
  touches: (data) => [touchesMessage(data)],
});
export type MessageChecked = v.InferOutput<typeof messageChecked.data>;

/** It was released, and its command came to an end. */
export const messageReleased = defineEvent({
  type: 'ingest.message.released',
  version: 1,
  data: v.strictObject({
    quarantinedMessageId,
    ingestSourceId,
    storedBytes: v.number(),
    outcome: v.string(),
    commandReceiptId: v.nullable(idShape('receipt')),
  }),
  touches: touchesBoth,
});
export type MessageReleased = v.InferOutput<typeof messageReleased.data>;

const ended = v.strictObject({ quarantinedMessageId, ingestSourceId, storedBytes: v.number() });
export type MessageEnded = v.InferOutput<typeof ended>;

export const messageDiscarded = defineEvent({
  type: 'ingest.message.discarded',
  version: 1,
  data: ended,
  touches: touchesBoth,
});

export const messageExpired = defineEvent({
  type: 'ingest.message.expired',
  version: 1,
  data: ended,
  touches: touchesBoth,
});

import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type { IngestSourceMappingSet } from '../access/index.ts';
import type {
  ClaimOutcome,
  MessageChecked,
  MessageClaimed,
  MessageEnded,
  MessageQuarantined,
  MessageReleased,
  MessageTrialRequested,
  QuarantineReason,
  QuarantineStatus,
} from './events.ts';

function existing<State>(state: State | undefined, event: { readonly type: string }): State {
  if (state === undefined) throw new Error(`${event.type} came before what it concerns`);
  return state;
}

/** One revision of what the messages of a source become. */
export interface IngestMappingState {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly revision: number;
  /** Canonical JSON. */
  readonly document: string;
  readonly setAt: string;
}

export const ingestMapping = defineEntity<IngestMappingState>({
  name: 'ingest_mapping',
  table: 'ingest_mappings',
  locked: false,
  key: ['ingestSourceId', 'revision'],
  fields: {
    ingestSourceId: { column: 'ingest_source_id', id: 'ingestSource' },
    revision: { column: 'revision' },
    document: { column: 'document' },
    setAt: { column: 'set_at' },
  },
  evolve: {
    'access.ingest_source.mapping_set': (_state, { data, occurredAt }: PastEvent<IngestSourceMappingSet>) => ({
      ingestSourceId: data.ingestSourceId,
      revision: data.revision,
      document: data.document,
      setAt: occurredAt,
    }),
  },
});

/** A message that was taken. The table has room for its id once, and for what was signed once. */
export interface IngestClaimState {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly messageKey: string;
  readonly contentKey: string;
  readonly bodyKey: string;
  readonly messageId: string;
  readonly outcome: ClaimOutcome;
  readonly commandReceiptId: Id<'receipt'> | null;
  readonly subject: string | null;
  readonly claimedAt: string;
}

export const ingestClaim = defineEntity<IngestClaimState>({
  name: 'ingest_claim',
  table: 'ingest_claims',
  locked: false,
  key: ['ingestSourceId', 'messageKey'],
  fields: {
    ingestSourceId: { column: 'ingest_source_id', id: 'ingestSource' },
    messageKey: { column: 'message_key' },
    contentKey: { column: 'content_key' },
    bodyKey: { column: 'body_key' },
    messageId: { column: 'message_id' },
    outcome: { column: 'outcome' },
    commandReceiptId: { column: 'command_receipt_id', id: 'receipt' },
    subject: { column: 'subject' },
    claimedAt: { column: 'claimed_at' },
  },
  evolve: {
    'ingest.message.claimed': (_state, { data, occurredAt }: PastEvent<MessageClaimed>) => ({
      ...data,
      claimedAt: occurredAt,
    }),
  },
});

/** How much of a source is held. */
export interface IngestQuarantineState {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly heldMessages: number;
  readonly heldBytes: number;
}

const oneLess = (state: IngestQuarantineState | undefined, event: PastEvent<MessageEnded>): IngestQuarantineState => {
  const before = existing(state, event);
  return {
    ...before,
    heldMessages: before.heldMessages - 1,
    heldBytes: before.heldBytes - event.data.storedBytes,
  };
};

export const ingestQuarantine = defineEntity<IngestQuarantineState>({
  name: 'ingest_quarantine',
  table: 'ingest_quarantines',
  locked: true,
  key: ['ingestSourceId'],
  fields: {
    ingestSourceId: { column: 'ingest_source_id', id: 'ingestSource' },
    heldMessages: { column: 'held_messages' },
    heldBytes: { column: 'held_bytes' },
  },
  evolve: {
    'ingest.message.quarantined': (state, { data }: PastEvent<MessageQuarantined>) => ({
      ingestSourceId: data.ingestSourceId,
      heldMessages: (state?.heldMessages ?? 0) + 1,
      heldBytes: (state?.heldBytes ?? 0) + data.storedBytes,
    }),
    'ingest.message.released': oneLess,
    'ingest.message.discarded': oneLess,
    'ingest.message.expired': oneLess,
  },
});

/** A genuine message that became no command, until a person decides about it or its time is over. */
export interface QuarantinedMessageState {
  readonly id: Id<'quarantinedMessage'>;
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly messageId: string;
  readonly contentKey: string;
  readonly reason: QuarantineReason;
  readonly storedBytes: number;
  /** null once it is over: the values are erased with the reference. */
  readonly payloadId: Id<'personalData'> | null;
  readonly outlineId: Id<'personalData'> | null;
  readonly receivedAt: string;
  readonly expiresAt: string;
  readonly status: QuarantineStatus;
  readonly checkedAt: string | null;
  readonly checkResult: string | null;
  /** The mapping that is to be tried on it, as canonical JSON; null once that has been done, or nobody asked. */
  readonly trialMapping: string | null;
  readonly outcome: string | null;
  readonly outcomeReceiptId: Id<'receipt'> | null;
  readonly endedAt: string | null;
}

const withStatus =
  (status: QuarantineStatus) =>
  (state: QuarantinedMessageState | undefined, event: PastEvent<unknown>): QuarantinedMessageState => ({
    ...existing(state, event),
    status,
  });

const over =
  (status: QuarantineStatus) =>
  (state: QuarantinedMessageState | undefined, event: PastEvent<unknown>): QuarantinedMessageState => ({
    ...existing(state, event),
    status,
    payloadId: null,
    outlineId: null,
    trialMapping: null,
    endedAt: event.occurredAt,
  });

export const quarantinedMessage = defineEntity<QuarantinedMessageState>({
  name: 'quarantined_message',
  table: 'quarantined_messages',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'quarantinedMessage' },
    ingestSourceId: { column: 'ingest_source_id', id: 'ingestSource' },
    messageId: { column: 'message_id' },
    contentKey: { column: 'content_key' },
    reason: { column: 'reason' },
    storedBytes: { column: 'stored_bytes' },
    payloadId: { column: 'payload_id', id: 'personalData' },
    outlineId: { column: 'outline_id', id: 'personalData' },
    receivedAt: { column: 'received_at' },
    expiresAt: { column: 'expires_at' },
    status: { column: 'status' },
    checkedAt: { column: 'checked_at' },
    checkResult: { column: 'check_result' },
    trialMapping: { column: 'trial_mapping' },
    outcome: { column: 'outcome' },
    outcomeReceiptId: { column: 'outcome_receipt_id', id: 'receipt' },
    endedAt: { column: 'ended_at' },
  },
  evolve: {
    'ingest.message.quarantined': (_state, { data, occurredAt }: PastEvent<MessageQuarantined>) => ({
      id: data.quarantinedMessageId,
      ingestSourceId: data.ingestSourceId,
      messageId: data.messageId,
      contentKey: data.contentKey,
      reason: data.reason,
      storedBytes: data.storedBytes,
      payloadId: data.payloadId,
      outlineId: data.outlineId,
      receivedAt: occurredAt,
      expiresAt: data.expiresAt,
      status: 'HELD' as const,
      checkedAt: null,
      checkResult: null,
      trialMapping: null,
      outcome: null,
      outcomeReceiptId: null,
      endedAt: null,
    }),
    'ingest.message.check_requested': withStatus('CHECK_REQUESTED'),
    'ingest.message.trial_requested': (state, event: PastEvent<MessageTrialRequested>) => ({
      ...existing(state, event),
      status: 'CHECK_REQUESTED' as const,
      trialMapping: event.data.mapping,
    }),
    'ingest.message.release_requested': withStatus('RELEASE_REQUESTED'),
    'ingest.message.checked': (state, event: PastEvent<MessageChecked>) => ({
      ...existing(state, event),
      status: 'HELD' as const,
      checkedAt: event.occurredAt,
      checkResult: event.data.result,
      trialMapping: null,
    }),
    'ingest.message.released': (state, event: PastEvent<MessageReleased>) => ({
      ...over('RELEASED')(state, event),
      outcome: event.data.outcome,
      outcomeReceiptId: event.data.commandReceiptId,
    }),
    'ingest.message.discarded': over('DISCARDED'),
    'ingest.message.expired': over('EXPIRED'),
  },
});

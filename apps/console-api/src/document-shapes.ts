import type { ReceiptBody, ReceiptDocument } from '@karmanflow/receipts';
import { approval } from '@karmanflow/commands';
import { actorTypes, riskClasses } from '@karmanflow/policy';
import { errorCatalogue, type ErrorCode, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';

/** The documents that this API answers with, besides the outputs of commands and queries. The tests check answers with them. */

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];
const hashShape = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));
const anyObject = v.looseObject({});

const receiptBodyShape = v.strictObject({
  format: v.literal('karmanflow.receipt/1'),
  receiptId: idShape('receipt'),
  tenantId: idShape('tenant'),
  environmentId: idShape('environment'),
  command: v.strictObject({ type: v.string(), version: v.number(), payloadHash: hashShape }),
  status: v.picklist(['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL']),
  refusal: v.nullable(v.strictObject({ code: v.string(), detail: anyObject })),
  risk: v.picklist(riskClasses),
  scope: v.string(),
  actor: v.strictObject({ type: v.picklist(actorTypes), id: v.string(), onBehalfOf: v.nullable(v.string()) }),
  credential: v.nullable(v.strictObject({ type: v.string(), id: v.string() })),
  idempotencyKeyHash: v.nullable(hashShape),
  policy: v.strictObject({
    decision: v.picklist(['allow', 'deny', 'needs_approval']),
    rule: v.string(),
    ruleSetVersion: v.string(),
    ruleSetHash: hashShape,
    facts: anyObject,
  }),
  approval: v.nullable(v.strictObject({ approvalId: v.string(), approvers: v.array(v.string()) })),
  reason: v.nullable(v.string()),
  entities: v.array(v.strictObject({ type: v.string(), id: v.string(), version: v.number() })),
  events: v.array(v.strictObject({ id: idShape('event'), type: v.string(), hash: hashShape })),
  responseHash: v.nullable(hashShape),
  traceparent: v.string(),
  correlationId: idShape('correlation'),
  causationId: v.nullable(v.string()),
  requestId: idShape('request'),
  requestedAt: timestampShape,
  completedAt: timestampShape,
});
// Fails to compile when the receipt gains or loses a field, so that the documentation cannot lag behind.
const sameFields: v.GenericSchema<unknown, { [Field in keyof ReceiptBody]: unknown }> = receiptBodyShape;
void sameFields;

export const receiptDocumentShape = v.strictObject({
  receipt: receiptBodyShape,
  hash: hashShape,
  signature: v.strictObject({
    algorithm: v.literal('Ed25519'),
    keyId: v.string(),
    value: v.pipe(v.string(), v.base64()),
  }),
}) satisfies v.GenericSchema<unknown, { [Field in keyof ReceiptDocument]: unknown }>;

export const receiptPageShape = v.strictObject({
  receipts: v.array(receiptDocumentShape),
  /** The last receipt that was looked at; null when no older one is left. */
  cursor: v.nullable(idShape('receipt')),
  hasMore: v.boolean(),
});

/** RFC 9457, with the members that some codes add. */
export const problemShape = v.strictObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.picklist(codes),
  detail: v.optional(v.string()),
  whatToDo: v.string(),
  retryable: v.boolean(),
  issues: v.optional(v.array(v.strictObject({ path: v.string(), message: v.string() }))),
  rule: v.optional(v.string()),
  refusal: v.optional(anyObject),
  replayed: v.optional(v.boolean()),
  receipt: v.optional(receiptDocumentShape),
  proof: v.optional(v.string()),
});

export const pendingApprovalShape = v.strictObject({
  approvalId: idShape('approval'),
  status: v.picklist(approval.approvalStatuses),
  approvals: v.number(),
  quorum: v.number(),
  expiresAt: timestampShape,
  failure: v.nullable(v.string()),
});

export const eventEnvelopeShape = v.strictObject({
  format: v.literal('karmanflow.event/1'),
  eventId: idShape('event'),
  eventType: v.string(),
  eventVersion: v.number(),
  tenantId: idShape('tenant'),
  environmentId: idShape('environment'),
  receiptId: idShape('receipt'),
  ordinal: v.number(),
  occurredAt: timestampShape,
  entities: v.array(v.strictObject({ type: v.string(), id: v.string(), version: v.number() })),
  correlationId: idShape('correlation'),
  traceparent: v.string(),
  data: anyObject,
});

/** The envelope stands beside its position, so that its canonical bytes are those whose hash is on the receipt. */
export const streamEventShape = v.strictObject({
  seq: v.pipe(v.number(), v.integer(), v.minValue(1)),
  event: eventEnvelopeShape,
});

export const eventPageShape = v.strictObject({
  events: v.array(streamEventShape),
  /** Up to where the page reaches, filtered or not. */
  seq: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Stands after `seq`. */
  cursor: v.string(),
  hasMore: v.boolean(),
});

/** The data of a message of the live stream: an event, or why the stream ends. */
export const streamDataShape = v.union([
  streamEventShape,
  v.strictObject({ reason: v.picklist(['draining', 'stalled', 'no_longer_allowed', 'database_unavailable']) }),
]);

export const keySetShape = v.strictObject({
  keys: v.array(
    v.strictObject({
      kty: v.literal('OKP'),
      crv: v.literal('Ed25519'),
      x: v.string(),
      kid: v.string(),
      use: v.literal('sig'),
      alg: v.literal('EdDSA'),
      'karmanflow:notBefore': timestampShape,
      'karmanflow:notAfter': v.nullable(timestampShape),
    }),
  ),
});

export const healthShape = v.strictObject({ status: v.literal('ok') });

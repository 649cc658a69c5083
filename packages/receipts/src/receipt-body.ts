import { instantMilliseconds } from './instant.ts';
import type { JsonObject } from './json-value.ts';

/** Names the format inside the signed bytes, so a signature over a receipt is never one over anything else. */
export const receiptFormat = 'karmanflow.receipt/1';

/**
 * What a receipt states, field by field in docs/reference/receipt-format.md. Every field is always present, null where
 * there is nothing to say. Hashes are `sha256:` and hexadecimal digits; instants are RFC 3339 UTC with milliseconds.
 */
export type ReceiptBody = {
  readonly format: typeof receiptFormat;
  readonly receiptId: string;
  readonly tenantId: string;
  readonly environmentId: string;
  readonly command: { readonly type: string; readonly version: number; readonly payloadHash: string };
  readonly status: 'SUCCEEDED' | 'REFUSED' | 'DENIED' | 'PENDING_APPROVAL';
  readonly refusal: { readonly code: string; readonly detail: JsonObject } | null;
  readonly risk: 'R0' | 'R1' | 'R2' | 'R3';
  readonly scope: string;
  readonly actor: {
    readonly type: 'USER' | 'SERVICE' | 'SYSTEM' | 'CONNECTOR' | 'AGENT';
    readonly id: string;
    readonly onBehalfOf: string | null;
  };
  readonly credential: { readonly type: string; readonly id: string } | null;
  readonly idempotencyKeyHash: string | null;
  readonly policy: {
    readonly decision: 'allow' | 'deny' | 'needs_approval';
    readonly rule: string;
    readonly ruleSetVersion: string;
    readonly ruleSetHash: string;
    /** Everything that the rules looked at, so that the decision can be made again from the receipt alone. */
    readonly facts: JsonObject;
  };
  readonly approval: { readonly approvalId: string; readonly approvers: readonly string[] } | null;
  readonly reason: string | null;
  readonly entities: readonly { readonly type: string; readonly id: string; readonly version: number }[];
  readonly events: readonly { readonly id: string; readonly type: string; readonly hash: string }[];
  readonly responseHash: string | null;
  readonly traceparent: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly requestId: string;
  readonly requestedAt: string;
  readonly completedAt: string;
};

const receiptIdPattern = /^rcp_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What keeps `body` from being checked as a receipt of this format, or null. It looks only at what verification relies
 * on; the rest is vouched for by the signature. Signing asks the same question, so whatever is signed can be verified.
 */
export function findReceiptFault(body: JsonObject): string | null {
  if (body['format'] !== receiptFormat) return `format is not ${receiptFormat}`;
  const receiptId = body['receiptId'];
  if (typeof receiptId !== 'string' || !receiptIdPattern.test(receiptId)) return 'receiptId is not rcp_<uuid>';
  if (instantMilliseconds(body['completedAt']) === null) {
    return 'completedAt is not an RFC 3339 UTC instant with milliseconds';
  }
  return null;
}

/**
 * Why an inbound request is refused: a closed list in order of precedence. A request with several defects is refused
 * with the one that stands first. `message_id_unreadable` is the only one that a genuine sender's request can get
 * after its signature matched.
 */
export const inboundRefusalCodes = [
  'header_missing',
  'header_duplicate',
  'header_malformed',
  'header_too_large',
  'body_empty',
  'body_too_large',
  'timestamp_malformed',
  'timestamp_too_old',
  'timestamp_too_new',
  'signature_malformed',
  'no_supported_signature',
  'signature_mismatch',
  'message_id_unreadable',
] as const;

export type InboundRefusalCode = (typeof inboundRefusalCodes)[number];

/** `publicMessage` may go into the answer: it never repeats text of the request or of a secret. */
export interface InboundRefusal {
  readonly ok: false;
  readonly code: InboundRefusalCode;
  readonly publicMessage: string;
}

/** A refusal as a value. */
export function refuseInbound(code: InboundRefusalCode, publicMessage: string): InboundRefusal {
  return { ok: false, code, publicMessage };
}

/**
 * Why a webhook is refused: a closed list in order of precedence. A request with several defects is refused
 * with the one that stands first.
 */
export const webhookRefusalCodes = [
  'header_missing',
  'header_duplicate',
  'header_malformed',
  'header_too_large',
  'timestamp_malformed',
  'timestamp_too_old',
  'timestamp_too_new',
  'signature_malformed',
  'no_supported_signature',
  'signature_mismatch',
] as const;

export type WebhookRefusalCode = (typeof webhookRefusalCodes)[number];

/** `detail` is for a log or an operator. It never repeats text of the request or of a secret. */
export interface WebhookRefusal {
  readonly ok: false;
  readonly code: WebhookRefusalCode;
  readonly detail: string;
}

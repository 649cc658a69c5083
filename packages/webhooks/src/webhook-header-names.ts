/** Identifies the message, not the attempt: it stays the same over retries. */
export const webhookIdHeader = 'webhook-id';

/** When this attempt was made, in whole seconds since the Unix epoch. */
export const webhookTimestampHeader = 'webhook-timestamp';

/** A list of `version,base64` entries, separated by single spaces. */
export const webhookSignatureHeader = 'webhook-signature';

export type WebhookHeaderName = typeof webhookIdHeader | typeof webhookTimestampHeader | typeof webhookSignatureHeader;

import { webhookLimits } from '../webhook-limits.ts';

/** Every bound of inbound verification. Characters of a header are ASCII, so a character is also a byte. */
export const inboundLimits = {
  /** Secrets of one source that are valid at the same time. Each costs one HMAC over the body. */
  secretsMax: webhookLimits.secretsMax,
  /** The least that a preset may ask of a secret. Shorter ones are guessed, or are empty by mistake. */
  secretMinBytes: 8,
  secretMaxBytes: 512,
  messageIdMaxCharacters: webhookLimits.messageIdMaxCharacters,
  /** All headers that a preset reads, together. */
  headersMaxCharacters: webhookLimits.headersMaxCharacters,
  signaturesMax: webhookLimits.signaturesMax,
  toleranceMaxSeconds: webhookLimits.toleranceMaxSeconds,
  /** The largest body that a preset may allow. GitHub sends up to 25 MB. */
  bodyMaxBytes: 25 * 1024 * 1024,
  bodyDefaultMaxBytes: 1024 * 1024,
  urlMaxCharacters: 2048,
  signedPartsMax: 12,
  textMaxCharacters: 32,
  pointerMaxCharacters: 255,
  deadlineMaxSeconds: 120,
  retryHorizonMaxSeconds: 30 * 86_400,
  retentionMaxSeconds: 90 * 86_400,
  problemsMax: 10,
} as const;

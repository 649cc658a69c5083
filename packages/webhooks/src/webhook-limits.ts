/** Every bound of this package. Characters are ASCII, so a character is also a byte on the wire. */
export const webhookLimits = {
  /** Standard Webhooks, "Signature scheme": a symmetric secret has 24 to 64 bytes. */
  secretMinBytes: 24,
  secretMaxBytes: 64,
  generatedSecretBytes: 32,
  /** Secrets of one endpoint that are valid at the same time. Each costs one HMAC over the body. */
  secretsMax: 8,
  /** Ed25519 keys of one endpoint that are valid at the same time. */
  signingKeysMax: 8,
  messageIdMaxCharacters: 255,
  /** Twelve digits: the largest timestamp that `webhook-timestamp` can carry. */
  timestampMaxSeconds: 999_999_999_999,
  signaturesMax: 16,
  /** The three header values together. */
  headersMaxCharacters: 4096,
  toleranceDefaultSeconds: 300,
  toleranceMaxSeconds: 86_400,
} as const;

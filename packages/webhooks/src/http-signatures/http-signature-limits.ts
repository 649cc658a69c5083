/** Every bound of HTTP message signatures. */
export const httpSignatureLimits = {
  /** `Signature-Input` and `Signature`, each. */
  signatureHeaderMaxCharacters: 4096,
  labelsMax: 8,
  componentsMax: 32,
  parametersMax: 16,
  /** All covered values together, with their names. */
  signatureBaseMaxCharacters: 32_768,
  keyIdMaxCharacters: 255,
  nonceMaxCharacters: 255,
  toleranceMaxSeconds: 86_400,
  hmacKeyMinBytes: 16,
  hmacKeyMaxBytes: 512,
  ed25519KeyBytes: 32,
  rsaModulusMinBits: 2048,
  rsaModulusMaxBits: 4096,
  /** A key as JSON text. */
  keyTextMaxCharacters: 4096,
} as const;

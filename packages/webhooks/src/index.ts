export { signWebhook, type SignedWebhookHeaders, type SignWebhookInput } from './sign-webhook.ts';
export { verifyWebhook, type VerifiedWebhook, type VerifyWebhookInput } from './verify-webhook.ts';
export type { WebhookHeaderPairs } from './read-webhook-headers.ts';
export { webhookIdHeader, webhookSignatureHeader, webhookTimestampHeader } from './webhook-header-names.ts';
export { webhookLimits } from './webhook-limits.ts';
export { webhookRefusalCodes, type WebhookRefusal, type WebhookRefusalCode } from './webhook-refusal.ts';
export {
  generateWebhookSecret,
  parseWebhookSecret,
  webhookSecretPrefix,
  webhookSecretRefusalCodes,
  type WebhookSecretParse,
  type WebhookSecretRefusalCode,
} from './webhook-secret.ts';
export {
  verifyInbound,
  isMessageIdSigned,
  type VerifiedInbound,
  type VerifyInboundInput,
} from './presets/verify-inbound.ts';
export { inboundPresets, type InboundPresetName } from './presets/inbound-presets.ts';
export type { InboundPreset } from './presets/inbound-preset.ts';
export { parseInboundPreset, type InboundPresetParse } from './presets/parse-inbound-preset.ts';
export { configureGenericHmac } from './presets/configure-generic-hmac.ts';
export {
  inboundSecretRefusalCodes,
  parseInboundSecret,
  type InboundSecretParse,
  type InboundSecretRefusalCode,
} from './presets/inbound-secret.ts';
export { inboundRefusalCodes, type InboundRefusal, type InboundRefusalCode } from './presets/inbound-refusal.ts';
export { inboundLimits } from './presets/inbound-limits.ts';
export {
  verifyHttpSignature,
  type HttpSignaturePolicy,
  type VerifiedHttpSignature,
  type VerifyHttpSignatureInput,
} from './http-signatures/verify-http-signature.ts';
export type { HttpSignatureKey } from './http-signatures/http-signature-key.ts';
export type { SignedRequest } from './http-signatures/signed-request.ts';
export {
  httpSignatureRefusalCodes,
  type HttpSignatureRefusal,
  type HttpSignatureRefusalCode,
} from './http-signatures/http-signature-refusal.ts';
export { httpSignatureLimits } from './http-signatures/http-signature-limits.ts';

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

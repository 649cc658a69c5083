export { signWebhook, type SignedWebhookHeaders, type SignWebhookInput } from './sign-webhook.ts';
export { verifyWebhook, type VerifiedWebhook, type VerifyWebhookInput } from './verify-webhook.ts';
export {
  verifyWebhookByKey,
  type VerifiedWebhookByKey,
  type VerifyWebhookByKeyInput,
} from './verify-webhook-by-key.ts';
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
  signingKeyOfSeed,
  webhookPublicKeyPrefix,
  type WebhookSigningKey,
  webhookSigningKeyPrefix,
} from './webhook-signing-key.ts';
export {
  deriveSubscriptionSecret,
  deriveSubscriptionSigningKey,
  requireWebhookMaster,
  type SubscriptionSecretInput,
  type WebhookMaster,
} from './subscription/derive-subscription-secret.ts';
export { liveSecretVersions, type SecretVersions } from './subscription/live-secret-versions.ts';
export { isEventTypePattern, matchesEventType } from './subscription/matches-event-type.ts';
export { deliveryMessageId } from './dispatch/delivery-message-id.ts';
export { deliveryBody } from './dispatch/delivery-body.ts';
export { type DeliveryOrdering, deliveryOrderings, type DeliverySequence } from './dispatch/delivery-sequence.ts';
export {
  deliveryHeaderNames,
  signDelivery,
  type SignDeliveryInput,
  type SignedDelivery,
} from './dispatch/sign-delivery.ts';
export { type DeliveryReading, readDelivery, type ReceivedDelivery } from './receiver/read-delivery.ts';
export {
  type MissingRange,
  newSequenceState,
  type SequenceFinding,
  type SequenceState,
  type SequenceStep,
  sequenceTrackingLimits,
  trackSequence,
} from './receiver/track-sequence.ts';
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
  configureHttpSignatures,
  type HttpSignaturePreset,
  type HttpSignaturesParse,
} from './presets/configure-http-signatures.ts';
export { verifySignedMessage, type VerifySignedMessageInput } from './presets/verify-signed-message.ts';
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
export { httpSignatureAlgorithms, type HttpSignatureKey } from './http-signatures/http-signature-key.ts';
export {
  httpSignatureKeyRefusalCodes,
  parseHttpSignatureKey,
  type HttpSignatureKeyParse,
  type HttpSignatureKeyRefusalCode,
} from './http-signatures/parse-http-signature-key.ts';
export type { SignedRequest } from './http-signatures/signed-request.ts';
export {
  httpSignatureRefusalCodes,
  type HttpSignatureRefusal,
  type HttpSignatureRefusalCode,
} from './http-signatures/http-signature-refusal.ts';
export { httpSignatureLimits } from './http-signatures/http-signature-limits.ts';
export { admitDeliveries, type DeliveryAdmission } from './delivery/admit-deliveries.ts';
export { classifyAddress, type AddressClass } from './delivery/classify-address.ts';
export { deliver, type DeliverInput } from './delivery/deliver.ts';
export { deliveryLimits } from './delivery/delivery-limits.ts';
export type { DeliveryNetwork } from './delivery/delivery-network.ts';
export {
  deliveryFailureCodes,
  type DeliveryFailureCode,
  type DeliveryPhase,
  type DeliveryResult,
  type DeliveryTimings,
} from './delivery/delivery-result.ts';
export {
  defaultHealthPolicy,
  newEndpointHealth,
  type EndpointHealth,
  type EndpointStatus,
  type HealthObservation,
  type HealthPolicy,
  type HealthReason,
} from './delivery/endpoint-health.ts';
export { evolveHealth } from './delivery/evolve-health.ts';
export { judgeResult, type DeliveryVerdict, type JudgedResult } from './delivery/judge-result.ts';
export { nextAttempt, type NextAttempt, type NextAttemptInput } from './delivery/next-attempt.ts';
export type { EgressProxy } from './delivery/open-tunnel.ts';
export {
  parseTargetUrl,
  targetRefusalCodes,
  type DeliveryTarget,
  type TargetParse,
  type TargetPolicy,
  type TargetRefusal,
  type TargetRefusalCode,
} from './delivery/parse-target-url.ts';
export type { PortPolicy } from './delivery/port-policy.ts';
export { readRetryAfter } from './delivery/read-retry-after.ts';
export { resolveTarget, type ResolvedTarget, type ResolveTargetInput } from './delivery/resolve-target.ts';
export { defaultRetrySchedule, type RetrySchedule } from './delivery/retry-schedule.ts';
export type { ClaimedDelivery } from './dispatch/claimed-delivery.ts';
export { dispatchLimits } from './dispatch/dispatch-limits.ts';
export { findWork, type WorkPlace } from './dispatch/find-work.ts';
export { type LatestOfRange, latestOfRange, type LatestRange } from './dispatch/latest-of-range.ts';
export { type DeliveryOverview, readDeliveryOverview } from './dispatch/read-overview.ts';
export { findHistory, type HistoryPlaces, type HistoryPosition } from './retention/find-history.ts';
export { type Removal, type RemovalInput, removeEnded } from './retention/remove-ended.ts';
export type { AttemptResult } from './dispatch/settle-attempt.ts';
export { codeOf } from './dispatch/settle-attempt.ts';
export { type HealthName, healthName, type SubscriptionView } from './dispatch/subscription-rows.ts';
export type { EndedRecovery, LatestWanted, Visited, VisitInput, VisitOutcome } from './dispatch/visit-outcome.ts';
export { visitSubscription } from './dispatch/visit-subscription.ts';

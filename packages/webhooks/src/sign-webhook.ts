import type { KeyObject } from 'node:crypto';
import { hasMessageIdCharacters } from './message-id.ts';
import { webhookIdHeader, webhookSignatureHeader, webhookTimestampHeader } from './webhook-header-names.ts';
import { webhookLimits } from './webhook-limits.ts';
import { computeWebhookMac, requireBodyBytes, type SignedMessage, signWithKey } from './webhook-mac.ts';
import { requireWebhookKeys } from './webhook-secret.ts';
import { requireSigningKey } from './webhook-signing-key.ts';

interface WebhookMessage {
  /** 1 to 255 characters of visible ASCII without '.'. The same over all attempts of a message. */
  readonly messageId: string;
  /** When this attempt is made, whole seconds since the Unix epoch, above zero. */
  readonly timestampSeconds: number;
  /** The exact bytes that go on the wire. */
  readonly body: Uint8Array;
  /** `whsk_…` keys: each adds a v1a signature (Ed25519) behind those of the secrets. */
  readonly signingKeys?: readonly string[];
}

/** One secret, or during a rotation up to eight, the newest first. */
export type SignWebhookInput = WebhookMessage &
  (
    | { readonly secret: string; readonly secrets?: never }
    | { readonly secrets: readonly string[]; readonly secret?: never }
  );

/** The request headers to send, ready to spread into a header object. */
export interface SignedWebhookHeaders {
  readonly [webhookIdHeader]: string;
  readonly [webhookTimestampHeader]: string;
  readonly [webhookSignatureHeader]: string;
}

/**
 * Signs one attempt by Standard Webhooks v1 (HMAC-SHA256), and by v1a (Ed25519) for each signing key. With several secrets
 * the signature header has one entry for each, in their order, so that a receiver who knows any of them accepts the message.
 * Throws on an invalid message id, timestamp, secret, key or body: all are ours, so that is a bug of the caller.
 */
export function signWebhook(input: SignWebhookInput): SignedWebhookHeaders {
  const keys = requireWebhookKeys(input.secrets ?? [input.secret]);
  const signingKeys = requireSigningKeys(input.signingKeys ?? []);
  requireBodyBytes(input.body);
  requireMessageId(input.messageId);
  requireTimestamp(input.timestampSeconds);

  const { messageId, body } = input;
  const message: SignedMessage = { messageId, timestamp: String(input.timestampSeconds), body };
  const { timestamp } = message;
  const entries = [
    ...keys.map((key) => entryOf('v1', computeWebhookMac({ key, ...message }))),
    ...signingKeys.map((key) => entryOf('v1a', signWithKey(message, key))),
  ];
  return {
    [webhookIdHeader]: messageId,
    [webhookTimestampHeader]: timestamp,
    [webhookSignatureHeader]: entries.join(' '),
  };
}

function entryOf(version: 'v1' | 'v1a', signature: Uint8Array): string {
  return `${version},${Buffer.from(signature).toString('base64')}`;
}

function requireSigningKeys(keys: readonly string[]): readonly KeyObject[] {
  if (keys.length > webhookLimits.signingKeysMax) {
    throw new TypeError(`Pass at most ${webhookLimits.signingKeysMax} webhook signing keys.`);
  }
  return keys.map(requireSigningKey);
}

function requireMessageId(messageId: string): void {
  const max = webhookLimits.messageIdMaxCharacters;
  if (typeof messageId === 'string' && messageId.length <= max && hasMessageIdCharacters(messageId)) return;
  throw new TypeError(`A webhook message id has 1 to ${max} characters of visible ASCII, none of them a full stop.`);
}

function requireTimestamp(timestampSeconds: number): void {
  const max = webhookLimits.timestampMaxSeconds;
  if (Number.isInteger(timestampSeconds) && timestampSeconds >= 1 && timestampSeconds <= max) return;
  throw new RangeError(`A webhook timestamp is a whole number of seconds from 1 to ${max}.`);
}

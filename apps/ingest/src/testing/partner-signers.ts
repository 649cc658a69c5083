import { createHmac } from 'node:crypto';
import { signWebhook } from '@karmanflow/webhooks';

/** One message as its sender signs it. Written from what the providers publish, not from our presets. */
export interface PartnerMessage {
  readonly secret: string;
  readonly messageId: string;
  /** Whole seconds since the Unix epoch. */
  readonly atSeconds: number;
  readonly body: Uint8Array;
  readonly topic?: string;
  /** As registered with the provider. */
  readonly url?: string;
}

export type PartnerHeaders = Record<string, string>;

function mac(secret: string, pieces: readonly (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const piece of pieces) hmac.update(piece);
  return hmac.digest();
}

/** Standard Webhooks v1 by its specification, under the header names of the specification or of Svix. */
const standard =
  (prefix: string) =>
  ({ secret, messageId, atSeconds, body }: PartnerMessage): PartnerHeaders => {
    const signed = signWebhook({ secret, messageId, timestampSeconds: atSeconds, body });
    return Object.fromEntries(
      Object.entries(signed).map(([name, value]) => [name.replace(/^webhook/, prefix), String(value)]),
    );
  };

export const partnerSigners = {
  'standard-webhooks': standard('webhook'),
  karmanflow: standard('webhook'),
  svix: standard('svix'),
  shopify: ({ secret, messageId, body, topic = 'orders/create' }: PartnerMessage): PartnerHeaders => ({
    'x-shopify-event-id': messageId,
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': 'shop.myshopify.com',
    'x-shopify-hmac-sha256': mac(secret, [body]).toString('base64'),
  }),
  stripe: ({ secret, atSeconds, body }: PartnerMessage): PartnerHeaders => ({
    'stripe-signature': `t=${atSeconds},v1=${mac(secret, [`${atSeconds}.`, body]).toString('hex')}`,
  }),
  github: ({ secret, messageId, body, topic = 'push' }: PartnerMessage): PartnerHeaders => ({
    'x-github-delivery': messageId,
    'x-github-event': topic,
    'x-hub-signature-256': `sha256=${mac(secret, [body]).toString('hex')}`,
  }),
  square: ({ secret, body, url = '' }: PartnerMessage): PartnerHeaders => ({
    'x-square-hmacsha256-signature': mac(secret, [url, body]).toString('base64'),
  }),
  /** As `genericSettings` describes it. */
  'generic-hmac': ({ secret, messageId, atSeconds, body }: PartnerMessage): PartnerHeaders => ({
    'x-erp-message': messageId,
    'x-erp-time': String(atSeconds),
    'x-erp-signature': `hmac=${mac(secret, [messageId, ':', String(atSeconds), ':', body]).toString('hex')}`,
  }),
} as const satisfies Record<string, (message: PartnerMessage) => PartnerHeaders>;

export type PartnerPreset = keyof typeof partnerSigners;

/** A sender of its own kind: id, time and body signed, in headers that no preset knows. */
export const genericSettings = {
  genericHmac: {
    signature: { form: 'single', header: 'x-erp-signature', encoding: 'hex', prefix: 'hmac=' },
    signedContent: [
      { part: 'id' },
      { part: 'text', text: ':' },
      { part: 'timestamp' },
      { part: 'text', text: ':' },
      { part: 'body' },
    ],
    timestamp: { source: 'header', header: 'x-erp-time', unit: 'seconds' },
    messageId: { source: 'header', header: 'x-erp-message' },
    replay: { policy: 'window', toleranceSeconds: 300 },
    claims: { retentionSeconds: 2_592_000, repeatedContent: 'accept' },
  },
} as const;

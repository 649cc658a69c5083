import { createHash, createHmac } from 'node:crypto';
import { generateWebhookSecret, signWebhook } from '@karmanflow/webhooks';

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
  /** RFC 9421 with a shared secret, which is a JSON Web Key; the nonce is the id. */
  'http-signatures': ({ secret, messageId, atSeconds, body, url = '' }: PartnerMessage): PartnerHeaders => {
    const jwk = JSON.parse(secret) as { kid: string; k: string };
    const sign = (base: string): Uint8Array =>
      createHmac('sha256', Buffer.from(jwk.k, 'base64url')).update(base).digest();
    return httpSignature({ url, body, keyId: jwk.kid, nonce: messageId, atSeconds, sign });
  },
} as const satisfies Record<string, (message: PartnerMessage) => PartnerHeaders>;

/** Method, address and body, signed by hand from RFC 9421 section 2.5 and RFC 9530. */
export function httpSignature(message: {
  readonly url: string;
  readonly body: Uint8Array;
  readonly keyId: string;
  readonly nonce: string;
  readonly atSeconds: number;
  readonly sign: (base: string) => Uint8Array;
}): PartnerHeaders {
  const { url, body, keyId, nonce, atSeconds, sign } = message;
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const input = `("@method" "@target-uri" "content-digest");created=${atSeconds};keyid="${keyId}";nonce="${nonce}"`;
  const lines = [`"@method": POST`, `"@target-uri": ${url}`, `"content-digest": ${digest}`];
  const signature = Buffer.from(sign([...lines, `"@signature-params": ${input}`].join('\n'))).toString('base64');
  return { 'content-digest': digest, 'signature-input': `sig1=${input}`, signature: `sig1=:${signature}:` };
}

/** A secret, as a source of the preset keeps it. Each has a name of its own where the preset tells keys by their names. */
export function newPartnerSecret(
  preset: PartnerPreset,
  { randomBytes }: { randomBytes: (size: number) => Buffer },
): string {
  if (preset === 'http-signatures') {
    const k = randomBytes(32).toString('base64url');
    return JSON.stringify({ kty: 'oct', kid: randomBytes(6).toString('hex'), k });
  }
  if (preset === 'standard-webhooks' || preset === 'karmanflow' || preset === 'svix') {
    return generateWebhookSecret(randomBytes);
  }
  return randomBytes(24).toString('hex');
}

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

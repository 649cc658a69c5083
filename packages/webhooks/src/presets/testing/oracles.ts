// oxlint-disable-next-line import/no-unassigned-import -- the adapter registers itself with the library.
import '@shopify/shopify-api/adapters/web-api';
import { sign as signGithub, verify as verifyGithub } from '@octokit/webhooks-methods';
import { shopifyApi, ApiVersion } from '@shopify/shopify-api';
import * as fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Stripe } from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import type { InboundPreset } from '../inbound-preset.ts';
import { inboundPresets } from '../inbound-presets.ts';

export interface OracleMessage {
  readonly secret: string;
  readonly messageId: string;
  readonly timestampSeconds: number;
  readonly text: string;
}

export interface OracleRequest {
  readonly secret: string;
  /** Lower-case names; a name that came twice has both values, joined as a server joins them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly nowSeconds: number;
}

/** A published library that signs and verifies what one of our presets describes. */
export interface Oracle {
  readonly library: string;
  readonly preset: InboundPreset;
  readonly secret: fc.Arbitrary<string>;
  readonly sign: (message: OracleMessage) => Promise<[string, string][]>;
  readonly accepts: (request: OracleRequest) => Promise<boolean>;
}

const whsec = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
const visibleText = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 60,
});

const { 'standard-webhooks': standardPreset, svix: svixPreset, stripe, github, shopify } = inboundPresets;

/** The library's verifier throws on a refusal. */
async function returns(verify: () => unknown): Promise<boolean> {
  try {
    await verify();
    return true;
  } catch {
    return false;
  }
}

const standardWebhooks: Oracle = {
  library: 'standardwebhooks',
  preset: standardPreset,
  secret: whsec,
  sign: async ({ secret, messageId, timestampSeconds, text }) => [
    ['webhook-id', messageId],
    ['webhook-timestamp', String(timestampSeconds)],
    ['webhook-signature', new StandardWebhook(secret).sign(messageId, new Date(timestampSeconds * 1000), text)],
  ],
  accepts: ({ secret, headers, text }) =>
    returns(() => new StandardWebhook(secret).verify(text, { ...headers }, { jsonParse: false })),
};

const svix: Oracle = {
  library: 'svix',
  preset: svixPreset,
  secret: whsec,
  sign: async ({ secret, messageId, timestampSeconds, text }) => [
    ['svix-id', messageId],
    ['svix-timestamp', String(timestampSeconds)],
    ['svix-signature', new SvixWebhook(secret).sign(messageId, new Date(timestampSeconds * 1000), text)],
  ],
  accepts: ({ secret, headers, text }) => returns(() => new SvixWebhook(secret).verify(text, { ...headers })),
};

const stripeOracle: Oracle = {
  library: 'stripe',
  preset: stripe,
  secret: visibleText,
  sign: async ({ secret, timestampSeconds, text }) => [
    [
      'stripe-signature',
      await Stripe.webhooks.generateTestHeaderStringAsync({ payload: text, secret, timestamp: timestampSeconds }),
    ],
  ],
  accepts: ({ secret, headers, text, nowSeconds }) =>
    returns(() =>
      Stripe.webhooks.constructEventAsync(
        text,
        headers['stripe-signature'] ?? '',
        secret,
        300,
        undefined,
        nowSeconds * 1000,
      ),
    ),
};

const githubOracle: Oracle = {
  library: '@octokit/webhooks-methods',
  preset: github,
  secret: visibleText,
  sign: async ({ secret, messageId, text }) => [
    ['x-github-delivery', messageId],
    ['x-hub-signature-256', await signGithub(secret, text)],
  ],
  // It throws on an empty body or signature.
  accepts: ({ secret, headers, text }) =>
    verifyGithub(secret, text, headers['x-hub-signature-256'] ?? '').catch(() => false),
};

/** The library has no signer for webhooks, so WebCrypto stands in for Shopify. */
async function signShopify({ secret, text }: OracleMessage): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  return Buffer.from(await crypto.subtle.sign('HMAC', key, encoder.encode(text))).toString('base64');
}

const shopifyOracle: Oracle = {
  library: '@shopify/shopify-api',
  preset: shopify,
  secret: visibleText,
  sign: async (message) => [
    ['x-shopify-event-id', message.messageId],
    ['x-shopify-hmac-sha256', await signShopify(message)],
  ],
  accepts: async ({ secret, headers, text }) => {
    const api = shopifyApi({
      apiKey: 'key',
      apiSecretKey: secret,
      hostName: 'ingest.example',
      apiVersion: ApiVersion.January26,
      isEmbeddedApp: false,
      logger: { level: 0, log: () => undefined },
    });
    // What Shopify sends beside the signature, and the library insists on.
    const unsigned = {
      'x-shopify-topic': 'products/create',
      'x-shopify-shop-domain': 'shop.myshopify.com',
      'x-shopify-api-version': '2026-01',
      'x-shopify-webhook-id': '1',
    };
    let rawRequest: Request;
    try {
      rawRequest = new Request('https://ingest.example/', { method: 'POST', headers: { ...headers, ...unsigned } });
    } catch {
      // A control character: no request can carry the header, so the library never sees it.
      return false;
    }
    return (await api.webhooks.validate({ rawBody: text, rawRequest })).valid;
  },
};

export const oracles: readonly Oracle[] = [standardWebhooks, svix, stripeOracle, githubOracle, shopifyOracle];

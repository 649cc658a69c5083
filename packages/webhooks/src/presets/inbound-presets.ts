import { inboundLimits } from './inbound-limits.ts';
import type { InboundPreset } from './inbound-preset.ts';

const daySeconds = 86_400;
const megabyteBytes = 1024 * 1024;
const body = { mayBeEmpty: false, maxBytes: inboundLimits.bodyDefaultMaxBytes } as const;
const window = { policy: 'window', toleranceSeconds: 300 } as const;
const bodyOnly = [{ part: 'body' }] as const;

/** An id that is signed cannot be changed, so the same content under another id cannot happen. */
const signedIdClaims = { retentionSeconds: 30 * daySeconds, repeatedContent: 'accept' } as const;
/** An id that is not signed can be made up by whoever saw one request, so only the content betrays the replay. */
const unsignedIdClaims = { retentionSeconds: 30 * daySeconds, repeatedContent: 'quarantine' } as const;

/**
 * Standard Webhooks v1 (specification, "Signature scheme"): base64 HMAC over `id.timestamp.body`, a list of versions
 * separated by blanks. Its example schedule of retries ends after 75 hours.
 */
const standardWebhooks: InboundPreset = {
  name: 'standard-webhooks',
  algorithm: 'hmac-sha256',
  secret: { prefix: 'whsec_', encoding: 'base64', minBytes: 24, maxBytes: 64 },
  signature: {
    form: 'tagged',
    header: 'webhook-signature',
    encoding: 'base64',
    entrySeparator: ' ',
    tagSeparator: ',',
    tag: 'v1',
  },
  signedContent: [
    { part: 'id' },
    { part: 'text', text: '.' },
    { part: 'timestamp' },
    { part: 'text', text: '.' },
    { part: 'body' },
  ],
  timestamp: { source: 'header', header: 'webhook-timestamp', unit: 'seconds' },
  messageId: { source: 'header', header: 'webhook-id' },
  replay: window,
  claims: signedIdClaims,
  body: { ...body, mayBeEmpty: true },
  delivery: { deadlineSeconds: 15, retryHorizonSeconds: 4 * daySeconds },
};

/** The scheme of our own deliveries, for one installation that sends to another. */
const karmanflow: InboundPreset = { ...standardWebhooks, name: 'karmanflow' };

/** Senders on Svix that kept its header names. The scheme is the same; retries end after about 28 hours. */
const svix: InboundPreset = {
  ...standardWebhooks,
  name: 'svix',
  signature: {
    form: 'tagged',
    header: 'svix-signature',
    encoding: 'base64',
    entrySeparator: ' ',
    tagSeparator: ',',
    tag: 'v1',
  },
  timestamp: { source: 'header', header: 'svix-timestamp', unit: 'seconds' },
  messageId: { source: 'header', header: 'svix-id' },
  delivery: { deadlineSeconds: 15, retryHorizonSeconds: 2 * daySeconds },
};

/**
 * Shopify (shopify.dev, "Deliver webhooks through HTTPS" and "Ignore duplicate webhooks"): base64 HMAC of the body
 * with the app's secret. Topic, shop and event id are not signed. Answer within 5 seconds; retries over 4 hours.
 */
const shopify: InboundPreset = {
  name: 'shopify',
  algorithm: 'hmac-sha256',
  secret: { prefix: '', encoding: 'utf8', minBytes: 8, maxBytes: 255 },
  signature: { form: 'single', header: 'x-shopify-hmac-sha256', encoding: 'base64', prefix: '' },
  signedContent: bodyOnly,
  messageId: { source: 'header', header: 'x-shopify-event-id' },
  replay: { policy: 'claims' },
  claims: unsignedIdClaims,
  body: { ...body, maxBytes: 5 * megabyteBytes },
  delivery: { deadlineSeconds: 5, retryHorizonSeconds: 4 * 3600 },
};

/**
 * Stripe (docs.stripe.com, "Verify webhook signatures manually"): hex HMAC over `timestamp.body`, both in one header.
 * The key is the whole text of the secret, prefix included. Retries over three days; the deadline is not published,
 * so this one is careful.
 */
const stripe: InboundPreset = {
  name: 'stripe',
  algorithm: 'hmac-sha256',
  secret: { prefix: '', encoding: 'utf8', minBytes: 8, maxBytes: 255 },
  signature: {
    form: 'tagged',
    header: 'stripe-signature',
    encoding: 'hex',
    entrySeparator: ',',
    tagSeparator: '=',
    tag: 'v1',
  },
  signedContent: [{ part: 'timestamp' }, { part: 'text', text: '.' }, { part: 'body' }],
  timestamp: { source: 'signature', tag: 't', unit: 'seconds' },
  messageId: { source: 'body', pointer: '/id' },
  replay: window,
  claims: signedIdClaims,
  body,
  delivery: { deadlineSeconds: 10, retryHorizonSeconds: 3 * daySeconds },
};

/**
 * GitHub (docs.github.com, "Validating webhook deliveries" and "Handling failed webhook deliveries"): `sha256=` and the
 * hex HMAC of the body. Answer within 10 seconds. It retries nothing by itself; a person can redeliver for three days.
 */
const github: InboundPreset = {
  name: 'github',
  algorithm: 'hmac-sha256',
  secret: { prefix: '', encoding: 'utf8', minBytes: 8, maxBytes: 255 },
  signature: { form: 'single', header: 'x-hub-signature-256', encoding: 'hex', prefix: 'sha256=' },
  signedContent: bodyOnly,
  messageId: { source: 'header', header: 'x-github-delivery' },
  replay: { policy: 'claims' },
  claims: unsignedIdClaims,
  body: { ...body, maxBytes: 25 * megabyteBytes },
  delivery: { deadlineSeconds: 10, retryHorizonSeconds: 3 * daySeconds },
};

/**
 * Square (developer.squareup.com, "Verify and validate an event notification"): base64 HMAC over the notification URL
 * and the body. Answer within 10 seconds; retries over at most 72 hours.
 */
const square: InboundPreset = {
  name: 'square',
  algorithm: 'hmac-sha256',
  secret: { prefix: '', encoding: 'utf8', minBytes: 8, maxBytes: 255 },
  signature: { form: 'single', header: 'x-square-hmacsha256-signature', encoding: 'base64', prefix: '' },
  signedContent: [{ part: 'url' }, { part: 'body' }],
  messageId: { source: 'body', pointer: '/event_id' },
  replay: { policy: 'claims' },
  claims: signedIdClaims,
  body,
  delivery: { deadlineSeconds: 10, retryHorizonSeconds: 3 * daySeconds },
};

/** The presets that are known by name. */
export const inboundPresets = {
  'standard-webhooks': standardWebhooks,
  karmanflow,
  svix,
  shopify,
  stripe,
  github,
  square,
} as const satisfies Readonly<Record<string, InboundPreset>>;

export type InboundPresetName = keyof typeof inboundPresets;

import { createHmac, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { generateWebhookSecret, inboundPresets, type InboundPresetName, signWebhook } from '@karmanflow/webhooks';

/** A signed request, and its published verifier. */
export interface VerificationPeer {
  readonly library: string;
  readonly preset: InboundPresetName;
  readonly secret: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Verifies the request once. Throws unless it verifies. */
  readonly verify: () => Promise<void>;
}

// The libraries are dependencies of apps/ingest, whose tests take them as oracles; from there they are resolved.
const home = resolve(import.meta.dir, '../../../apps/ingest');
async function load<Module>(name: string): Promise<Module> {
  // Each caller names the few members of the library that it uses, as the library documents them.
  return (await import(Bun.resolveSync(name, home))) as Module;
}

type StandardWebhook = new (secret: string) => {
  verify(body: string, headers: Record<string, string>, options?: { jsonParse: boolean }): unknown;
};

const bodyBytes = 1024;

/** One request for each library, all with the same body of 1 KB. */
export async function loadPeers(): Promise<readonly VerificationPeer[]> {
  const atSeconds = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: 'evt_1', note: 'x'.repeat(bodyBytes - 24) });
  const whsec = generateWebhookSecret((size) => randomBytes(size));
  const text = randomBytes(24).toString('hex');
  const mac = (encoding: 'hex' | 'base64', content: string): string =>
    createHmac('sha256', text).update(content).digest(encoding);
  const peer = (
    library: string,
    preset: InboundPresetName,
    request: { readonly secret: string; readonly headers: Record<string, string> },
    verify: (headers: Record<string, string>) => unknown,
  ): VerificationPeer => ({
    library,
    preset: inboundPresets[preset].name as InboundPresetName, // A preset is kept under its name.
    secret: request.secret,
    headers: Object.entries(request.headers),
    body,
    async verify() {
      if ((await verify(request.headers)) === false) throw new Error(`${library} refuses what it should accept`);
    },
  });

  const signed = {
    ...signWebhook({
      secret: whsec,
      messageId: 'msg_1',
      timestampSeconds: atSeconds,
      body: new TextEncoder().encode(body),
    }),
  };
  const svixHeaders = Object.fromEntries(
    Object.entries(signed).map(([name, value]) => [name.replace('webhook-', 'svix-'), String(value)]),
  );
  const standard = await load<{ Webhook: StandardWebhook }>('standardwebhooks');
  const svix = await load<{ Webhook: StandardWebhook }>('svix');
  const octokit = await load<{ verify(secret: string, body: string, signature: string): Promise<boolean> }>(
    '@octokit/webhooks-methods',
  );
  const { Stripe } = await load<{
    Stripe: { webhooks: { constructEventAsync(body: string, header: string, secret: string): Promise<unknown> } };
  }>('stripe');
  await load('@shopify/shopify-api/adapters/web-api');
  const shopify = await load<{
    ApiVersion: { January26: string };
    shopifyApi(options: object): {
      webhooks: { validate(request: { rawBody: string; rawRequest: Request }): Promise<{ valid: boolean }> };
    };
  }>('@shopify/shopify-api');
  const api = shopify.shopifyApi({
    apiKey: 'key',
    apiSecretKey: text,
    hostName: 'ingest.example',
    apiVersion: shopify.ApiVersion.January26,
    isEmbeddedApp: false,
    logger: { level: 0, log: () => undefined },
  });
  const standardHeaders = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, String(value)]));
  const ofStandard = new standard.Webhook(whsec);
  const ofSvix = new svix.Webhook(whsec);
  const stripeHeader = `t=${atSeconds},v1=${mac('hex', `${atSeconds}.${body}`)}`;
  const githubHeader = `sha256=${mac('hex', body)}`;
  const shopifyHeaders = {
    'x-shopify-event-id': 'evt-1',
    'x-shopify-webhook-id': 'evt-1',
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': 'shop.myshopify.com',
    'x-shopify-api-version': '2026-01',
    'x-shopify-hmac-sha256': mac('base64', body),
  };
  return [
    peer('standardwebhooks', 'standard-webhooks', { secret: whsec, headers: standardHeaders }, (headers) => {
      ofStandard.verify(body, headers);
    }),
    peer('svix', 'svix', { secret: whsec, headers: svixHeaders }, (headers) => {
      ofSvix.verify(body, headers);
    }),
    peer('stripe', 'stripe', { secret: text, headers: { 'stripe-signature': stripeHeader } }, async () => {
      await Stripe.webhooks.constructEventAsync(body, stripeHeader, text);
    }),
    peer(
      '@octokit/webhooks-methods',
      'github',
      { secret: text, headers: { 'x-github-delivery': 'evt-1', 'x-hub-signature-256': githubHeader } },
      () => octokit.verify(text, body, githubHeader),
    ),
    peer('@shopify/shopify-api', 'shopify', { secret: text, headers: shopifyHeaders }, async (headers) => {
      const rawRequest = new Request('https://ingest.example/', { method: 'POST', headers });
      return (await api.webhooks.validate({ rawBody: body, rawRequest })).valid;
    }),
  ];
}

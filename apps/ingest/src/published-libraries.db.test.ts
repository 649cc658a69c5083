// oxlint-disable-next-line import/no-unassigned-import -- the adapter registers itself with the library.
import '@shopify/shopify-api/adapters/web-api';
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHmac, randomBytes } from 'node:crypto';
import { sign as signGithub, verify as verifyGithub } from '@octokit/webhooks-methods';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import type { TestDatabase } from '@karmanflow/schema/testing';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Stripe } from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { effectsOn } from './testing/deliver.ts';
import { createIngestWorld, type IngestWorld, order, type RunningIngest, type Shop } from './testing/ingest-world.ts';
import { newPartnerSecret } from './testing/partner-signers.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
  shop = await ingestWorld.createShop('Acme');
  await ingestWorld.run(shop, 'inventory.adjust', {
    variantId: shop.variantId,
    locationId: shop.locationId,
    delta: 10_000,
    reason: 'received',
  });
});
afterAll(() => ingestWorld.close());

type Headers = Record<string, string>;

interface Message {
  readonly secret: string;
  readonly messageId: string;
  readonly at: Date;
  readonly text: string;
}

/** A published library: its signer makes the request, its verifier judges what was sent. */
interface Library {
  readonly preset: 'standard-webhooks' | 'svix' | 'stripe' | 'github' | 'shopify';
  readonly sign: (message: Message) => Promise<Headers>;
  readonly accepts: (request: { secret: string; headers: Headers; text: string }) => Promise<boolean>;
}

const holds = async (verify: () => unknown): Promise<boolean> => {
  try {
    return (await verify()) !== false;
  } catch {
    return false;
  }
};

const inSeconds = (at: Date): number => Math.floor(at.getTime() / 1000);
const standardHeaders = (prefix: string, { messageId, at }: Message, signature: string): Headers => ({
  [`${prefix}-id`]: messageId,
  [`${prefix}-timestamp`]: String(inSeconds(at)),
  [`${prefix}-signature`]: signature,
});

const libraries: Readonly<Record<string, Library>> = {
  standardwebhooks: {
    preset: 'standard-webhooks',
    sign: async (message) => {
      const { secret, messageId, at, text } = message;
      return standardHeaders('webhook', message, new StandardWebhook(secret).sign(messageId, at, text));
    },
    accepts: ({ secret, headers, text }) =>
      holds(() => void new StandardWebhook(secret).verify(text, headers, { jsonParse: false })),
  },
  svix: {
    preset: 'svix',
    sign: async (message) => {
      const { secret, messageId, at, text } = message;
      return standardHeaders('svix', message, new SvixWebhook(secret).sign(messageId, at, text));
    },
    accepts: ({ secret, headers, text }) => holds(() => void new SvixWebhook(secret).verify(text, headers)),
  },
  stripe: {
    preset: 'stripe',
    sign: async ({ secret, at, text: payload }) => ({
      'stripe-signature': await Stripe.webhooks.generateTestHeaderStringAsync({
        payload,
        secret,
        timestamp: inSeconds(at),
      }),
    }),
    accepts: ({ secret, headers, text }) =>
      holds(async () => {
        await Stripe.webhooks.constructEventAsync(text, headers['stripe-signature'] ?? '', secret);
      }),
  },
  '@octokit/webhooks-methods': {
    preset: 'github',
    sign: async ({ secret, messageId, text }) => ({
      'x-github-delivery': messageId,
      'x-github-event': 'order',
      'x-hub-signature-256': await signGithub(secret, text),
    }),
    accepts: ({ secret, headers, text }) =>
      holds(() => verifyGithub(secret, text, headers['x-hub-signature-256'] ?? '')),
  },
  '@shopify/shopify-api': {
    preset: 'shopify',
    // The library verifies only.
    sign: async ({ secret, messageId, text }) => ({
      'x-shopify-event-id': messageId,
      'x-shopify-webhook-id': messageId,
      'x-shopify-topic': 'orders/create',
      'x-shopify-shop-domain': 'shop.myshopify.com',
      'x-shopify-api-version': '2026-01',
      'x-shopify-hmac-sha256': createHmac('sha256', secret).update(text).digest('base64'),
    }),
    accepts: ({ secret, headers, text: rawBody }) =>
      holds(async () => {
        const api = shopifyApi({
          apiKey: 'key',
          apiSecretKey: secret,
          hostName: 'ingest.example',
          apiVersion: ApiVersion.January26,
          isEmbeddedApp: false,
          logger: { level: 0, log: () => undefined },
        });
        const rawRequest = new Request('https://ingest.example/', { method: 'POST', headers });
        return (await api.webhooks.validate({ rawBody, rawRequest })).valid;
      }),
  },
};

/** Every body is an order of ours with the id that Stripe puts into bodies, whatever the sender. */
const mapping = {
  rules: [
    {
      when: [{ is: { at: '/kind' }, equals: 'order' }],
      command: 'reservation.create',
      subject: { at: '/id' },
      input: {
        object: {
          salesChannelId: { salesChannel: { value: 'WEB' } },
          reference: { at: '/id' },
          lines: {
            each: '/items',
            of: {
              object: {
                variantId: { variant: { item: '/sku' } },
                locationId: { location: { value: 'BER-1' } },
                quantity: { whole: { item: '/count' } },
              },
            },
          },
        },
      },
    },
  ],
};

/** What a body may say beside the order: any text, so that its bytes are not ASCII only. */
const notes = fc.string({ unit: 'grapheme', maxLength: 30 });
const textOf = (id: string, note: string): string =>
  JSON.stringify({ kind: 'order', object: 'event', id, note, items: [{ sku: 'MUG-1', count: '1' }] });

async function post(path: string, request: { headers: Headers; text: string }) {
  const response = await fetch(`${ingest.url}${path}`, {
    method: 'POST',
    headers: request.headers,
    body: request.text,
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

describe.each(Object.entries(libraries))('%s', (_, { preset, sign, accepts }) => {
  test('what it signs becomes a command, once, over HTTP; what it refuses is refused here', async () => {
    const secret = newPartnerSecret(preset, { randomBytes });
    const source = await ingestWorld.createSource(shop, { preset, secret, mapping });
    const before = (await effectsOn(shop, admin)).reservations;
    const now = new Date();
    const samples = fc.sample(notes, 6);
    for (const [index, note] of samples.entries()) {
      const messageId = `evt_${index}`;
      const text = textOf(messageId, note);
      const headers = await sign({ secret, messageId, at: now, text });
      expect(await accepts({ secret, headers, text })).toBe(true);
      const first = await post(source.path, { headers, text });
      expect(first).toMatchObject({ status: 200, json: { status: 'SUCCEEDED', replayed: false } });
      expect((await post(source.path, { headers, text })).json).toEqual({ ...first.json, replayed: true });

      const other = newPartnerSecret(preset, { randomBytes });
      const forged = await sign({ secret: other, messageId, at: now, text });
      const old = await sign({ secret, messageId: `${messageId}_old`, at: new Date(now.getTime() - 400_000), text });
      const changed = text.replace('"count":"1"', '"count":"2"');
      for (const request of [
        { headers, text: changed },
        { headers: forged, text },
        ...(preset === 'github' || preset === 'shopify' ? [] : [{ headers: old, text }]),
      ]) {
        expect(await accepts({ secret, ...request })).toBe(false);
        expect((await post(source.path, request)).status).toBe(401);
      }
    }
    expect((await effectsOn(shop, admin)).reservations - before).toBe(samples.length);
  });
});

test('an order of the reference sender, signed by the library, needs no mapping at all', async () => {
  const text = JSON.stringify(order({ orderId: 'library-1' }));
  const headers = await libraries['standardwebhooks']?.sign({
    secret: shop.secret,
    messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(),
    text,
  });
  expect(await post(shop.path, { headers: headers ?? {}, text })).toMatchObject({
    status: 200,
    json: { status: 'SUCCEEDED' },
  });
});

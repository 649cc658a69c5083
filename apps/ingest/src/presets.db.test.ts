import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { access } from '@karmanflow/commands';
import { tables } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { inboundPresets } from '@karmanflow/webhooks';
import { effectsOn } from './testing/deliver.ts';
import {
  createIngestWorld,
  type IngestWorld,
  type RunningIngest,
  type Shop,
  type TestSource,
} from './testing/ingest-world.ts';
import {
  genericSettings,
  newPartnerSecret,
  type PartnerMessage,
  type PartnerPreset,
  partnerSigners,
} from './testing/partner-signers.ts';
import { sendRaw } from './testing/raw-http.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());

/** Any sender: what it sends has the fields of all of them, and becomes one reservation. */
const mapping = {
  rules: [
    {
      when: [{ is: { at: '/kind' }, equals: 'order' }],
      command: 'reservation.create',
      subject: { at: '/order' },
      input: {
        object: {
          salesChannelId: { salesChannel: { at: '/channel' } },
          reference: { at: '/order' },
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
const registeredUrl = 'https://hooks.acme.example/in';
const signsUrl = (preset: PartnerPreset): boolean => preset === 'square' || preset === 'http-signatures';
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

interface Sender {
  readonly preset: PartnerPreset;
  readonly shop: Shop;
  readonly source: TestSource;
}

async function createSender(preset: PartnerPreset): Promise<Sender> {
  const shop = await ingestWorld.createShop('Acme');
  const secret = newPartnerSecret(preset, { randomBytes });
  const settings = preset === 'generic-hmac' ? genericSettings : signsUrl(preset) ? { registeredUrl } : {};
  return { preset, shop, source: await ingestWorld.createSource(shop, { preset, secret, settings, mapping }) };
}

function bodyOf(over: Readonly<Record<string, unknown>> = {}): Uint8Array<ArrayBuffer> {
  const message = {
    kind: 'order',
    order: 'A-1',
    channel: 'WEB',
    items: [{ sku: 'MUG-1', count: '2' }],
    id: 'evt_1',
    event_id: 'evt_1',
  };
  return new TextEncoder().encode(JSON.stringify({ ...message, ...over }));
}

function signed({ preset, source }: Sender, over: Partial<PartnerMessage> = {}) {
  const message = {
    secret: source.secret,
    messageId: 'msg-1',
    atSeconds: nowSeconds(),
    body: bodyOf(),
    url: registeredUrl,
    ...over,
  };
  return { headers: partnerSigners[preset](message), body: Uint8Array.from(message.body) };
}

async function post(sender: Sender, request: { headers: Record<string, string>; body: Uint8Array<ArrayBuffer> }) {
  const response = await fetch(`${ingest.url}${sender.source.path}`, { method: 'POST', ...request });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const presets = Object.keys(partnerSigners) as PartnerPreset[];
const hasWindow = (preset: PartnerPreset): boolean =>
  preset === 'generic-hmac' || preset === 'http-signatures' || inboundPresets[preset].replay.policy === 'window';

test('each preset that a source can have has a sender here, and each that there is can be had', () => {
  const known = tables.ingest_sources.columns.preset.values;
  expect<readonly string[]>(presets.toSorted()).toEqual(known.toSorted());
  expect<readonly string[]>([...Object.keys(inboundPresets), 'generic-hmac', 'http-signatures'].toSorted()).toEqual(
    known.toSorted(),
  );
  expect(access.ingestPresets).toEqual(known);
});

describe.each(presets.map((preset) => [preset] as const))('%s', (preset) => {
  test('what its sender signs becomes a command, once', async () => {
    const sender = await createSender(preset);
    const request = signed(sender);
    const first = await post(sender, request);
    expect(first).toMatchObject({ status: 200, json: { status: 'SUCCEEDED', replayed: false } });
    const again = await post(sender, request);
    expect(again).toEqual({ status: 200, json: { ...first.json, replayed: true } });
    const later = await post(sender, signed(sender, { atSeconds: nowSeconds() + 3 }));
    expect(later).toEqual({ status: 200, json: { ...first.json, replayed: true } });
    expect(await effectsOn(sender.shop, admin)).toEqual({ reserved: 2, reservations: 1, receipts: 1 });
    const { rows } = await admin.query(
      'select outcome, subject, message_id from kf.ingest_claims where tenant_id = $1',
      [sender.shop.tenantId.slice(4)],
    );
    expect(rows).toEqual([{ outcome: 'PROCESSED', subject: 'A-1', message_id: expect.any(String) }]);
  });

  test('what anybody else signs, or has changed, is refused', async () => {
    const sender = await createSender(preset);
    const other = await createSender(preset);
    const { headers, body } = signed(sender);
    const forged = [
      signed(sender, { secret: other.source.secret }),
      { headers, body: bodyOf({ order: 'A-2' }) },
      { headers: {}, body },
      ...(hasWindow(preset) ? [signed(sender, { atSeconds: nowSeconds() - 310 })] : []),
      ...(hasWindow(preset) ? [signed(sender, { atSeconds: nowSeconds() + 310 })] : []),
      ...(signsUrl(preset) ? [signed(sender, { url: 'https://hooks.acme.example/other' })] : []),
    ];
    for (const request of forged) expect((await post(sender, request)).status).toBe(401);
    expect((await post({ ...sender, source: other.source }, { headers, body })).status).toBe(401);
    expect(await effectsOn(sender.shop, admin)).toEqual({ reserved: 0, reservations: 0, receipts: 0 });
  });

  test('a header of its that stands there twice is refused', async () => {
    const sender = await createSender(preset);
    const { headers, body } = signed(sender);
    // What a type or a shop is called in a header is read by nobody who decides whether the message is genuine.
    const read = Object.entries(headers).filter(([name]) => !/-(topic|event|shop-domain)$/.test(name));
    expect(read.length).toBeGreaterThan(0);
    const length = ['content-length', String(body.byteLength)] as const;
    for (const [name, value] of read) {
      const twice = [...Object.entries(headers), length, [name, value] as const];
      const answer = await sendRaw(ingest.port, { path: sender.source.path, headers: twice, body });
      expect([name, answer.status]).toEqual([name, 401]);
    }
  });

  test('either of two secrets verifies during a rotation, and the old one no more when it is over', async () => {
    const sender = await createSender(preset);
    const next = newPartnerSecret(preset, { randomBytes });
    const nextRef = `secrets://next-${preset}` as const;
    await ingestWorld.secretStore.write(nextRef, Buffer.from(next));
    const { ingestSourceId, secretRef } = sender.source;
    await ingestWorld.run(sender.shop, 'ingest.rotate_secret', { ingestSourceId, add: [nextRef] });
    const fresh = await ingestWorld.start();
    const to = async (secret: string, order: string): Promise<number> => {
      const id = { messageId: order, body: bodyOf({ order, id: order, event_id: order }) };
      const { headers, body } = signed(sender, { secret, ...id });
      return (await fetch(`${fresh.url}${sender.source.path}`, { method: 'POST', headers, body })).status;
    };
    expect([await to(sender.source.secret, 'R-1'), await to(next, 'R-2')]).toEqual([200, 200]);
    await ingestWorld.run(sender.shop, 'ingest.rotate_secret', { ingestSourceId, remove: [secretRef] });
    await fresh.stop();
    const last = await ingestWorld.start();
    const url = `${last.url}${sender.source.path}`;
    const old = signed(sender, { messageId: 'R-3', body: bodyOf({ order: 'R-3', id: 'R-3', event_id: 'R-3' }) });
    expect((await fetch(url, { method: 'POST', ...old })).status).toBe(401);
    const young = signed(sender, {
      secret: next,
      messageId: 'R-3',
      body: bodyOf({ order: 'R-3', id: 'R-3', event_id: 'R-3' }),
    });
    expect((await fetch(url, { method: 'POST', ...young })).status).toBe(200);
    await last.stop();
  });
});

test('a source whose settings make no scheme is our failure, and nothing is verified by it', async () => {
  const sender = await createSender('generic-hmac');
  await admin.query('update kf.ingest_sources set settings = $2 where id = $1', [
    sender.source.ingestSourceId.slice(4),
    JSON.stringify({ genericHmac: { signedContent: [{ part: 'id' }] } }),
  ]);
  const fresh = await ingestWorld.start();
  const answer = await fetch(`${fresh.url}${sender.source.path}`, { method: 'POST', ...signed(sender) });
  expect(answer.status).toBe(500);
  expect(fresh.log.lines().map((line) => line['reason'])).toContain('source_unusable');
  await fresh.stop();
});

test('a body with no id where its sender puts one is kept, and does nothing', async () => {
  const sender = await createSender('stripe');
  const body = bodyOf({ id: undefined });
  const first = await post(sender, signed(sender, { body }));
  expect(first).toMatchObject({ status: 202, json: { status: 'QUARANTINED', reason: 'message_id_unreadable' } });
  const again = await post(sender, signed(sender, { body }));
  expect(again).toMatchObject({ status: 202, json: { status: 'QUARANTINED', replayed: true } });
  expect(again.json['quarantinedMessageId']).toBe(first.json['quarantinedMessageId'] as never);
  expect(await effectsOn(sender.shop, admin)).toEqual({ reserved: 0, reservations: 0, receipts: 0 });
});

import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { readDelivery } from '../receiver/read-delivery.ts';
import { deriveSubscriptionSecret, deriveSubscriptionSigningKey } from '../subscription/derive-subscription-secret.ts';
import { verifyWebhook } from '../verify-webhook.ts';
import { verifyWebhookByKey } from '../verify-webhook-by-key.ts';
import { deliveryBody } from './delivery-body.ts';
import { deliveryMessageId } from './delivery-message-id.ts';
import { signDelivery, type SignDeliveryInput } from './sign-delivery.ts';

const scope = {
  tenantId: 'tnt_00000000-0000-7000-8000-000000000001',
  environmentId: 'env_00000000-0000-7000-8000-000000000002',
} as const;
const subscriptionId = 'whs_00000000-0000-7000-8000-000000000003';
const eventId = 'evt_00000000-0000-7000-8000-000000000004';
const master = new Uint8Array(32).fill(1);
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function eventWith(data: unknown): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      format: 'karmanflow.event/1',
      eventId,
      eventType: 'inventory.level.adjusted',
      eventVersion: 1,
      ...scope,
      receiptId: 'rcp_00000000-0000-7000-8000-000000000005',
      ordinal: 0,
      occurredAt: '2026-03-01T09:30:00.000Z',
      entities: [],
      correlationId: 'kfcor_00000000-0000-7000-8000-000000000006',
      traceparent,
      data,
    }),
  );
}

const now = Math.floor(Date.now() / 1000);
const input: SignDeliveryInput = {
  master,
  scope,
  subscription: {
    id: subscriptionId,
    secretVersion: 3,
    retiringVersion: null,
    retiringUntil: null,
    isAsymmetric: true,
  },
  eventId,
  event: eventWith({ quantity: 5 }),
  sequence: { subscriptionId, generation: 2, ordinal: 7, previous: 5 },
  nowMilliseconds: now * 1000,
  traceparent,
  recoveryId: null,
};
const secretOf = (secretVersion: number): string =>
  deriveSubscriptionSecret({ ...scope, master, subscriptionId, secretVersion });
const signed = signDelivery(input);
const request = { headers: Object.entries(signed.headers), body: signed.body, nowSeconds: now };

describe('a delivery', () => {
  test('verifies by its secret and by its key, and with the published library', () => {
    expect(verifyWebhook({ ...request, secrets: [secretOf(3)] }).ok).toBe(true);
    const { publicKey } = deriveSubscriptionSigningKey({ ...scope, master, subscriptionId, secretVersion: 3 });
    expect(verifyWebhookByKey({ ...request, publicKeys: [publicKey] }).ok).toBe(true);
    const text = Buffer.from(signed.body).toString('utf8');
    expect(new Webhook(secretOf(3)).verify(text, { ...signed.headers })).toMatchObject({
      type: 'inventory.level.adjusted',
    });
    expect(() => new Webhook(secretOf(2)).verify(text, { ...signed.headers })).toThrow();
  });

  test('is signed with every live secret while a rotation overlaps', () => {
    const retiring = { retiringVersion: 1, retiringUntil: new Date((now + 60) * 1000).toISOString() };
    const rotating = signDelivery({ ...input, subscription: { ...input.subscription, ...retiring } });
    const headers = Object.entries(rotating.headers);
    for (const version of [1, 2, 3]) {
      expect(verifyWebhook({ ...request, headers, secrets: [secretOf(version)] }).ok).toBe(true);
    }
    expect(rotating.headers['webhook-signature']?.split(' ').map((entry) => entry.split(',')[0])).toEqual([
      ...Array.from({ length: 3 }, () => 'v1'),
      ...Array.from({ length: 3 }, () => 'v1a'),
    ]);
  });

  test('says the same to whoever reads it, with the event to the byte', () => {
    const reading = readDelivery(signed.body);
    if (!reading.ok) throw new Error(reading.detail);
    expect(reading.sequence).toEqual(input.sequence);
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(reading.eventBytes)).toBe(digest(input.event));
    expect(signed.headers).toMatchObject({
      'content-type': 'application/json',
      'karmanflow-sequence': '2.7',
      traceparent,
      'webhook-id': deliveryMessageId({ subscriptionId, eventId }),
    });
    const parsed = JSON.parse(Buffer.from(signed.body).toString('utf8'));
    expect(Object.keys(parsed)).toEqual(['data', 'sequence', 'timestamp', 'type']);
    expect(parsed).toMatchObject({ type: 'inventory.level.adjusted', timestamp: '2026-03-01T09:30:00.000Z' });
  });

  test('is read right also where the event speaks of sequences', () => {
    const event = eventWith({ text: '","sequence":{"generation":9}', nested: { sequence: {} } });
    const reading = readDelivery(deliveryBody({ event, sequence: input.sequence }));
    expect(reading).toMatchObject({ ok: true, sequence: { generation: 2 } });
  });

  test('that is none is said to be none', () => {
    const text = Buffer.from(signed.body).toString('utf8');
    const broken = [
      '',
      '{}',
      '{"data":',
      text.slice(0, -2),
      text.replace('"ordinal":7', '"ordinal":0'),
      text.replace('"type":"inventory.level.adjusted"}', '"type":"other.thing.happened"}'),
      text.replace('karmanflow.event/1', 'karmanflow.event/2'),
    ];
    for (const one of broken) expect(readDelivery(new TextEncoder().encode(one)).ok).toBe(false);
  });

  test('of an event has one id for each subscription, and the same one always', () => {
    const other = deliveryMessageId({ subscriptionId: 'whs_00000000-0000-7000-8000-000000000009', eventId });
    expect(deliveryMessageId({ subscriptionId, eventId })).toMatch(/^msg_[A-Za-z0-9_-]{32}$/);
    expect(other).not.toBe(deliveryMessageId({ subscriptionId, eventId }));
    // Frozen: a receiver knows repeats by it.
    expect(deliveryMessageId({ subscriptionId, eventId })).toBe('msg_Jmh9x_1AT9fw7nPW1A1Yf0y37Hulc6-C');
  });
});

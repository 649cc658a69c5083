import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { generateWebhookSecret, verifyWebhook } from '@karmanflow/webhooks';
import { curlCommand, signOrderMessage } from './order-message.ts';

const secret = generateWebhookSecret(randomBytes);
const now = new Date('2026-03-01T10:00:00.500Z');
const order = {
  orderId: 'order-1',
  salesChannel: 'web-shop',
  lines: [{ sku: 'MUG-BLUE', location: 'BER-1', quantity: 2 }],
};
const address = 'a'.repeat(64);
const signed = signOrderMessage({
  order,
  ingestUrl: 'http://127.0.0.1:4001',
  address,
  secret,
  messageId: 'msg_1',
  now,
});

test('an order is signed over its exact bytes, as a receiver with the secret finds', () => {
  expect(signed.url).toBe(`http://127.0.0.1:4001/v1/ingest/${address}`);
  expect(JSON.parse(signed.body)).toEqual({
    type: 'order.created',
    timestamp: '2026-03-01T10:00:00.500Z',
    data: order,
  });
  const verify = (body: string): boolean =>
    verifyWebhook({
      headers: Object.entries(signed.headers),
      body: new TextEncoder().encode(body),
      secrets: [secret],
      nowSeconds: Math.floor(now.getTime() / 1000) + 60,
    }).ok;
  expect(verify(signed.body)).toBe(true);
  expect(verify(signed.body.replace('"quantity":2', '"quantity":3'))).toBe(false);
});

test('the curl command holds the same request, and no secret', () => {
  const command = curlCommand(signed);
  expect(command).toContain(`--data-raw '${signed.body}'`);
  for (const [name, value] of Object.entries(signed.headers)) expect(command).toContain(`'${name}: ${value}'`);
  expect(command).not.toContain(secret.slice('whsec_'.length));
});

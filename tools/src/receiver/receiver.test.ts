import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deriveSubscriptionSecret, generateWebhookSecret, signDelivery } from '@karmanflow/webhooks';
import { createReceiver } from './create-receiver.ts';
import { newReceiverMemory, receiveDelivery } from './receive-delivery.ts';
import { formatReceiverSecret, parseReceiverSecret, type ReceiverSecret } from './receiver-secret.ts';

const scope = {
  tenantId: 'tnt_00000000-0000-7000-8000-000000000001',
  environmentId: 'env_00000000-0000-7000-8000-000000000002',
} as const;
const subscriptionId = 'whs_00000000-0000-7000-8000-000000000003';
const master = new Uint8Array(32).fill(7);
const secret = deriveSubscriptionSecret({ ...scope, master, subscriptionId, secretVersion: 1 });
const nowSeconds = 1_772_357_400;

function delivery(ordinal: number, previous: number | null = null) {
  const eventId = `evt_00000000-0000-7000-8000-${String(ordinal).padStart(12, '0')}` as const;
  const envelope = {
    format: 'karmanflow.event/1',
    eventId,
    eventType: 'inventory.level.adjusted',
    eventVersion: 1,
    ...scope,
    receiptId: 'rcp_00000000-0000-7000-8000-000000000005',
    ordinal: 0,
    occurredAt: '2026-03-01T09:30:00.000Z',
    entities: [{ type: 'inventory_level', id: 'here', version: ordinal }],
    correlationId: 'kfcor_00000000-0000-7000-8000-000000000006',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {},
  };
  return signDelivery({
    master,
    scope,
    subscription: {
      id: subscriptionId,
      secretVersion: 1,
      retiringVersion: null,
      retiringUntil: null,
      isAsymmetric: true,
    },
    eventId,
    event: new TextEncoder().encode(JSON.stringify(envelope)),
    sequence: { subscriptionId, generation: 1, ordinal, previous },
    nowMilliseconds: nowSeconds * 1000,
    traceparent: envelope.traceparent,
    recoveryId: null,
  });
}

describe('what a receiver makes of a delivery', () => {
  const receive = (memory = newReceiverMemory()) => {
    return ({ headers, body }: ReturnType<typeof delivery>, known = secret) =>
      receiveDelivery({ headers: Object.entries(headers), body, nowSeconds }, { secret: known, memory });
  };

  test('it verifies, reads, and notices repeats and gaps', () => {
    const next = receive();
    expect(next(delivery(1))).toMatchObject({ ok: true, delivery: { finding: 'next', isRepeat: false } });
    expect(next(delivery(1))).toMatchObject({ ok: true, delivery: { finding: 'duplicate', isRepeat: true } });
    expect(next(delivery(4, 3))).toMatchObject({
      ok: true,
      delivery: { finding: 'ahead', isPreviousMissing: true, sequence: '1.4', entities: ['here'] },
    });
    expect(next(delivery(3))).toMatchObject({ ok: true, delivery: { finding: 'late' } });
  });

  test('what another secret signed is refused', () => {
    const other = generateWebhookSecret((size) => new Uint8Array(size).fill(9));
    expect(receive()(delivery(1), other)).toEqual({ ok: false, status: 401, reason: 'signature_mismatch' });
  });

  test('a secret is written down and read back as it was', () => {
    expect(parseReceiverSecret(formatReceiverSecret({ subscriptionId, secret }))).toEqual({ subscriptionId, secret });
    expect(parseReceiverSecret('{"secret":1}')).toBeNull();
    expect(parseReceiverSecret('')).toBeNull();
  });
});

describe('the receiver over HTTP', () => {
  let server: Server;
  let url: string;
  let known: ReceiverSecret | null;
  const verified: string[] = [];
  const refused: string[] = [];
  beforeAll(async () => {
    server = createServer(
      createReceiver({
        readSecret: async () => known,
        nowSeconds: () => nowSeconds,
        onVerified: ({ sequence }) => void verified.push(sequence),
        onRefused: (reason) => void refused.push(reason),
      }),
    );
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    verified.length = 0;
    refused.length = 0;
    known = { subscriptionId, secret };
  });

  async function send({ headers, body }: ReturnType<typeof delivery>): Promise<number> {
    return (await fetch(`${url}/hooks`, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })).status;
  }

  test('acknowledges what it verified, and shows it', async () => {
    expect(await send(delivery(1))).toBe(200);
    expect(verified).toEqual(['1.1']);
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ verified: 1, sequence: { highest: 1, missing: [] } });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  });

  test('refuses what does not verify or is too large, and asks to come again while it has no secret', async () => {
    const good = delivery(2);
    expect(await send({ ...good, body: delivery(3).body })).toBe(401);
    expect(await send({ ...good, body: new Uint8Array(300_001) })).toBe(413);
    known = null;
    expect(await send(good)).toBe(503);
    expect(verified).toEqual([]);
    expect(refused).toEqual(['signature_mismatch', 'too large', 'no secret yet']);
  });
});

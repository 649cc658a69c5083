import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { deliverTo, effectsOn, noEffects } from './testing/deliver.ts';
import {
  createIngestWorld,
  delivery,
  type IngestWorld,
  order,
  type RunningIngest,
  type Shop,
} from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;
const send = deliverTo(() => ({ ingest, shop }));
const effects = (of: Shop = shop) => effectsOn(of, admin);

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

describe('an authentic order', () => {
  test('holds its stock, as the connector, with a receipt that names the message', async () => {
    const { status, json, headers } = await send(order({ quantity: 3 }), { messageId: 'msg_first' });
    expect(status).toBe(200);
    expect(json).toEqual({
      data: expect.objectContaining({ status: 'ACTIVE', version: 1 }),
      status: 'SUCCEEDED',
      refusal: null,
      receiptId: expect.stringMatching(/^rcp_/),
      replayed: false,
    });
    expect(headers.get('x-karmanflow-request-id')).toMatch(/^kfreq_/);
    expect(headers.get('traceparent')).toMatch(/^00-/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await effects()).toEqual({ reserved: 3, reservations: 1, receipts: 1 });
    const { rows } = await admin.query('select body, response from kf.command_receipts where id = $1', [
      String(json['receiptId']).slice(4),
    ]);
    const receipt = JSON.parse(rows[0].body.toString());
    expect(receipt).toMatchObject({
      actor: { type: 'CONNECTOR', id: shop.connectorId, onBehalfOf: null },
      credential: { type: 'ingest_source', id: shop.ingestSourceId },
      environmentId: shop.sandbox,
      causationId: 'webhook:msg_first',
      correlationId: headers.get('x-karmanflow-correlation-id'),
      requestId: headers.get('x-karmanflow-request-id'),
      policy: { decision: 'allow' },
    });
    expect(JSON.stringify(json['data'])).toBe(rows[0].response.toString());
    const { rows: reservations } = await admin.query('select reference from kf.reservations where tenant_id = $1', [
      shop.tenantId.slice(4),
    ]);
    expect(reservations).toEqual([{ reference: 'ORDER-1' }]);
  });

  test('delivered again, also later and signed anew, is answered with its receipt', async () => {
    const first = await send(order(), { messageId: 'msg_again' });
    const again = await send(order(), { messageId: 'msg_again', shiftSeconds: 2 });
    expect(again.status).toBe(200);
    expect(again.json).toEqual({ ...first.json, replayed: true });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(await effects()).toEqual({ reserved: 1, reservations: 1, receipts: 1 });
  });

  test('with the id of an earlier message and other content is refused', async () => {
    await send(order({ quantity: 1 }), { messageId: 'msg_reused' });
    const other = await send(order({ quantity: 2 }), { messageId: 'msg_reused' });
    expect(other.status).toBe(422);
    expect(other.json).toMatchObject({ code: 'idempotency_key_reused' });
    expect(await effects()).toEqual({ reserved: 1, reservations: 1, receipts: 1 });
  });

  test('delivered many times at once, to two processes, has one effect', async () => {
    const second = await ingestWorld.start();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send(order({ quantity: 2 }), { messageId: 'msg_storm', to: index % 2 ? second : ingest }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ json }) => json['receiptId'])).size).toBe(1);
    expect(answers.filter(({ json }) => json['replayed'] === false)).toHaveLength(1);
    expect(await effects()).toEqual({ reserved: 2, reservations: 1, receipts: 1 });
    await second.stop();
  });

  test('for more than there is was processed: 200 with the refusal, which a repeat finds again', async () => {
    const { status, json } = await send(order({ quantity: 11 }), { messageId: 'msg_much' });
    expect(status).toBe(200);
    expect(json).toEqual({
      data: null,
      status: 'REFUSED',
      refusal: {
        code: 'stock_insufficient',
        detail: expect.objectContaining({ line: 1, quantity: 11, available: 10 }),
      },
      receiptId: expect.stringMatching(/^rcp_/),
      replayed: false,
    });
    const again = await send(order({ quantity: 11 }), { messageId: 'msg_much' });
    expect(again.json).toEqual({ ...json, replayed: true });
    expect(await effects()).toEqual({ reserved: 0, reservations: 0, receipts: 1 });
  });

  test('that names what does not exist is kept and told so: 202, and the same again when it is repeated', async () => {
    const { status, json } = await send(order({ sku: 'CUP-7' }), { messageId: 'msg_cup' });
    const { quarantinedMessageId } = json;
    expect(status).toBe(202);
    expect(String(quarantinedMessageId)).toMatch(/^qtn_/);
    expect(json).toMatchObject({
      status: 'QUARANTINED',
      reason: 'name_unknown',
      replayed: false,
      unknown: { skus: ['CUP-7'], locationCodes: [], salesChannelCodes: [], subjects: [] },
    });
    const again = await send(order({ sku: 'CUP-7' }), { messageId: 'msg_cup', shiftSeconds: 1 });
    expect([again.status, again.json['replayed']]).toEqual([202, true]);
    expect(again.json['quarantinedMessageId']).toBe(quarantinedMessageId as never);
    const other = await send(order(), { messageId: 'msg_cup' });
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(await effects()).toEqual(noEffects);
  });

  test('of another shape, type or encoding is kept in quarantine and has no effect', async () => {
    const broken: [unknown, string][] = [
      [{ ...order(), type: 'order.updated' }, 'type_unknown'],
      [{ ...order(), extra: true }, 'shape_mismatch'],
      [new TextEncoder().encode('{"type":"order.created"'), 'payload_malformed'],
      [Uint8Array.of(0x22, 0xff, 0x22), 'payload_malformed'],
      [[], 'type_unknown'],
    ];
    for (const [message, reason] of broken) {
      const { status, json } = await send(message);
      expect({ status, reason: json['reason'] }).toEqual({ status: 202, reason });
    }
    expect(await effects()).toEqual(noEffects);
  });
});

describe('the edges', () => {
  test('a body beyond the limit is 413, announced or not, and one at the limit is read', async () => {
    const large = new Uint8Array(limits.ingestBodyBytes + 1).fill(0x20);
    const { headers, body } = delivery(shop, large);
    const announced = await fetch(`${ingest.url}${shop.path}`, { method: 'POST', headers, body });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ code: 'body_too_large' });
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(body);
        controller.close();
      },
    });
    const chunked = await fetch(`${ingest.url}${shop.path}`, { method: 'POST', headers, body: stream });
    expect(chunked.status).toBe(413);
    const full = await send(large.subarray(0, limits.ingestBodyBytes));
    expect(full.json).toMatchObject({ status: 'QUARANTINED', reason: 'payload_malformed' });
    expect(await effects()).toEqual(noEffects);
  });

  test('other paths, methods and encodings are told so', async () => {
    const got = await fetch(`${ingest.url}${shop.path}`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${ingest.url}/v1/reservation/create`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${ingest.url}/metrics`)).status).toBe(404);
    expect((await send(order(), { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  });

  test('a trace of the sender is carried on; nothing else of its unsigned headers is believed', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const forged = `kfcor_${Bun.randomUUIDv7()}`;
    const { headers, json } = await send(order(), {
      headers: {
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
        'x-karmanflow-correlation-id': forged,
        'x-karmanflow-causation-id': 'forged',
        'idempotency-key': 'forged',
      },
    });
    expect(headers.get('traceparent')).toContain(traceId);
    const { rows } = await admin.query('select body from kf.command_receipts where id = $1', [
      String(json['receiptId']).slice(4),
    ]);
    const receipt = JSON.parse(rows[0].body.toString());
    expect(receipt.traceparent).toContain(traceId);
    expect(receipt.causationId).toMatch(/^webhook:msg_/);
    expect(receipt.correlationId).toBe(headers.get('x-karmanflow-correlation-id'));
    expect(receipt.correlationId).not.toBe(forged);
    // One trace: of the request, its receipt, each event, and so of every delivery that follows from one.
    const { rows: events } = await admin.query(
      "select convert_from(body, 'utf8') as text from kf.domain_events where receipt_id = $1",
      [String(json['receiptId']).slice(4)],
    );
    expect(events.length).toBeGreaterThan(1);
    for (const { text } of events) {
      expect(JSON.parse(text)).toMatchObject({
        traceparent: receipt.traceparent,
        correlationId: receipt.correlationId,
      });
    }
  });

  test('without a trace of its sender, or with one that is none, a message begins one', async () => {
    for (const traceparent of [undefined, '00-00000000000000000000000000000000-00f067aa0ba902b7-01', 'forged']) {
      const { headers, json } = await send(order(), { headers: traceparent === undefined ? {} : { traceparent } });
      const { rows } = await admin.query('select body from kf.command_receipts where id = $1', [
        String(json['receiptId']).slice(4),
      ]);
      const minted = JSON.parse(rows[0].body.toString()).traceparent;
      expect(minted).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(headers.get('traceparent')).toContain(minted.slice(3, 35));
    }
  });

  test('an archived environment denies, and the message works once it is active again', async () => {
    const environment = shop.sandbox.slice(4);
    await admin.query("update kf.environments set status = 'ARCHIVED' where id = $1", [environment]);
    const denied = await send(order(), { messageId: 'msg_archived' });
    expect(denied.status).toBe(403);
    expect(denied.json).toMatchObject({ code: 'policy_denied', receiptId: expect.stringMatching(/^rcp_/) });
    await admin.query("update kf.environments set status = 'ACTIVE' where id = $1", [environment]);
    const fresh = await ingestWorld.start();
    expect((await send(order(), { messageId: 'msg_archived', to: fresh })).json).toMatchObject({ status: 'SUCCEEDED' });
    await fresh.stop();
  });

  test('health, readiness, and metrics on a port of their own', async () => {
    await send(order());
    await send(order(), { secret: (await ingestWorld.createShop('Other')).secret });
    expect((await fetch(`${ingest.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${ingest.metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/kf_ingest_messages_total\{[^}]*outcome="accepted"[^}]*\} [1-9]/);
    expect(metrics).toMatch(/kf_ingest_messages_total\{[^}]*outcome="unauthentic"[^}]*\} [1-9]/);
    expect(metrics).toMatch(
      /kf_commands_total\{[^}]*command="reservation.create"[^}]*outcome="SUCCEEDED"[^}]*\} [1-9]/,
    );
    expect(metrics).not.toContain(shop.path);
  });

  test('no log line has a secret or a signature', async () => {
    await send(order());
    await send(order(), { shiftSeconds: 10_000 });
    const text = ingest.log.text();
    expect(text).toContain('/v1/ingest/:address');
    expect(text).not.toContain('whsec_');
    expect(text).not.toContain(shop.secret.slice('whsec_'.length));
    expect(text).not.toContain('v1,');
  });
});

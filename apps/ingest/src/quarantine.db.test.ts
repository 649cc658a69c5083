import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { type Caller, ingest as feature, registry, systemAuthority } from '@karmanflow/commands';
import { execute, metadataFor, responseOf } from '@karmanflow/commands/testing';
import { SecretUnavailable, type SecretStore } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import { deliverTo, effectsOn, noEffects } from './testing/deliver.ts';
import { createIngestWorld, type IngestWorld, order, type RunningIngest, type Shop } from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let ingest: RunningIngest;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;
const send = deliverTo(() => ({ ingest, shop }));

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  ingest = await ingestWorld.start();
  admin = await ingestWorld.world.testDatabase.admin();
});
afterAll(() => ingestWorld.close());
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

const run = (type: string, input: unknown) => ingestWorld.run(shop, type, input);

/** A message that names what does not exist, and is held. */
async function hold(messageId = 'msg-1'): Promise<string> {
  const { json, status } = await send(order({ sku: 'CUP-7', orderId: messageId }), { messageId });
  expect(status).toBe(202);
  return String(json['quarantinedMessageId']);
}

const carryOut = async (): Promise<void> => {
  const answer = await fetch(`${ingest.url}${shop.path}/requests`, { method: 'POST' });
  expect([answer.status, await answer.json()]).toEqual([202, { status: 'ACCEPTED' }]);
};

async function rowOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await admin.query(
    'select q.*, d.value, o.value as outline from kf.quarantined_messages q left join kf.personal_data d on d.tenant_id = q.tenant_id' +
      ' and d.id = q.payload_id left join kf.personal_data o on o.tenant_id = q.tenant_id and o.id = q.outline_id where q.id = $1',
    [id.slice(4)],
  );
  return rows[0];
}

async function personalValues(): Promise<unknown[]> {
  const { rows } = await admin.query(
    'select value from kf.personal_data where tenant_id = $1 and environment_id = $2',
    [shop.tenantId.slice(4), shop.sandbox.slice(4)],
  );
  return rows.map(({ value }) => value);
}

async function ask(type: string, input: Record<string, unknown>): Promise<Record<string, unknown> | null> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  const ctx = {
    database: ingestWorld.world.database,
    registry,
    tenantId: shop.tenantId,
    environmentId: shop.sandbox,
    scope: { tenantId: shop.tenantId, environmentId: shop.sandbox },
  };
  return (await query.run({ limit: 50, ...input } as never, ctx)) as Record<string, unknown> | null;
}

describe('a message in quarantine', () => {
  test('is encrypted, bound to its place, and nothing of it is in an event or a receipt', async () => {
    const id = await hold();
    const row = await rowOf(id);
    expect(row).toMatchObject({ reason: 'name_unknown', status: 'HELD', message_id: 'msg-1' });
    const value = String(row['value']);
    expect(Buffer.from(value, 'base64').length).toBeGreaterThan(100);
    expect(Buffer.from(value, 'base64').toString('latin1')).not.toContain('CUP-7');
    const { rows } = await admin.query(
      "select convert_from(body, 'utf8') as text from kf.domain_events where tenant_id = $1" +
        " union all select convert_from(body, 'utf8') from kf.command_receipts where tenant_id = $1",
      [shop.tenantId.slice(4)],
    );
    expect(rows.length).toBeGreaterThan(4);
    for (const { text } of rows) expect(text).not.toContain('CUP-7');
    expect(ingest.log.text()).not.toContain(value.slice(0, 40));
  });

  test('is listed, and shown without its values', async () => {
    const id = await hold();
    const list = await ask('ingest.quarantine', { status: 'HELD' });
    expect(list).toMatchObject({
      messages: [{ quarantinedMessageId: id, reason: 'name_unknown', status: 'HELD', messageId: 'msg-1' }],
      next: null,
    });
    const one = await ask('ingest.quarantined_message', { quarantinedMessageId: id });
    expect(one).toMatchObject({
      quarantinedMessageId: id,
      outline: {
        fields: { '/type': 'text', '/data/orderId': 'text', '/data/lines/-/quantity': 'number' },
        isCut: false,
      },
    });
    expect(JSON.stringify(one)).not.toContain('CUP-7');
    expect(JSON.stringify(one)).not.toContain('v1,');
    expect(await ask('ingest.quarantined_message', { quarantinedMessageId: `qtn_${Bun.randomUUIDv7()}` })).toBeNull();
  });

  test('is looked at again with the secrets and the mapping of now, and stays', async () => {
    const id = await hold();
    await run('ingest.recheck_message', { quarantinedMessageId: id });
    await carryOut();
    expect(await rowOf(id)).toMatchObject({ status: 'HELD', check_result: expect.stringContaining('name_unknown') });
    await run('inventory.register_variant', { sku: 'CUP-7', name: 'Cup' });
    await run('ingest.recheck_message', { quarantinedMessageId: id });
    await carryOut();
    expect(await rowOf(id)).toMatchObject({
      status: 'HELD',
      check_result: expect.stringContaining('reservation.create'),
    });
    await ingestWorld.secretStore.write(shop.secretRef, Buffer.from(generateWebhookSecret(randomBytes)));
    await run('ingest.recheck_message', { quarantinedMessageId: id });
    await carryOut();
    expect(await rowOf(id)).toMatchObject({ check_result: 'unverified: signature_mismatch' });
    expect(await effectsOn(shop, admin)).toEqual(noEffects);
  });

  test('becomes its command when it is released, once, as its connector, caused by who released it', async () => {
    const id = await hold();
    const { variantId } = await run('inventory.register_variant', { sku: 'CUP-7', name: 'Cup' });
    await run('inventory.adjust', { variantId, locationId: shop.locationId, delta: 5, reason: 'received' });
    await run('ingest.release_message', { quarantinedMessageId: id });
    await Promise.all([carryOut(), carryOut()]);
    await carryOut();
    const row = await rowOf(id);
    expect(row).toMatchObject({ status: 'RELEASED', outcome: 'SUCCEEDED', payload_id: null, outline_id: null });
    expect((await effectsOn(shop, admin)).reservations).toBe(1);
    expect(await personalValues()).toEqual([null, null]);
    const { rows } = await admin.query(
      "select convert_from(body, 'utf8') as text from kf.command_receipts where id = $1",
      [row['outcome_receipt_id']],
    );
    const receipt = JSON.parse(rows[0].text);
    expect(receipt.actor).toEqual({ type: 'CONNECTOR', id: shop.connectorId, onBehalfOf: null });
    const { rows: releases } = await admin.query(
      "select id from kf.command_receipts where tenant_id = $1 and command_type = 'ingest.release_message'",
      [shop.tenantId.slice(4)],
    );
    expect(receipt.causationId).toBe(`rcp_${releases[0].id}`);
    // The sender learns no more than that it is in good hands, and nothing happens twice.
    const again = await send(order({ sku: 'CUP-7', orderId: 'msg-1' }), { messageId: 'msg-1' });
    expect([again.status, again.json['quarantinedMessageId']]).toEqual([202, id]);
    expect((await effectsOn(shop, admin)).reservations).toBe(1);
  });

  test('released while it still cannot be processed it stays, and says why', async () => {
    const id = await hold();
    await run('ingest.release_message', { quarantinedMessageId: id });
    await carryOut();
    expect(await rowOf(id)).toMatchObject({ status: 'HELD', check_result: expect.stringContaining('name_unknown') });
    expect(await effectsOn(shop, admin)).toEqual(noEffects);
  });

  test('that ingest died over is released by whoever comes next', async () => {
    const id = await hold();
    const { variantId } = await run('inventory.register_variant', { sku: 'CUP-7', name: 'Cup' });
    await run('inventory.adjust', { variantId, locationId: shop.locationId, delta: 5, reason: 'received' });
    await run('ingest.release_message', { quarantinedMessageId: id });
    await carryOut();
    // As it would stand if the process had died between the command and its record.
    await admin.query(
      "update kf.quarantined_messages set status = 'RELEASE_REQUESTED', ended_at = null, payload_id = p.id from kf.personal_data p" +
        " where quarantined_messages.id = $1 and p.tenant_id = quarantined_messages.tenant_id and p.field = 'sealed'",
      [id.slice(4)],
    );
    const other = await ingestWorld.start();
    await fetch(`${other.url}${shop.path}/requests`, { method: 'POST' });
    expect((await effectsOn(shop, admin)).reservations).toBe(1);
    await other.stop();
  });

  test('is discarded for good: its bytes are erased, and it is not taken again', async () => {
    const id = await hold();
    expect(await run('ingest.discard_message', { quarantinedMessageId: id })).toMatchObject({ status: 'DISCARDED' });
    expect(await personalValues()).toEqual([null, null]);
    expect(await ask('ingest.quarantined_message', { quarantinedMessageId: id })).toMatchObject({
      status: 'DISCARDED',
      outline: null,
    });
    expect((await send(order({ sku: 'CUP-7', orderId: 'msg-1' }), { messageId: 'msg-1' })).status).toBe(202);
    await expect(run('ingest.release_message', { quarantinedMessageId: id })).rejects.toThrow(
      'quarantined_message_not_held',
    );
  });

  test('expires: the sweeper ends it when its time is over and not before', async () => {
    const id = await hold();
    const sweeper: Caller = {
      ...shop.person,
      actor: { type: 'SYSTEM', id: shop.person.actor.id, onBehalfOf: null },
      ...systemAuthority('expiry_sweeper'),
    };
    const expire = () =>
      execute(ingestWorld.world.executor, 'ingest.expire_message', { quarantinedMessageId: id }, metadataFor(sweeper));
    expect(() => responseOf({ kind: 'rejected', code: 'draining', detail: '' })).toThrow();
    const early = await expire();
    expect(early.kind === 'receipt' && early.receipt.status).toBe('REFUSED');
    await admin.query("update kf.quarantined_messages set expires_at = now() - interval '1 second' where id = $1", [
      id.slice(4),
    ]);
    await expect(run('ingest.release_message', { quarantinedMessageId: id })).rejects.toThrow(
      'quarantined_message_expired',
    );
    expect(responseOf(await expire())).toMatchObject({ status: 'EXPIRED' });
    expect(await personalValues()).toEqual([null, null]);
    const { rows } = await admin.query(
      'select held_messages, held_bytes from kf.ingest_quarantines where tenant_id = $1',
      [shop.tenantId.slice(4)],
    );
    expect(rows).toEqual([{ held_messages: '0', held_bytes: '0' }]);
  });

  test('released after its source was given a way to be processed by a later delivery, without anybody asking ingest', async () => {
    const id = await hold();
    const { variantId } = await run('inventory.register_variant', { sku: 'CUP-7', name: 'Cup' });
    await run('inventory.adjust', { variantId, locationId: shop.locationId, delta: 5, reason: 'received' });
    await run('ingest.release_message', { quarantinedMessageId: id });
    const fresh = await ingestWorld.start();
    expect((await send(order(), { to: fresh })).status).toBe(200);
    await waitUntil({ what: 'the release', condition: async () => (await rowOf(id))['status'] === 'RELEASED' });
    await fresh.stop();
  });
});

describe('the bounds of the quarantine', () => {
  test('a source that holds as much as it can is told to come back, and room makes the same message work', async () => {
    const id = await hold();
    await admin.query('update kf.ingest_quarantines set held_messages = $2 where tenant_id = $1', [
      shop.tenantId.slice(4),
      feature.ingestBounds.heldMessagesPerSource,
    ]);
    const full = await send(order({ sku: 'CUP-8' }), { messageId: 'msg-2' });
    expect([full.status, full.json['code'], full.headers.get('retry-after')]).toEqual([503, 'overloaded', '300']);
    expect((await send(order())).status).toBe(200);
    await run('ingest.discard_message', { quarantinedMessageId: id });
    expect((await send(order({ sku: 'CUP-8' }), { messageId: 'msg-2' })).status).toBe(202);
  });

  test('without its key nothing is kept in the clear and nothing is acknowledged', async () => {
    const store: SecretStore = {
      read(reference) {
        if (reference !== 'secrets://ingest-quarantine-key') return ingestWorld.secretStore.read(reference);
        throw new SecretUnavailable({ code: 'not_found', reference, detail: 'made to fail' });
      },
    };
    const keyless = await ingestWorld.start({ secretStore: store });
    const { status, json } = await send(order({ sku: 'CUP-7' }), { to: keyless, messageId: 'msg-1' });
    expect([status, json['code']]).toEqual([500, 'internal_error']);
    expect((await send(order(), { to: keyless })).status).toBe(200);
    expect(await personalValues()).toEqual([]);
    expect((await send(order({ sku: 'CUP-7' }), { messageId: 'msg-1' })).status).toBe(202);
    await keyless.stop();
  });

  test('asking about an address that is none, or another method, tells nothing', async () => {
    for (const path of ['/v1/ingest/none/requests', `/v1/ingest/${'0'.repeat(64)}/requests`, `${shop.path}/requests`]) {
      const answer = await fetch(`${ingest.url}${path}`, { method: 'POST' });
      expect([answer.status, await answer.text()]).toEqual([202, '{"status":"ACCEPTED"}']);
    }
    expect((await fetch(`${ingest.url}${shop.path}/requests`)).status).toBe(405);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { verifyReceipt } from '@karmanflow/receipts';
import { waitUntil } from '@karmanflow/runtime/testing';
import * as v from 'valibot';
import { problemShape, receiptDocumentShape } from '../document-shapes.ts';
import type { ApiAnswer } from '../testing/api-answer.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { probedRegistry } from '../testing/probe-feature.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { type Stock, stockUp } from '../testing/stock.ts';

let api: TestApi;
let operator: ApiClient;
let stock: Stock;
beforeAll(async () => {
  api = await startTestApi({ registry: probedRegistry });
  operator = api.as('operator');
  stock = await stockUp(operator, 1_000);
});
afterAll(() => api.stop());

const reserve = (quantity: number, options = {}): Promise<ApiAnswer> =>
  operator.send('reservation.create', { lines: [{ ...stock, quantity }] }, options);
const receiptIn = (answer: ApiAnswer) => v.parse(receiptDocumentShape, answer.json['receipt']);
/** The bytes of data and receipt, as they stand in the answer. */
const signedPart = (answer: ApiAnswer): string => answer.text.slice(0, answer.text.lastIndexOf(',"replayed":'));

describe('a command that succeeds', () => {
  test('answers data of its output shape and a receipt that verifies with the published keys alone', async () => {
    const answer = await reserve(2);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['data', 'receipt', 'replayed']);
    expect(answer.json['replayed']).toBe(false);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
    const output = probedRegistry.commands.get('reservation.create')?.output;
    expect(output !== undefined && v.is(output, answer.json['data'])).toBe(true);
    const keys: unknown = (await operator.get('/.well-known/karmanflow/receipt-keys.json')).json;
    expect(verifyReceipt({ document: answer.json['receipt'], keys })).toMatchObject({ ok: true });
    expect(receiptIn(answer).receipt).toMatchObject({
      command: { type: 'reservation.create' },
      status: 'SUCCEEDED',
      tenantId: api.tenant.tenantId,
      environmentId: api.tenant.environments.sandbox,
      credential: { type: 'api_key', id: api.tenant.keyIds['operator'] },
      requestId: answer.headers.get('x-karmanflow-request-id'),
      correlationId: answer.headers.get('x-karmanflow-correlation-id'),
      traceparent: answer.headers.get('traceparent'),
    });
  });

  test('the whole life of a reservation', async () => {
    const created = await operator.succeed('reservation.create', {
      lines: [{ ...stock, quantity: 1 }],
      reference: 'order-1',
      holdSeconds: 60,
    });
    const { reservationId = '' } = created;
    const extended = await operator.succeed('reservation.extend', { reservationId, holdSeconds: 600 });
    expect(String(extended['expiresAt']) > String(created['expiresAt'])).toBe(true);
    expect(await operator.succeed('reservation.commit', { reservationId })).toMatchObject({ status: 'COMMITTED' });
    const found = await operator.get(`/v1/reservation/get?reservationId=${reservationId}`);
    expect(found.json['data']).toMatchObject({ reservationId, status: 'COMMITTED', reference: 'order-1', version: 3 });
    const refused = await operator.send('reservation.extend', { reservationId, holdSeconds: 600 });
    expect(refused).toMatchObject({ status: 409, code: 'reservation_not_active' });
    expect(refused.json['refusal']).toEqual({ status: 'COMMITTED' });
  });

  test('takes its headers onto the receipt', async () => {
    const correlationId = `kfcor_${Bun.randomUUIDv7()}`;
    const answer = await reserve(1, {
      headers: {
        'x-karmanflow-correlation-id': correlationId,
        'x-karmanflow-causation-id': 'order-created-4711',
        'x-karmanflow-reason': Buffer.from('Kundin am Telefon, grün', 'utf8').toString('latin1'),
      },
    });
    expect(receiptIn(answer).receipt).toMatchObject({
      correlationId,
      causationId: 'order-created-4711',
      reason: 'Kundin am Telefon, grün',
    });
    expect(answer.headers.get('x-karmanflow-correlation-id')).toBe(correlationId);
  });
});

describe('a repeat', () => {
  test('answers the stored bytes and says so, also when the key is quoted and the body is written otherwise', async () => {
    const first = await reserve(3, { key: 'order-7' });
    const repeats = [
      await reserve(3, { key: 'order-7' }),
      await reserve(3, { key: '"order-7"' }),
      await operator.send(
        'reservation.create',
        ` { "lines" : [ { "quantity" : 3e0, "locationId" : "${stock.locationId}", "variantId" : "${stock.variantId}" } ] } `,
        { key: 'order-7' },
      ),
    ];
    for (const again of repeats) {
      expect(again.status).toBe(200);
      expect(again.json['replayed']).toBe(true);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(signedPart(again)).toBe(signedPart(first));
      expect(again.headers.get('x-karmanflow-request-id')).not.toBe(first.headers.get('x-karmanflow-request-id'));
    }
  });

  test('fifty at once have one effect', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => reserve(1, { key: 'storm' })));
    expect(new Set(answers.map(signedPart)).size).toBe(1);
    expect(answers.filter(({ json }) => json['replayed'] === false)).toHaveLength(1);
  });

  test('with another payload or another expected version is refused', async () => {
    await reserve(1, { key: 'order-8' });
    expect(await reserve(2, { key: 'order-8' })).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    const { reservationId } = await operator.succeed('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    const commit = (version: string) =>
      operator.send(
        'reservation.commit',
        { reservationId },
        { key: 'commit-8', headers: { 'x-karmanflow-expected-version': version } },
      );
    expect(await commit('1')).toMatchObject({ status: 200 });
    expect(await commit('2')).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });

  test('of a refusal is the same refusal', async () => {
    const first = await reserve(1_000_000, { key: 'too-much' });
    const again = await reserve(1_000_000, { key: 'too-much' });
    expect([first.status, again.status]).toEqual([409, 409]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.json).toEqual({ ...first.json, replayed: true });
  });

  test('waits for the first while its deadline lasts', async () => {
    const admin = await api.world.testDatabase.admin();
    await admin.query('begin');
    await admin.query('select from kf.inventory_levels where variant_id = $1 for update', [stock.variantId.slice(4)]);
    const first = reserve(1, { key: 'slow' });
    await waitUntil({ what: 'the first to be under way', condition: () => api.executor.load().running > 0 });
    const deadline = { 'x-karmanflow-deadline-milliseconds': '50' };
    const impatient = await reserve(1, { key: 'slow', headers: deadline });
    expect(impatient).toMatchObject({ status: 409, code: 'idempotency_key_in_flight' });
    expect(impatient.headers.get('retry-after')).toBe('1');
    const patient = reserve(1, { key: 'slow' });
    await admin.query('rollback');
    expect(signedPart(await patient)).toBe(signedPart(await first));
  });
});

describe('a command with a deadline', () => {
  test('is answered at its deadline, has done nothing, and may be sent again under its key', async () => {
    const admin = await api.world.testDatabase.admin();
    await admin.query('begin');
    await admin.query('select from kf.inventory_levels where variant_id = $1 for update', [stock.variantId.slice(4)]);
    const before = await operator.get(`/v1/inventory/levels?variantId=${stock.variantId}`);
    const headers = { 'x-karmanflow-deadline-milliseconds': '50' };
    const late = await reserve(1, { key: 'hurried', headers });
    expect(late).toMatchObject({ status: 503, code: 'deadline_exceeded' });
    expect(late.headers.get('retry-after')).toBe('1');
    expect(late.json['receipt']).toBeUndefined();
    await admin.query('rollback');
    await waitUntil({ what: 'the attempt to end', condition: () => api.executor.load().running === 0 });
    expect((await operator.get(`/v1/inventory/levels?variantId=${stock.variantId}`)).text).toBe(before.text);
    const again = await reserve(1, { key: 'hurried' });
    expect(again).toMatchObject({ status: 200, json: { replayed: false } });
  });
});

describe('a command that is refused', () => {
  test('answers a problem with the facts, the receipt and the words of the catalogue', async () => {
    const answer = await reserve(1_000_000);
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = v.parse(problemShape, answer.json);
    expect(problem).toMatchObject({ code: 'stock_insufficient', retryable: false, replayed: false });
    expect(problem.refusal).toMatchObject({ line: 1, quantity: 1_000_000 });
    expect(problem.detail).toContain('quantity 1000000');
    expect(receiptIn(answer).receipt).toMatchObject({ status: 'REFUSED', refusal: { code: 'stock_insufficient' } });
  });

  test('on a version that is no longer true', async () => {
    const { reservationId } = await operator.succeed('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    const headers = { 'x-karmanflow-expected-version': '7' };
    const answer = await operator.send('reservation.commit', { reservationId }, { headers });
    expect(answer).toMatchObject({ status: 409, code: 'version_conflict' });
    expect(answer.json['refusal']).toEqual({ expectedVersion: 7, version: 1 });
  });

  test('on what does not exist is 404 with a receipt', async () => {
    const answer = await operator.send('reservation.commit', { reservationId: `rsv_${Bun.randomUUIDv7()}` });
    expect(answer).toMatchObject({ status: 404, code: 'reservation_not_found' });
    expect(receiptIn(answer).receipt.status).toBe('REFUSED');
  });
});

describe('a command that waits', () => {
  test('R2 answers 202 and changes nothing', async () => {
    const { reservationId } = await operator.succeed('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    const before = await operator.get(`/v1/reservation/get?reservationId=${reservationId}`);
    const answer = await operator.send('reservation.cancel', { reservationId }, { key: 'cancel-1' });
    expect(answer.status).toBe(202);
    expect(answer.json['data']).toMatchObject({ status: 'REQUESTED', approvalId: expect.stringMatching(/^apr_/) });
    expect(receiptIn(answer).receipt).toMatchObject({
      status: 'PENDING_APPROVAL',
      policy: { rule: 'named_human_approves' },
    });
    expect((await operator.get(`/v1/reservation/get?reservationId=${reservationId}`)).text).toBe(before.text);
    const again = await operator.send('reservation.cancel', { reservationId }, { key: 'cancel-1' });
    expect(again.status).toBe(202);
    expect(signedPart(again)).toBe(signedPart(answer));
  });

  test('R2 from an agent waits like anyone, R3 is for humans who logged in', async () => {
    const { reservationId } = await operator.succeed('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    expect((await api.as('agent').send('reservation.cancel', { reservationId })).status).toBe(202);
    const human = await operator.send('probe.reassign', { note: 'all of them' });
    // A key of theirs is no login: whoever holds it may be anybody.
    expect(human).toMatchObject({ status: 403, code: 'policy_denied' });
    expect(human.json['rule']).toBe('login_not_fresh');
    const agent = await api.as('agent').send('probe.reassign', { note: 'all of them' });
    expect(agent).toMatchObject({ status: 403, code: 'policy_denied' });
    expect(agent.json['rule']).toBe('risk_above_ceiling');
  });
});

describe('a command that policy denies', () => {
  test('leaves a receipt and not its key', async () => {
    const input = { lines: [{ ...stock, quantity: 1 }] };
    const denied = await api.as('viewer').send('reservation.create', input, { key: 'shared' });
    expect(denied).toMatchObject({ status: 403, code: 'policy_denied' });
    expect(v.parse(problemShape, denied.json)).toMatchObject({
      rule: 'scope_missing',
      detail: 'scope_missing: inventory.reservation:create',
    });
    const { receipt } = receiptIn(denied);
    expect(receipt).toMatchObject({ status: 'DENIED', idempotencyKeyHash: null });
    expect(await operator.get(`/v1/receipts/${receipt.receiptId}`)).toMatchObject({
      status: 200,
      json: denied.json['receipt'],
    });
    const entitled = await operator.send('reservation.create', input, { key: 'shared' });
    expect(entitled.json['replayed']).toBe(false);
  });

  test('may not see the outcome of another either', async () => {
    const input = { lines: [{ ...stock, quantity: 1 }] };
    await operator.send('reservation.create', input, { key: 'not-yours' });
    const replay = await api.as('viewer').send('reservation.create', input, { key: 'not-yours' });
    expect(replay).toMatchObject({ status: 403, code: 'policy_denied' });
    expect(replay.text).not.toContain('rsv_');
  });
});

describe('a bug', () => {
  test('in a command is a 500 that says nothing, leaves no receipt and does not hold the key', async () => {
    const answer = await operator.send('probe.detonate', {}, { key: 'bang' });
    expect(answer).toMatchObject({ status: 500, code: 'internal_error' });
    expect(answer.text).not.toContain('hunter2');
    expect(answer.text).not.toContain('Error');
    expect(await operator.send('probe.detonate', {}, { key: 'bang' })).toMatchObject({ code: 'internal_error' });
  });

  test('in a query is a 500 that says nothing and a line in the log', async () => {
    const answer = await operator.get('/v1/probe/collapse');
    expect(answer).toMatchObject({ status: 500, code: 'internal_error' });
    expect(answer.text).not.toContain('hunter2');
    const requestId = answer.headers.get('x-karmanflow-request-id');
    const lines = api.log.lines().filter((line) => line['request_id'] === requestId);
    expect(lines.map((line) => line['message'])).toEqual(['request failed', 'request']);
  });
});

import { describe, expect, test } from 'bun:test';
import type { Outcome, ReceiptStatus, StoredReceipt } from '@karmanflow/commands';
import { errorCatalogue } from '@karmanflow/schema';
import { answerOutcome } from './answer-outcome.ts';

const instance = 'kfreq_00000000-0000-7000-8000-000000000001';

function receipt(status: ReceiptStatus, response: string | null, body: unknown = {}): StoredReceipt {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    id: 'rcp_00000000-0000-7000-8000-000000000002',
    commandType: 'reservation.create',
    status,
    bytes: bytes(JSON.stringify(body)),
    hash: new Uint8Array(32),
    signature: new Uint8Array(64),
    keyId: 'k',
    response: response === null ? null : bytes(response),
  };
}

const of = (one: StoredReceipt, replayed = false): Outcome => ({ kind: 'receipt', receipt: one, replayed });

describe('answerOutcome', () => {
  test('the stored bytes of the response are the bytes of data', async () => {
    // A number that JSON.parse and JSON.stringify would write differently.
    const { response, outcome } = answerOutcome(of(receipt('SUCCEEDED', '{"n":1.50}')), instance);
    expect(outcome).toBe('accepted');
    expect(await response.text()).toBe(
      '{"data":{"n":1.50},"status":"SUCCEEDED","refusal":null,"receiptId":"rcp_00000000-0000-7000-8000-000000000002","replayed":false}',
    );
  });

  test('what the command answers is 200, 202 or 403; a replay says so', () => {
    const refusal = { code: 'stock_insufficient', detail: {} };
    const seen = [
      answerOutcome(of(receipt('REFUSED', null, { refusal })), instance),
      answerOutcome(of(receipt('PENDING_APPROVAL', '{}')), instance),
      answerOutcome(of(receipt('DENIED', null)), instance),
      answerOutcome(of(receipt('SUCCEEDED', '{}'), true), instance),
    ].map(({ response, outcome }) => [response.status, outcome, response.headers.get('idempotent-replayed')]);
    expect(seen).toEqual([
      [200, 'refused', null],
      [202, 'refused', null],
      [403, 'refused', null],
      [200, 'replayed', 'true'],
    ]);
  });

  test('what the executor did not take is a problem, which says when to come back', async () => {
    for (const code of ['overloaded', 'draining', 'deadline_exceeded', 'database_unavailable'] as const) {
      const { response, outcome } = answerOutcome({ kind: 'rejected', code, detail: 'd' }, instance);
      expect([response.status, response.headers.get('retry-after'), outcome]).toEqual([503, '1', 'rejected']);
      expect(await response.json()).toMatchObject({ code, instance, retryable: true });
    }
    const reused = answerOutcome({ kind: 'rejected', code: 'idempotency_key_reused', detail: 'd' }, instance);
    expect(reused.response.status).toBe(errorCatalogue.idempotency_key_reused.status);
    expect(reused.response.headers.get('retry-after')).toBeNull();
  });
});

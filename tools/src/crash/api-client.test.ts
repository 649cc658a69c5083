import { expect, test } from 'bun:test';
import { commandOutcome } from './api-client.ts';

const signature = '"signature":{"algorithm":"Ed25519","keyId":"k","value":"v"}';
const document = (receipt: string): string => `{"receipt":${receipt},"hash":"sha256:00",${signature}}`;

function outcomeOf(httpStatus: number, text: string): ReturnType<typeof commandOutcome> {
  return commandOutcome({ httpStatus, requestId: 'kfreq_1', text });
}

test('an answer with a receipt is an end, whatever its status', () => {
  const receipt = '{"receiptId":"rcp_1","status":"REFUSED"}';
  const outcome = outcomeOf(409, `{"code":"stock_insufficient","receipt":${document(receipt)},"replayed":true}`);
  expect(outcome).toMatchObject({
    kind: 'receipt',
    status: 'REFUSED',
    replayed: true,
    receipt,
    isVerbatim: true,
    data: null,
  });
});

test('a receipt that was written in another order is noticed', () => {
  const text = `{"data":{"b":1,"a":2},"receipt":${document('{"status":"SUCCEEDED","a":1}')},"replayed":false}`;
  expect(outcomeOf(200, text)).toMatchObject({
    isVerbatim: false,
    receipt: '{"a":1,"status":"SUCCEEDED"}',
    data: '{"a":2,"b":1}',
  });
});

test.each([
  [400, 'input_invalid', 'rejected'],
  [401, 'unauthenticated', 'rejected'],
  [422, 'idempotency_key_reused', 'rejected'],
  [409, 'idempotency_key_in_flight', 'unknown'],
  [500, 'internal_error', 'unknown'],
  [503, 'database_unavailable', 'nothing_done'],
  [503, 'deadline_exceeded', 'nothing_done'],
  [504, 'outcome_unknown', 'unknown'],
  [400, 'a_code_of_nobody', 'unknown'],
])('a problem of status %d and code %s is %s', (status, code, kind) => {
  expect(outcomeOf(status, JSON.stringify({ code })).kind).toBe(kind as 'unknown');
});

test('what is no answer of ours leaves everything open', () => {
  for (const text of ['', 'Bad Gateway', '{"data":{}}', '[]']) expect(outcomeOf(200, text).kind).toBe('unknown');
});

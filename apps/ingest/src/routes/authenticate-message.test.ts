import { expect, test } from 'bun:test';
import { createLogger } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import type { NoSource } from '../sources.ts';
import { authenticateMessage, type ReceivePorts } from './authenticate-message.ts';

const { destination } = captureLog();

/** The answer at an address at which nobody was found, for this reason. */
async function answerTo(reason: NoSource, address = 'ab'.repeat(32)) {
  const ports: Pick<ReceivePorts, 'sources' | 'logger' | 'now' | 'decoySecret'> = {
    sources: { find: async () => ({ ok: false, reason }) },
    logger: createLogger({ app: 'ingest', level: 'info', destination }),
    now: () => 0,
    decoySecret: generateWebhookSecret((size) => new Uint8Array(size).fill(1)),
  };
  const arrival = {
    address,
    request: new Request('http://localhost/', { method: 'POST', body: '{}' }),
    identity: { requestId: 'kfreq_1', correlationId: 'kfcor_1', traceparent: '00' },
  };
  // Nothing else is asked where there is no source.
  const judged = await authenticateMessage(ports as ReceivePorts, arrival as never);
  if (judged.ok) throw new Error('somebody was found');
  const { response, outcome } = judged.answer;
  return { status: response.status, outcome, wait: response.headers.get('retry-after'), text: await response.text() };
}

test('whoever was not looked for is told to come back, and nothing about the address', async () => {
  const limited = await answerTo('look_ups_limited');
  expect(limited).toMatchObject({ status: 429, outcome: 'limited', wait: '1' });
  expect(JSON.parse(limited.text)).toMatchObject({ code: 'rate_limited', retryable: true });
});

test('every reason for which there is nobody has one answer', async () => {
  const reasons = ['source_unknown', 'source_paused', 'tenant_not_active', 'principal_not_active'] as const;
  const answers = await Promise.all([...reasons.map((reason) => answerTo(reason)), answerTo('source_unknown', 'none')]);
  expect(answers[0]).toMatchObject({ status: 401, outcome: 'unauthentic', wait: null });
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

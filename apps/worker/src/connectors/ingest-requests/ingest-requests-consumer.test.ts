import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { access } from '@karmanflow/commands';
import type { EffectCall, StreamEvent } from '@karmanflow/events';
import { toId } from '@karmanflow/schema';
import { createIngestRequestsConsumer } from './ingest-requests-consumer.ts';

const tenantId = toId('tenant', '019b76da-a800-7000-8000-000000000003');
const environmentId = toId('environment', '019b76da-a800-7000-8000-000000000004');
const [one, other] = [5, 6].map((last) => toId('ingestSource', `019b76da-a800-7000-8000-00000000000${last}`));

let told: string[] = [];
let status = 202;
let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      told.push(`${request.method} ${new URL(request.url).pathname}`);
      return new Response(null, { status, headers: status === 302 ? { location: '/elsewhere' } : {} });
    },
  });
});
afterAll(() => server.stop(true));
beforeEach(() => {
  told = [];
  status = 202;
});

function eventOf(ingestSourceId: unknown, seq: number): StreamEvent {
  const event = { tenantId, environmentId, eventType: 'ingest.message.check_requested', data: { ingestSourceId } };
  // Of an event, only these are looked at.
  return { seq, event } as unknown as StreamEvent;
}

function run(sources: readonly unknown[], url = `http://127.0.0.1:${server.port}`): Promise<void> {
  const { sideEffect } = createIngestRequestsConsumer({ ingestUrl: url });
  const call: EffectCall = {
    scope: { tenantId, environmentId },
    events: sources.map(eventOf),
    epoch: 1,
    range: { afterSeq: 0, throughSeq: sources.length },
    isRetry: false,
    signal: new AbortController().signal,
  };
  return sideEffect?.(call) ?? Promise.reject(new Error('it does nothing'));
}

const pathOf = (ingestSourceId = one): string =>
  `POST /v1/ingest/${access.formatIngestAddress({ tenantId, ingestSourceId: ingestSourceId ?? toId('ingestSource', '') })}/requests`;

test('each source is told once for a batch, at its own address', async () => {
  await run([one, other, one]);
  expect(told).toEqual([pathOf(one), pathOf(other)]);
});

test.each([500, 302, 404])('an answer of %d keeps the stream waiting, and nothing is followed', async (bad) => {
  status = bad;
  await expect(run([one])).rejects.toMatchObject({ name: 'NotNow' });
  expect(told).toEqual([pathOf(one)]);
});

test('so does an ingest that is away', async () => {
  const gone = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() });
  const url = `http://127.0.0.1:${gone.port}`;
  await gone.stop(true);
  await expect(run([one], url)).rejects.toMatchObject({ name: 'NotNow' });
});

test('an event without a source is a fault of the event', async () => {
  await expect(run(['not an id'])).rejects.not.toMatchObject({ name: 'NotNow' });
  expect(told).toEqual([]);
});

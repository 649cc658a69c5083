import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { waitUntil } from '@karmanflow/runtime/testing';
import { prove } from '../testing/prove.ts';
import { type ServedApi, serveApi } from '../testing/serve-api.ts';
import { surfaceChecks } from './index.ts';
import { nothingLeft } from './nothing-left.ts';
import { readOperations } from './read-operations.ts';
import { refusedProbes } from './refusal-checks.ts';
import { requestLike } from './rewriting.ts';

setDefaultTimeout(90_000);

let api: ServedApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(() => api.stop());

prove(surfaceChecks, (_asked, work) => work(api.surface()));

test('every operation owes cases, and nested fields are among them', async () => {
  const operations = await readOperations(api.surface());
  const { probes, missing } = refusedProbes(operations);
  expect(missing).toEqual([]);
  expect(operations.length).toBeGreaterThan(15);
  for (const { id } of operations) expect(probes.map(({ operation }) => operation)).toContain(id);
  const names = probes.filter(({ operation }) => operation === 'reservation.create').map((probe) => probe.names);
  expect(names).toContain('lines.0.conformance_unknown');
  expect(names).toContain('lines.0.quantity');
  expect(probes.length).toBeGreaterThan(200);
});

test('where receipts cannot be counted, an event that came of a refused request is found', async () => {
  const surface = { ...api.surface(), countReceipts: null };
  const honest = await nothingLeft.run(surface);
  expect(honest.verdict).toBe('holds');
  expect(honest.evidence.join('\n')).toContain('receipts were not counted');

  surface.recompose?.({
    around: (handler) => async (request) => {
      const text = await request.clone().text();
      if (!request.url.endsWith('/v1/inventory/register_location') || !text.includes('"conformance_')) {
        return handler(request);
      }
      const body = JSON.stringify({ code: `L-${Bun.randomUUIDv7()}`, name: 'Left behind' });
      await handler(await requestLike(request, { body: () => body }));
      const page = async (): Promise<string> => {
        const headers = { authorization: `Bearer ${surface.apiKey}` };
        return (await handler(new Request(`${surface.url}/v1/events?limit=200`, { headers }))).text();
      };
      const correlationId = request.headers.get('x-karmanflow-correlation-id') ?? '';
      await waitUntil({ what: 'the event to be shown', condition: async () => (await page()).includes(correlationId) });
      return handler(request);
    },
  });
  const dishonest = await nothingLeft.run(surface);
  expect(dishonest.verdict).toBe('violated');
  expect(dishonest.evidence).toContain('1 events came of requests that were refused');
});

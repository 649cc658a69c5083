import { expect, test } from 'bun:test';
import type { LoadRun, LoadSetup } from './load-protocol.ts';
import { requestWriter } from './request-writer.ts';

const variantIds = Array.from({ length: 50 }, () => `var_${Bun.randomUUIDv7()}`);
const pieces: LoadSetup = { kind: 'setup', apiKey: 'kf_test', locationId: `loc_${Bun.randomUUIDv7()}` };
const order: LoadRun = {
  kind: 'run',
  port: 1,
  path: '/v1/reservation/create',
  connections: 2,
  milliseconds: 1,
  variantIds,
};

interface SeenRequest {
  readonly head: string;
  readonly key: string;
  readonly variantId: string;
}

function seen(request: Buffer): SeenRequest {
  const [head = '', body = ''] = request.toString('latin1').split('\r\n\r\n');
  expect(head).toContain(`\r\nContent-Length: ${body.length}`);
  const { lines } = JSON.parse(body) as { lines: { variantId: string; locationId: string; quantity: number }[] };
  expect(lines).toEqual([{ variantId: lines[0]?.variantId ?? '', locationId: pieces.locationId, quantity: 1 }]);
  return { head, key: /\r\nIdempotency-Key: (\S+)/.exec(head)?.[1] ?? '', variantId: lines[0]?.variantId ?? '' };
}

test('every request is whole, with a key of its own and a variant of the order', () => {
  const requests = [1, 2].flatMap((run) =>
    [0, 1].flatMap((connection) => {
      const write = requestWriter({ pieces, order, connection, run });
      return Array.from({ length: 300 }, () => seen(write()));
    }),
  );
  expect(new Set(requests.map(({ key }) => key)).size).toBe(requests.length);
  expect(new Set(requests.map(({ variantId }) => variantId))).toEqual(new Set(variantIds));
  expect(requests[0]?.head.startsWith('POST /v1/reservation/create HTTP/1.1\r\nHost: ')).toBe(true);
  expect(requests[0]?.head).toContain('\r\nAuthorization: Bearer kf_test\r\n');
});

test('with one variant everybody asks for it', () => {
  const write = requestWriter({
    pieces,
    order: { ...order, variantIds: variantIds.slice(0, 1) },
    connection: 0,
    run: 1,
  });
  const asked = new Set(Array.from({ length: 20 }, () => seen(write()).variantId));
  expect([...asked]).toEqual(variantIds.slice(0, 1));
});

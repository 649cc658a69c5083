import type { LoadRun, LoadSetup } from './load-protocol.ts';

const prefix = 'var_';
const uuidLength = 36;
const counterDigits = 8;

/**
 * Makes the requests of one connection in one buffer that is patched in place: only the idempotency key and the variant
 * differ between two requests, and both have a fixed length. The returned buffer is valid until the next call.
 */
export function requestWriter(options: {
  readonly pieces: LoadSetup;
  readonly order: LoadRun;
  readonly connection: number;
  /** The number of the run, so that no two requests of one generator carry the same key. */
  readonly run: number;
}): () => Buffer {
  const { pieces, order, connection, run } = options;
  const uuids = order.variantIds.map((id) => Buffer.from(id.slice(prefix.length), 'latin1'));
  const line = { variantId: order.variantIds[0], locationId: pieces.locationId, quantity: 1 };
  const body = JSON.stringify({ lines: [line] });
  const key = `bench-${String(run).padStart(4, '0')}-${String(connection).padStart(4, '0')}-`;
  const head = [
    `POST ${order.path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${pieces.apiKey}`,
    'Content-Type: application/json',
    `Idempotency-Key: ${key}${'0'.repeat(counterDigits)}`,
    `Content-Length: ${body.length}`,
  ];
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  const counterAt = request.indexOf(key) + key.length;
  const variantAt = request.lastIndexOf(`"${prefix}`) + prefix.length + 1;
  let counter = 0;
  // A linear congruential sequence (Numerical Recipes), begun elsewhere by each connection of each run.
  let random = Math.imul(connection + 1, 2_654_435_761) ^ Math.imul(run, 40_503);
  return () => {
    counter += 1;
    for (let position = counterDigits - 1, rest = counter; position >= 0; position -= 1) {
      request[counterAt + position] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    if (uuids.length > 1) {
      random = Math.imul(random, 1_664_525) + 1_013_904_223;
      // The high bits: the low ones of such a sequence have short periods.
      const uuid = uuids[Math.floor(((random >>> 0) / 2 ** 32) * uuids.length)];
      uuid?.copy(request, variantAt, 0, uuidLength);
    }
    return request;
  };
}

import { registry } from '@karmanflow/commands';
import { Hono } from 'hono';
import * as v from 'valibot';
import { functionStore } from './function-store.ts';
import { kyselyStore } from './kysely-store.ts';
import { limitStore } from './limit-store.ts';
import { openPeerPool } from './open-peer-pool.ts';
import type { PeerConfiguration } from './peer-configuration.ts';
import type { FoundReceipt, ReservationStore } from './reservation-store.ts';
import { type ReservationInput, rowsOfRequest } from './rows-of-request.ts';

// A peer's process: the same Hono, valibot shape and pg as ours, and a store of its own. Its configuration is its first line
// of standard input; it answers with the port on which it listens, and ends with its standard input.
const lines = console[Symbol.asyncIterator]();
const configuration = JSON.parse(String((await lines.next()).value)) as PeerConfiguration;
const storeOf = { function: functionStore, kysely: kyselyStore, limit: limitStore };
const stores = new Map<string, ReservationStore>(
  configuration.poolSizes.map((size) => [String(size), storeWith(size)]),
);
// As long as the hash and the signature of a receipt document.
const proofLike = 'A'.repeat(250);
const shape = registry.commands.get('reservation.create')?.input;
if (shape === undefined) throw new Error('no command reservation.create');

const app = new Hono();
app.post('/pool/:size/v1/reservation/create', async (c) => {
  const store = stores.get(c.req.param('size'));
  const idempotencyKey = c.req.header('Idempotency-Key');
  if (!store || !idempotencyKey) return c.json({ code: 'input_invalid' }, 400);
  const rawBody = await c.req.text();
  const parsed = v.safeParse(shape, parseJson(rawBody));
  if (!parsed.success) return c.json({ code: 'input_invalid' }, 400);
  const input = parsed.output as ReservationInput; // The shape is the command's own; the registry forgets its type.
  const rows = rowsOfRequest({ input, rawBody, idempotencyKey, sizes: configuration.sizes });
  const end = await store.reserve(rows);
  if (end === 'reserved') return answer(200, textOf(rows.response), textOf(rows.receiptBody));
  if (end === 'insufficient') {
    await store.refuse(rows);
    return answer(409, 'null', textOf(rows.refusalBody));
  }
  const found = await store.find(rows.keyHash);
  if (!found || !rows.payloadHash.equals(found.payloadHash)) return c.json({ code: 'idempotency_key_reused' }, 422);
  return replay(found);
});
const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: app.fetch });
process.stdout.write(`${server.port}\n`);
await lines.next();
process.exit(0);

function storeWith(connections: number): ReservationStore {
  const { store, databaseUrl } = configuration;
  const pool = openPeerPool({ databaseUrl, connections, applicationName: `kf-bench-${store}` });
  return storeOf[store](pool, configuration.identity);
}

function answer(status: number, data: string, receipt: string): Response {
  const body = `{"data":${data},"receipt":{"proof":"${proofLike}","receipt":${receipt}},"replayed":false}`;
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
}

function replay(found: FoundReceipt): Response {
  const data = found.response === null ? 'null' : textOf(found.response);
  return answer(found.status === 'SUCCEEDED' ? 200 : 409, data, textOf(found.body));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

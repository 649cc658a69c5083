import type { IncomingMessage, ServerResponse } from 'node:http';
import { newReceiverMemory, receiveDelivery, type VerifiedDelivery } from './receive-delivery.ts';
import type { ReceiverSecret } from './receiver-secret.ts';

export interface ReceiverPorts {
  /** Null while there is none yet. */
  readonly readSecret: () => Promise<ReceiverSecret | null>;
  readonly nowSeconds: () => number;
  readonly onVerified: (delivery: VerifiedDelivery) => void;
  readonly onRefused: (reason: string) => void;
}

const bodyMaxBytes = 300_000;
const shownDeliveries = 20;

/**
 * A small receiver of webhooks: `POST /hooks` verifies and acknowledges, `GET /` shows the last that were verified and what
 * is missing. For the embedded demo; its memory ends with the process.
 */
export function createReceiver(ports: ReceiverPorts): (request: IncomingMessage, response: ServerResponse) => void {
  const memory = newReceiverMemory();
  const shown: VerifiedDelivery[] = [];
  let verified = 0;

  async function receive(request: IncomingMessage): Promise<{ status: number; reason: string }> {
    const body = await readBody(request);
    if (body === null) return { status: 413, reason: 'too large' };
    const known = await ports.readSecret();
    // Not yet told: the sender comes again.
    if (known === null) return { status: 503, reason: 'no secret yet' };
    const nowSeconds = ports.nowSeconds();
    const reception = receiveDelivery(
      { headers: pairsOf(request.rawHeaders), body, nowSeconds },
      { secret: known.secret, memory },
    );
    if (!reception.ok) return reception;
    verified += 1;
    shown.unshift(reception.delivery);
    shown.length = Math.min(shown.length, shownDeliveries);
    ports.onVerified(reception.delivery);
    return { status: 200, reason: 'ok' };
  }

  async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = await receive(request).catch((error: unknown) => ({
      status: 500,
      reason: error instanceof Error ? error.name : 'failed',
    }));
    if (end.status !== 200) ports.onRefused(end.reason);
    answer(response, end.status, { status: end.status === 500 ? 'failed' : end.reason });
  }

  return (request, response) => {
    const { method, url } = request;
    if (method === 'GET' && url === '/readyz') return answer(response, 200, { status: 'ready' });
    if (method === 'GET' && url === '/') {
      return answer(response, 200, { verified, sequence: memory.sequence, deliveries: shown });
    }
    if (method !== 'POST' || url !== '/hooks') return answer(response, 404, { status: 'not found' });
    void answerTo(request, response);
  };
}

/** The header lines as they came: a merged object would hide that one was there twice. */
function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return pairs;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Without an encoding a request is read as Buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyMaxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(content, null, 2)}\n`);
}

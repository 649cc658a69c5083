import { signOrderMessage } from '../local/order-message.ts';

/** One closed loop: each connection sends its next message when the answer to the last one is complete. */
export interface IngestLoad {
  readonly url: string;
  readonly address: string;
  readonly secret: string;
  readonly sku: string;
  readonly location: string;
  readonly salesChannel: string;
  readonly connections: number;
  readonly milliseconds: number;
  /** Begins the ids of its messages; the same prefix again is the same messages again. */
  readonly prefix: string;
  /** How many different messages there are; more than are sent: each is new. */
  readonly messages: number;
}

export interface IngestLoadResult {
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the answers, by what they say became of the message. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly perSecond: number;
  /** Milliseconds, one for each answer within the time. */
  readonly latencies: Float32Array;
}

// A process of its own, so that signing and sending do not stand in the event loop that is measured.
process.on('message', (load: IngestLoad) => void run(load).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));

async function run(load: IngestLoad): Promise<IngestLoadResult> {
  const statuses = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const latencies: number[] = [];
  const count = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1);
  const { url: ingestUrl, address, secret, sku, location, salesChannel } = load;
  let sent = 0;
  const endsAt = performance.now() + load.milliseconds;

  async function connection(): Promise<void> {
    while (performance.now() < endsAt) {
      const id = `${load.prefix}-${sent % load.messages}`;
      sent += 1;
      const order = { orderId: id, salesChannel, lines: [{ sku, location, quantity: 1 }] };
      // The same time for the same message: its bytes are those of the first delivery.
      const now = new Date(Math.floor(Date.now() / 60_000) * 60_000);
      const { url, headers, body } = signOrderMessage({ order, ingestUrl, address, secret, messageId: id, now });
      const startedAt = performance.now();
      const response = await fetch(url, { method: 'POST', headers, body });
      const answer = (await response.json()) as { status?: unknown; code?: unknown };
      const at = performance.now();
      count(statuses, String(response.status));
      count(outcomes, String(response.ok ? answer.status : answer.code));
      if (at <= endsAt) latencies.push(at - startedAt);
    }
  }

  await Promise.all(Array.from({ length: load.connections }, connection));
  return {
    statuses: Object.fromEntries(statuses),
    outcomes: Object.fromEntries(outcomes),
    perSecond: latencies.length / (load.milliseconds / 1000),
    latencies: Float32Array.from(latencies),
  };
}

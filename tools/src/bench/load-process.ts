import { loadConnection } from './load-connection.ts';
import type { LoadMessage, LoadResult, LoadRun, LoadSetup } from './load-protocol.ts';
import { requestWriter } from './request-writer.ts';

// The load generator: a process of its own, so that its work does not stand in the event loop that is measured.
let setup: LoadSetup | null = null;
let runs = 0;

process.on('message', (message: LoadMessage) => {
  if (message.kind === 'setup') {
    setup = message;
    return;
  }
  if (setup === null) throw new Error('a run before the setup');
  runs += 1;
  void run(message, setup).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

async function run(order: LoadRun, pieces: LoadSetup): Promise<LoadResult> {
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const bodies: string[] = [];
  let unexpected: string | null = null;
  let sent = 0;
  const endsAt = performance.now() + order.milliseconds;
  const mayStart = (): boolean => {
    if (sent >= (order.requestsMax ?? Number.POSITIVE_INFINITY) || performance.now() >= endsAt) return false;
    sent += 1;
    return true;
  };
  const ended = await Promise.allSettled(
    Array.from({ length: order.connections }, (_, connection) =>
      loadConnection({
        port: order.port,
        write: requestWriter({ pieces, order, connection, run: runs }),
        mayStart,
        onAnswer: ({ status, milliseconds, at, isFirst, body }) => {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (isFirst) bodies.push(body());
          if (status !== 200 && status !== 409) unexpected ??= body();
          if (at <= endsAt) latencies.push(milliseconds);
        },
      }),
    ),
  );
  const failed = ended.find((end) => end.status === 'rejected');
  return {
    kind: 'result',
    statuses: Object.fromEntries(statuses),
    perSecond: latencies.length / (order.milliseconds / 1000),
    latencies: Float32Array.from(latencies),
    bodies,
    unexpected,
    failure: failed ? String(failed.reason) : null,
  };
}

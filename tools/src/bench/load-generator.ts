import { join } from 'node:path';
import type { LoadMessage, LoadResult, LoadRun, LoadSetup } from './load-protocol.ts';

export interface LoadGenerator {
  readonly processId: number;
  /** Runs one closed loop. Throws when a connection broke: such a run measures nothing. */
  run(order: Omit<LoadRun, 'kind'>): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Starts the load generator's process. */
export function startLoadGenerator(setup: Omit<LoadSetup, 'kind'>): LoadGenerator {
  let waiting: ((result: LoadResult) => void) | null = null;
  let failed: ((error: Error) => void) | null = null;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'load-process.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (message: LoadResult) => waiting?.(message),
    onExit: () => failed?.(new Error('the load generator ended')),
  });
  const send = (message: LoadMessage): void => child.send(message);
  send({ kind: 'setup', ...setup });
  return {
    processId: child.pid,
    run: async (order) => {
      const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
      waiting = resolve;
      failed = reject;
      send({ kind: 'run', ...order });
      const result = await promise;
      if (result.failure !== null) throw new Error(`port ${order.port}: ${result.failure}`);
      return result;
    },
    stop: async () => {
      failed = null;
      child.disconnect();
      await child.exited;
    },
  };
}

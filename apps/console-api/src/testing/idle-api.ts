import { type Executor, type Registry, registry as wholeRegistry } from '@karmanflow/commands';
import { createReceiptSigner } from '@karmanflow/receipts';
import { createLogger, createMetrics, startTelemetry } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { openDatabase } from '@karmanflow/schema';
import { type ConsoleApi, createConsoleApi } from '../create-console-api.ts';

/** The API over a database that nobody listens at: for what it answers without asking one. */
export async function createIdleApi(registry: Registry = wholeRegistry): Promise<ConsoleApi> {
  const nowhere = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/nothing', applicationName: 'nothing' });
  const executor: Executor = {
    execute: () => Promise.reject(new Error('nothing is executed here')),
    load: () => ({ waiting: 0, running: 0, transactions: 0 }),
    drain: () => Promise.resolve({ finished: true }),
  };
  const { tracer } = await startTelemetry({ serviceName: 'console-api', endpoint: null });
  return createConsoleApi({
    registry,
    executor,
    database: nowhere,
    readDatabase: nowhere,
    keySet: { keys: [] },
    signer: createReceiptSigner({ privateKey: new Uint8Array(32) }),
    tracer,
    logger: createLogger({ app: 'console-api', level: 'silent', destination: captureLog().destination }),
    metrics: createMetrics({ app: 'console-api' }),
    profile: 'production',
    publicUrl: 'https://api.example.com',
  });
}

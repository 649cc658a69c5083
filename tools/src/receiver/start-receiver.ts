import { createServer, type Server } from 'node:http';
import {
  createMetrics,
  type Logger,
  openSecretStore,
  readSecretText,
  type RunningProcess,
  SecretUnavailable,
  serveMetrics,
  stopInOrder,
} from '@karmanflow/runtime';
import { createReceiver } from './create-receiver.ts';
import type { ReceiverConfiguration } from './receiver-configuration.ts';
import { parseReceiverSecret, type ReceiverSecret } from './receiver-secret.ts';

const hostname = '127.0.0.1';
const drainMilliseconds = 2_000;

/** Starts the demo's receiver on this machine's own address. Each delivery that verifies is a line of its log. */
export async function startReceiver(configuration: ReceiverConfiguration, logger: Logger): Promise<RunningProcess> {
  // Not kept: the secret comes after the process, and may be another one later.
  const store = openSecretStore(configuration.KF_SECRETS, { ttlMilliseconds: 0 });
  const readSecret = async (): Promise<ReceiverSecret | null> => {
    try {
      return parseReceiverSecret(await readSecretText(store, configuration.KF_RECEIVER_SECRET_REF));
    } catch (error) {
      if (error instanceof SecretUnavailable && error.code === 'not_found') return null;
      throw error;
    }
  };
  const metrics = createMetrics({ app: 'receiver' });
  const received = metrics.counter({
    name: 'kf_receiver_deliveries_total',
    help: 'Webhooks that arrived, by whether they verified.',
    labels: { outcome: ['verified', 'refused'] },
  });
  const receiver = createReceiver({
    readSecret,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    onVerified: (delivery) => {
      received.increment({ outcome: 'verified' });
      logger.info({ ...delivery }, 'a webhook was verified');
    },
    onRefused: (reason) => {
      received.increment({ outcome: 'refused' });
      logger.warn({ reason }, 'a webhook was refused');
    },
  });
  const metricsServer = serveMetrics({ port: configuration.KF_METRICS_PORT, hostname, metrics, logger });
  const server = createServer(receiver);
  await listen(server, configuration.KF_PORT);
  logger.info({ port: configuration.KF_PORT }, 'serving');
  const steps = [
    { name: 'requests', stop: () => closed(server), deadlineMilliseconds: drainMilliseconds },
    { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds: 200 },
  ];
  return { stop: () => stopInOrder(steps, logger) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => resolve());
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

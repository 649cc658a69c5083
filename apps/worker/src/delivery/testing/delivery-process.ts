import { randomBytes } from 'node:crypto';
import { createLogger, createMetrics } from '@karmanflow/runtime';
import { openDatabase } from '@karmanflow/schema';
import { createDispatcher } from '../create-dispatcher.ts';
import { createDeliveryMetrics } from '../delivery-metrics.ts';
import { openNetwork } from '../open-network.ts';
import { workerDeliveryLimits } from '../worker-delivery-limits.ts';

/** A process that delivers and nothing else, to be killed by a test. Its leases carry its tag, so that they can be told. */
const [url = '', tag = '', secret = ''] = process.argv.slice(2);
const logger = createLogger({ app: 'delivery', level: 'error' });
const database = openDatabase({
  url,
  applicationName: `kf-test-delivery-${tag}`,
  connectionsMax: workerDeliveryLimits.connections,
});
const dispatcher = createDispatcher({
  database,
  logger,
  metrics: createDeliveryMetrics(createMetrics({ app: 'delivery' }), () => dispatcher.inFlight()),
  teller: { tell: () => undefined, idle: async () => undefined },
  attempts: {
    master: Buffer.from(secret, 'base64'),
    policy: { localTargets: true, ports: 'high' },
    network: openNetwork(),
    egressProxy: null,
    randomBytes,
    random: Math.random,
  },
  uuidSource: () => {
    const uuid = Bun.randomUUIDv7();
    return `${uuid.slice(0, 14)}${tag}${uuid.slice(18)}`;
  },
});
process.stdout.write('delivering\n');
for (;;) {
  await dispatcher.poll().catch((error: unknown) => logger.error({ err: error }, 'no look'));
  await Bun.sleep(20);
}

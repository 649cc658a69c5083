import { createLogger, readConfiguration, runProcess } from '@karmanflow/runtime';
import { receiverConfigurationShape } from './receiver-configuration.ts';
import { startReceiver } from './start-receiver.ts';

// Usage: started by `bun run up`. Receives the webhooks of the demo, verifies them and prints what it verified.

const app = 'receiver';
const read = readConfiguration(receiverConfigurationShape, process.env);
if (!read.ok) {
  createLogger({ app, level: 'info' }).fatal({ problems: read.problems }, 'the configuration is wrong');
  process.exit(1);
}
const { configuration } = read;
const logger = createLogger({ app, level: configuration.KF_LOG_LEVEL });
await runProcess({ name: app, logger, start: () => startReceiver(configuration, logger) });

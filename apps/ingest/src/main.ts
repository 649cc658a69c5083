import { createLogger, readConfiguration, runProcess } from '@karmanflow/runtime';
import { configurationShape } from './configuration.ts';
import { startIngest } from './start-ingest.ts';

const app = 'ingest';
const read = readConfiguration(configurationShape, process.env);
if (!read.ok) {
  createLogger({ app, level: 'info' }).fatal({ problems: read.problems }, 'the configuration is wrong');
  process.exit(1);
}
const { configuration, unread } = read;
const logger = createLogger({ app, level: configuration.KF_LOG_LEVEL });
// Processes that are started together are often given the variables of all of them.
if (unread.length > 0) logger.info({ unread }, 'variables are set that this process does not read');

await runProcess({ name: app, logger, start: () => startIngest(configuration, logger) });
